# The solver of kernels/planar.pyx, whose head has the method: a tree of links, and the soft
# constraints that push.

from conncore._block cimport absolute, less, mask, select, splat, wide
from conncore._bodies cimport Limb, Tree

cdef enum:
    TWO_LEGS = 1        # a trunk and two legs of three links: the parents are -1 0 1 2 0 4 5
    PER_LINK = 41       # values of a link and of a point, in Room and in `move`
    PER_POINT = 10

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
    wide* distance          # [n_points] to the floor
    wide* ux                # from the joint of the point's link to the point
    wide* uz
    wide* stiff             # D
    wide* along             # acceleration that the contact asks for, along the floor and up
    wide* up
    mask* forward           # rows up + friction along, up - friction along, up: whether they push
    mask* backward
    mask* upward
    bint limited            # whether any lane is beyond a limit


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
    room.distance = points
    room.ux = points + n_points
    room.uz = points + 2 * n_points
    room.stiff = points + 3 * n_points
    room.along = points + 4 * n_points
    room.up = points + 5 * n_points
    room.forward = <mask*> (points + 6 * n_points)
    room.backward = <mask*> (points + 7 * n_points)
    room.upward = <mask*> (points + 8 * n_points)
    room.touching = <int*> (points + 9 * n_points)


cdef inline int front(int kind, const Tree* tree, int k) noexcept nogil:
    """The link in front of link k; known to the compiler for the kinds that have a name."""
    if kind == TWO_LEGS:
        return 0 if k == 4 else k - 1
    return tree.parents[k]


cdef inline mask find_pushing(
    int kind,
    int n,
    const Tree* tree,       # IN
    Room* room,             # IN: A; IN/OUT: pushes, forward, backward, upward
) noexcept nogil:
    """Find the constraints that push at this acceleration. Returns the lanes that changed."""
    cdef int i, k, p
    cdef wide along, up
    cdef mask changed = less(splat(0.0), splat(0.0))
    cdef mask pushes, touches
    if room.limited:
        for k in range(1, n):
            p = front(kind, tree, k)
            pushes = less(room.side[k] * (room.alpha[k] - room.alpha[p]), room.target[k])
            pushes = pushes & less(splat(0.0), room.weight[k])
            changed = changed | (pushes ^ room.pushes[k])
            room.pushes[k] = pushes
    for i in range(room.n_touching):
        k = tree.point_links[room.touching[i]]
        along = tree.points[room.touching[i]].friction * (
            room.ax[k] + room.alpha[k] * room.uz[i] - room.along[i]
        )
        up = room.az[k] - room.alpha[k] * room.ux[i] - room.up[i]
        touches = less(splat(0.0), room.stiff[i])
        pushes = less(up + along, splat(0.0)) & touches
        changed = changed | (pushes ^ room.forward[i])
        room.forward[i] = pushes
        pushes = less(up - along, splat(0.0)) & touches
        changed = changed | (pushes ^ room.backward[i])
        room.backward[i] = pushes
        pushes = less(up, splat(0.0)) & touches
        changed = changed | (pushes ^ room.upward[i])
        room.upward[i] = pushes
    return changed


cdef inline void add_constraints(
    int kind,
    int n,
    const Tree* tree,       # IN
    bint as_forces,
    Room* room,             # IN/OUT: the articulated values
) noexcept nogil:
    """Add the constraints that push: their stiffness and target, or their forces at A."""
    cdef int i, k, p
    cdef double friction
    cdef wide zero = splat(0.0)
    cdef wide force, one, two, three, kxx, kxz, kzz, hx, hz, along, up, px, pz
    if room.limited:
        for k in range(1, n):
            p = front(kind, tree, k)
            force = room.target[k]
            if as_forces:
                force = force - room.side[k] * (room.alpha[k] - room.alpha[p])
            force = room.side[k] * (select(room.pushes[k], room.weight[k], zero) * force)
            room.moment[k] = room.moment[k] + force
            room.moment[p] = room.moment[p] - force
    for i in range(room.n_touching):
        k = tree.point_links[room.touching[i]]
        friction = tree.points[room.touching[i]].friction
        one = select(room.forward[i], room.stiff[i], zero)
        two = select(room.backward[i], room.stiff[i], zero)
        three = select(room.upward[i], room.stiff[i], zero)
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
    cdef int k, p
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
    for k in range(n - 1, 0, -1):
        p = front(kind, tree, k)
        limb = &tree.limbs[k]
        arm = splat(limb.armature)
        if damped:
            arm = splat(limb.armature + tree.timestep * limb.damping)
        elif room.limited:
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
    keep = splat(1.0) / kxx
    tx = kxz * keep
    room.az[0] = (pz - tx * px) / (kzz - tx * kxz)
    room.ax[0] = (px - kxz * room.az[0]) * keep
    room.alpha[0] = (moment - room.hx[0] * room.ax[0] - room.hz[0] * room.az[0]) * inverse
    for k in range(1, n):
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
