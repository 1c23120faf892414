# The contacts and the solver of kernels/planar.pyx, whose head has the method.

from conncore._block cimport any_negative, less, mask, minimum, select, splat, wide
from conncore._bodies cimport Limb, Point, Tree
from conncore._turning cimport impedance

cdef enum:
    TWO_LEGS = 1        # a trunk and two legs of three links: the parents are -1 0 1 2 0 4 5
    ONE_LEG = 2         # a trunk and one leg: the parents are -1 0 1 2
    PER_LINK = 42       # values of a link and of a point, in Room and in `move`
    PER_POINT = 11

# What is known of one vector of lanes within a step; [n_links] each, but for the points.
cdef struct Room:
    wide* c                 # cosines and sines of phi
    wide* s
    wide* rx                # from the joint of the link in front to the link's own
    wide* rz
    wide* z                 # of the joint
    wide* gx                # t(mass times centre of mass)
    wide* gz
    wide* tau               # P: moment and force
    wide* fx
    wide* fz
    wide* side              # limits: 1 below the lower, -1 above the upper
    wide* weight            # D of MuJoCo's solver, 0 where there is no constraint
    wide* target            # the acceleration along `side` that the limit asks for
    mask* pushes
    mask* limits            # where pushes is known from the last step
    wide* alpha             # A
    wide* ax
    wide* az
    wide* old_alpha         # A before a search along a line
    wide* old_ax
    wide* old_az
    wide* i                 # articulated: I = (i, hx, hz; kxx, kxz, kzz), P = (moment, px, pz)
    wide* hx
    wide* hz
    wide* kxx
    wide* kxz
    wide* kzz
    wide* moment
    wide* px
    wide* pz
    wide* inverse
    int n_touching          # points that touch the floor in any lane
    int* touching           # [n_touching]
    # [n_points], the first n_touching in use
    wide* distance          # [n_points] to where the contact begins
    wide* ux                # from the joint of the point's link to the point
    wide* uz
    wide* stiff             # D
    wide* along             # acceleration that the contact asks for, along the floor and up
    wide* up
    # [n_points]
    mask* forward           # rows up + friction along, up - friction along, up: whether they push
    mask* backward
    mask* upward
    mask* touched           # where these three are known from the last step
    long long limited       # bit k: whether any lane is beyond a limit of joint k


cdef inline void lay_out(Room* room, int n, int n_points, wide* links, wide* points) noexcept nogil:
    room.c = links
    room.s = links + n
    room.rx = links + 2 * n
    room.rz = links + 3 * n
    room.z = links + 4 * n
    room.gx = links + 5 * n
    room.gz = links + 6 * n
    room.tau = links + 7 * n
    room.fx = links + 8 * n
    room.fz = links + 9 * n
    room.side = links + 10 * n
    room.weight = links + 11 * n
    room.target = links + 12 * n
    room.pushes = <mask*> (links + 13 * n)
    room.alpha = links + 14 * n
    room.ax = links + 15 * n
    room.az = links + 16 * n
    room.old_alpha = links + 17 * n
    room.old_ax = links + 18 * n
    room.old_az = links + 19 * n
    room.i = links + 20 * n
    room.hx = links + 21 * n
    room.hz = links + 22 * n
    room.kxx = links + 23 * n
    room.kxz = links + 24 * n
    room.kzz = links + 25 * n
    room.moment = links + 26 * n
    room.px = links + 27 * n
    room.pz = links + 28 * n
    room.inverse = links + 29 * n
    room.limits = <mask*> (links + 30 * n)
    room.distance = points
    room.ux = points + n_points
    room.uz = points + 2 * n_points
    room.stiff = points + 3 * n_points
    room.along = points + 4 * n_points
    room.up = points + 5 * n_points
    room.forward = <mask*> (points + 6 * n_points)
    room.backward = <mask*> (points + 7 * n_points)
    room.upward = <mask*> (points + 8 * n_points)
    room.touched = <mask*> (points + 9 * n_points)
    room.touching = <int*> (points + 10 * n_points)


cdef inline int front(int kind, const Tree* tree, int k) noexcept nogil:
    """The link in front of link k; known to the compiler for the kinds that have a name."""
    if kind == TWO_LEGS:
        return 0 if k == 4 else k - 1
    if kind == ONE_LEG:
        return k - 1
    return tree.parents[k]


cdef inline void find_contacts(
    int kind,
    int n,
    const Tree* tree,       # IN
    const wide* v,          # IN
    Room* room,             # IN: c, s, rx, rz, z; OUT: the points
) noexcept nogil:
    """List the points that are in the floor in any lane, with MuJoCo's soft constraints."""
    cdef const Point* point
    cdef const wide* w = v + 2
    cdef wide* vx = room.i      # velocity of the joint
    cdef wide* vz = room.hx
    cdef int i, k, p, m
    cdef wide lowest, depth, strength, ux, uz
    cdef mask touches
    cdef mask none = less(splat(0.0), splat(0.0))
    lowest = splat(0.0)
    room.n_touching = 0
    for i in range(tree.n_points):
        point = &tree.points[i]
        k = tree.point_links[i]
        uz = point.z * room.c[k] - point.x * room.s[k]
        room.distance[i] = (room.z[k] + uz) - (point.floor + point.radius + point.margin)
        lowest = minimum(lowest, room.distance[i])
    if not any_negative(lowest):
        for i in range(tree.n_points):
            room.touched[i] = none
        return
    vx[0] = v[0]
    vz[0] = v[1]
    for k in range(1, n):
        p = front(kind, tree, k)
        vx[k] = vx[p] + w[p] * room.rz[k]
        vz[k] = vz[p] - w[p] * room.rx[k]
    m = 0
    for i in range(tree.n_points):
        if not any_negative(room.distance[i]):
            room.touched[i] = none
            continue
        point = &tree.points[i]
        k = tree.point_links[i]
        touches = less(room.distance[i], splat(0.0))
        depth = select(touches, -room.distance[i], splat(0.0))
        ux = point.x * room.c[k] + point.z * room.s[k]
        uz = (point.z * room.c[k] - point.x * room.s[k]
              - (point.radius - 0.5 * (depth - point.margin)))
        strength = impedance(depth, point.inverse_width, point.midpoint, point.impedance_min,
                             point.impedance_max)
        room.touching[m] = i
        room.ux[m] = ux
        room.uz[m] = uz
        room.stiff[m] = select(
            touches, strength / ((1.0 - strength) * point.inverse_weight), splat(0.0)
        )
        room.along[m] = -point.damping * (vx[k] + w[k] * uz)
        room.up[m] = (point.stiffness * strength * depth
                      - point.damping * (vz[k] - w[k] * ux))
        m += 1
    room.n_touching = m


cdef inline mask find_pushing(
    int kind,
    int n,
    const Tree* tree,       # IN
    bint first,
    Room* room,             # IN: A; IN/OUT: pushes, forward, backward, upward
) noexcept nogil:
    """Find the constraints that push at this acceleration. Returns the lanes that changed.

    If first, those that were there in the last step, too, push as they did.
    """
    cdef int i, k, m, p
    cdef wide along, up
    cdef mask there, known
    cdef mask changed = less(splat(0.0), splat(0.0))
    cdef mask none = changed
    if room.limited:
        for k in range(1, n):
            if not room.limited >> k & 1:
                continue
            p = front(kind, tree, k)
            there = less(splat(0.0), room.weight[k])
            known = none
            if first:
                known = room.limits[k]
                room.limits[k] = there
            changed = changed | update(
                room.side[k] * (room.alpha[k] - room.alpha[p]) - room.target[k],
                there, known, &room.pushes[k],
            )
    for m in range(room.n_touching):
        i = room.touching[m]
        k = tree.point_links[i]
        along = tree.points[i].friction * (
            room.ax[k] + room.alpha[k] * room.uz[m] - room.along[m]
        )
        up = room.az[k] - room.alpha[k] * room.ux[m] - room.up[m]
        there = less(splat(0.0), room.stiff[m])
        known = none
        if first:
            known = room.touched[i]
            room.touched[i] = there
        changed = changed | update(up + along, there, known, &room.forward[i])
        changed = changed | update(up - along, there, known, &room.backward[i])
        changed = changed | update(up, there, known, &room.upward[i])
    return changed


cdef inline mask update(wide excess, mask there, mask known, mask* pushes) noexcept nogil:
    """Push where a constraint is there and its excess is negative; where known, as before."""
    cdef mask before = pushes[0]
    pushes[0] = there & ((known & before) | (less(excess, splat(0.0)) & ~known))
    return before ^ pushes[0]


cdef inline int leafward(int kind, int k) noexcept nogil:
    """The k-th link from the root, in an order in which no link is before the one in front of it.

    The two legs take turns, so that the processor works on both at once.
    """
    if kind == TWO_LEGS:
        return 0 if k == 0 else (k + 1) // 2 + 3 * ((k + 1) % 2)
    return k


cdef inline void add_constraints(
    int kind,
    int n,
    const Tree* tree,       # IN
    bint as_forces,
    Room* room,             # IN/OUT: the articulated values
) noexcept nogil:
    """Add the constraints that push: their stiffness and target, or their forces at A."""
    cdef int i, k, m, p
    cdef double friction
    cdef wide zero = splat(0.0)
    cdef wide force, one, two, three, kxx, kxz, kzz, hx, hz, along, up, px, pz
    if room.limited:
        for k in range(1, n):
            if not room.limited >> k & 1:
                continue
            p = front(kind, tree, k)
            force = room.target[k]
            if as_forces:
                force = force - room.side[k] * (room.alpha[k] - room.alpha[p])
            force = room.side[k] * (select(room.pushes[k], room.weight[k], zero) * force)
            room.moment[k] = room.moment[k] + force
            room.moment[p] = room.moment[p] - force
    for i in range(room.n_touching):
        m = room.touching[i]
        k = tree.point_links[m]
        friction = tree.points[m].friction
        one = select(room.forward[m], room.stiff[i], zero)
        two = select(room.backward[m], room.stiff[i], zero)
        three = select(room.upward[m], room.stiff[i], zero)
        kxx = friction * friction * (one + two)
        kxz = friction * (one - two)
        kzz = one + two + 2.0 * three
        along = room.along[i]
        up = room.up[i]
        if as_forces:
            along = along - (room.ax[k] + room.alpha[k] * room.uz[i])
            up = up - (room.az[k] - room.alpha[k] * room.ux[i])
        px = kxx * along + kxz * up
        pz = kxz * along + kzz * up
        room.px[k] = room.px[k] + px
        room.pz[k] = room.pz[k] + pz
        room.moment[k] = room.moment[k] + (room.uz[i] * px - room.ux[i] * pz)
        if as_forces:
            continue
        hx = kxx * room.uz[i] - kxz * room.ux[i]
        hz = kxz * room.uz[i] - kzz * room.ux[i]
        room.kxx[k] = room.kxx[k] + kxx
        room.kxz[k] = room.kxz[k] + kxz
        room.kzz[k] = room.kzz[k] + kzz
        room.hx[k] = room.hx[k] + hx
        room.hz[k] = room.hz[k] + hz
        room.i[k] = room.i[k] + (room.uz[i] * hx - room.ux[i] * hz)


cdef inline void solve(
    int kind,
    int n,
    const Tree* tree,       # IN
    bint damped,
    Room* room,             # IN; OUT: A, the articulated values
) noexcept nogil:
    """Find A with the constraints that push.

    If damped, the damping acts on A after the step, and constraints act with their force at A.
    """
    cdef const Limb* limb
    cdef int j, k, p
    cdef wide arm, keep, hx, hz, kxx, kxz, kzz, px, pz, moment, tx, tz, inverse
    for k in range(n):
        limb = &tree.limbs[k]
        room.i[k] = splat(limb.inertia)
        room.hx[k] = room.gx[k]
        room.hz[k] = room.gz[k]
        room.kxx[k] = splat(limb.mass)
        room.kxz[k] = splat(0.0)
        room.kzz[k] = splat(limb.mass)
        room.moment[k] = room.tau[k]
        room.px[k] = room.fx[k]
        room.pz[k] = room.fz[k]
    add_constraints(kind, n, tree, damped, room)
    for j in range(n - 1, 0, -1):
        k = leafward(kind, j)
        p = front(kind, tree, k)
        limb = &tree.limbs[k]
        arm = splat(limb.armature)
        if damped:
            arm = splat(limb.armature + tree.timestep * limb.damping)
        elif room.limited >> k & 1:
            arm = arm + select(room.pushes[k], room.weight[k], splat(0.0))
        inverse = splat(1.0) / (room.i[k] + arm)
        room.inverse[k] = inverse
        keep = arm * inverse
        moment = room.moment[k]
        tx = room.hx[k] * inverse
        tz = room.hz[k] * inverse
        px = room.px[k] - tx * moment
        pz = room.pz[k] - tz * moment
        kxx = room.kxx[k] - room.hx[k] * tx
        kxz = room.kxz[k] - room.hx[k] * tz
        kzz = room.kzz[k] - room.hz[k] * tz
        # to the joint of the link in front
        tx = room.rz[k]
        tz = -room.rx[k]
        moment = keep * moment + (tx * px + tz * pz)
        px = room.px[p] + px
        pz = room.pz[p] + pz
        hx = keep * room.hx[k]
        hz = keep * room.hz[k]
        arm = keep * room.i[k] + (tx * hx + tz * hz)
        hx = hx + (kxx * tx + kxz * tz)
        hz = hz + (kxz * tx + kzz * tz)
        room.i[p] = room.i[p] + (arm + (tx * hx + tz * hz))
        room.hx[p] = room.hx[p] + hx
        room.hz[p] = room.hz[p] + hz
        room.kxx[p] = room.kxx[p] + kxx
        room.kxz[p] = room.kxz[p] + kxz
        room.kzz[p] = room.kzz[p] + kzz
        room.moment[p] = room.moment[p] + moment
        room.px[p] = px
        room.pz[p] = pz
    inverse = splat(1.0) / room.i[0]
    tx = room.hx[0] * inverse
    tz = room.hz[0] * inverse
    moment = room.moment[0]
    px = room.px[0] - tx * moment
    pz = room.pz[0] - tz * moment
    kxx = room.kxx[0] - room.hx[0] * tx
    kxz = room.kxz[0] - room.hx[0] * tz
    kzz = room.kzz[0] - room.hz[0] * tz
    room.az[0] = (kxx * pz - kxz * px) / (kxx * kzz - kxz * kxz)
    room.ax[0] = (px - kxz * room.az[0]) * (splat(1.0) / kxx)
    room.alpha[0] = (moment - room.hx[0] * room.ax[0] - room.hz[0] * room.az[0]) * inverse
    for j in range(1, n):
        k = leafward(kind, j)
        p = front(kind, tree, k)
        room.ax[k] = room.ax[p] + room.alpha[p] * room.rz[k]
        room.az[k] = room.az[p] - room.alpha[p] * room.rx[k]
        moment = room.moment[k] - room.i[k] * room.alpha[p]
        moment = moment - room.hx[k] * room.ax[k] - room.hz[k] * room.az[k]
        room.alpha[k] = room.alpha[p] + moment * room.inverse[k]


cdef inline wide between(mask changed, wide t, wide old, wide new) noexcept nogil:
    return select(changed, old + t * (new - old), new)


cdef inline void add_row(
    wide excess, wide growth, wide weight, wide t, wide* slope, wide* curve
) noexcept nogil:
    """Add one constraint to the slope of the cost at t, and to the rise of the slope."""
    cdef mask pushes = less(excess + t * growth, splat(0.0))
    cdef wide rise = select(pushes, weight * growth, splat(0.0))
    slope[0] = slope[0] + rise * (excess + t * growth)
    curve[0] = curve[0] + rise * growth
