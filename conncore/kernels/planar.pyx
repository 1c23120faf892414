"""A planar tree of links on a floor: MuJoCo's physics with soft contacts, many bodies at once.

Angles are absolute: q = (x, z, phi_0 ... phi_{n-1}). phi turns a vector (X, Z) of a link's frame to
(X cos phi + Z sin phi, Z cos phi - X sin phi); d/dphi of a world vector r is t(r) = (r_z, -r_x).

Gauss: the acceleration minimises the sum over links of A' I A / 2 - A' P, plus the cost of soft
constraints. A = (alpha, a_x, a_z) are the angle's acceleration and that of the link's joint. Both
leave out what the velocities alone cause (w^2 r, whose force is in P), as MuJoCo's constraints do.
From the leaves to the root, each link's share is minimised over its joint and handed to the link in
front (Featherstone's articulated bodies). A point that pushes adds its stiffness to its link, and a
limit to its joint, so contacts add little to the cost of a solve.

Links that meet each other are not computed: the kernel marks the lane, and goes on as if they did
not.
"""

from cpython.pycapsule cimport PyCapsule_New
from libc.math cimport NAN

from conncore._block cimport (
    PARTS, absolute, any_lane, any_negative, less, mask, minimum, select, sincos, splat, wide,
)
from conncore._bodies cimport Limb, Tree, advance_t
from conncore._pairs cimport find_meetings
from conncore._trees cimport (
    ONE_LEG, PER_LINK, PER_POINT, TWO_LEGS, Room, add_row, between, find_contacts, find_pushing, front,
    lay_out, solve,
)
from conncore._turning cimport impedance, turn_by

cdef extern from *:
    """
    /* A cdef inline function below is compiled once per constant topology. */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE inline __attribute__((always_inline))
    """

cdef enum:
    MAX_BISECTIONS = 50
    PER_TREE = 14       # values of `move` beside those of links


cdef inline void apply_forces(
    int kind,
    int n,
    const Tree* tree,       # IN
    const wide* q,          # IN
    const wide* v,          # IN
    const wide* torque,     # IN
    Room* room,             # IN: c, s; OUT: rx, rz, z, gx, gz, tau, fx, fz, limits
) noexcept nogil:
    """Place the links, and find the forces on them and the limits that they are beyond."""
    cdef const Limb* limb
    cdef const wide* phi = q + 2
    cdef const wide* w = v + 2
    cdef wide* bx = room.ax     # acceleration of the joint that the velocities alone cause
    cdef wide* bz = room.az
    cdef wide* excess = room.weight
    cdef int k, p
    cdef wide x, z, square, fall, psi, strength, most
    cdef mask none = less(splat(0.0), splat(0.0))
    room.z[0] = q[1] + tree.height
    bx[0] = splat(0.0)
    bz[0] = splat(tree.gravity)
    for k in range(1, n):
        p = front(kind, tree, k)
        limb = &tree.limbs[k]
        x = limb.joint_x * room.c[p] + limb.joint_z * room.s[p]
        z = limb.joint_z * room.c[p] - limb.joint_x * room.s[p]
        square = w[p] * w[p]
        bx[k] = bx[p] + square * x
        bz[k] = bz[p] + square * z
        room.z[k] = room.z[p] + z
        room.rx[k] = x
        room.rz[k] = z
    for k in range(n):
        limb = &tree.limbs[k]
        x = limb.moment_x * room.c[k] + limb.moment_z * room.s[k]
        z = limb.moment_z * room.c[k] - limb.moment_x * room.s[k]
        square = w[k] * w[k]
        room.gx[k] = z
        room.gz[k] = -x
        room.tau[k] = torque[k] + (z * bx[k] - x * bz[k])
        room.fx[k] = square * x + limb.mass * bx[k]
        room.fz[k] = square * z + limb.mass * bz[k]
    most = splat(0.0)
    for k in range(1, n):
        p = front(kind, tree, k)
        limb = &tree.limbs[k]
        psi = phi[k] - phi[p]
        x = limb.stiffness * (limb.rest - psi) - limb.damping * (w[k] - w[p])
        room.tau[k] = room.tau[k] + x
        room.tau[p] = room.tau[p] - x
        excess[k] = limb.half_range - absolute(psi - limb.middle)
        most = minimum(most, excess[k])
    room.limited = 0
    if not any_negative(most):
        for k in range(1, n):
            room.limits[k] = none
        return
    for k in range(1, n):
        if not any_negative(excess[k]):
            room.limits[k] = none
            continue
        p = front(kind, tree, k)
        limb = &tree.limbs[k]
        room.limited |= <long long> 1 << k
        fall = -excess[k]
        room.side[k] = select(less(phi[k] - phi[p], splat(limb.middle)), splat(1.0), splat(-1.0))
        strength = impedance(fall, limb.limit_inverse_width, limb.limit_midpoint,
                             limb.limit_impedance_min, limb.limit_impedance_max)
        x = strength / ((1.0 - strength) * limb.inverse_weight)
        z = (limb.limit_stiffness * strength * fall
             - limb.limit_damping * room.side[k] * (w[k] - w[p]))
        room.weight[k] = select(less(splat(0.0), fall), x, splat(0.0))
        room.target[k] = select(less(splat(0.0), fall), z, splat(0.0))


cdef mask search(
    const Tree* tree,       # IN
    mask changed,
    Room* room,             # IN: A before and after a Newton step; OUT: A in the lanes that changed
) noexcept nogil:
    """Go along the Newton step to the lowest cost; the slope there is a broken line that rises.

    Returns the lanes that changed and are still far from the end of their step.
    """
    cdef const Limb* limb
    cdef int i, k, p, rounds
    cdef wide zero = splat(0.0)
    cdef wide slope, curve, t, low, high, new, da, dx, dz, arm, largest, longest
    cdef wide base = zero       # the slope without constraints, at 0 and its rise
    cdef wide rise = zero
    cdef mask stays
    longest = zero
    largest = splat(1.0)
    for k in range(tree.n_links):
        limb = &tree.limbs[k]
        da = room.alpha[k] - room.old_alpha[k]
        dx = room.ax[k] - room.old_ax[k]
        dz = room.az[k] - room.old_az[k]
        longest = -minimum(minimum(-longest, -absolute(da)), minimum(-absolute(dx), -absolute(dz)))
        largest = -minimum(-largest, minimum(
            -absolute(room.alpha[k]), minimum(-absolute(room.ax[k]), -absolute(room.az[k]))))
        arm = limb.inertia * da + room.gx[k] * dx + room.gz[k] * dz
        base = base + arm * room.old_alpha[k] - da * room.tau[k]
        rise = rise + arm * da
        arm = room.gx[k] * da + limb.mass * dx
        base = base + arm * room.old_ax[k] - dx * room.fx[k]
        rise = rise + arm * dx
        arm = room.gz[k] * da + limb.mass * dz
        base = base + arm * room.old_az[k] - dz * room.fz[k]
        rise = rise + arm * dz
        if k > 0:
            p = tree.parents[k]
            da = da - (room.alpha[p] - room.old_alpha[p])
            base = base + limb.armature * (room.old_alpha[k] - room.old_alpha[p]) * da
            rise = rise + limb.armature * da * da
    t = splat(1.0)
    low = zero
    high = splat(1e30)
    for rounds in range(MAX_BISECTIONS):
        slope = base + rise * t
        curve = rise
        if room.limited:
            for k in range(1, tree.n_links):
                if not room.limited >> k & 1:
                    continue
                p = tree.parents[k]
                da = room.side[k] * (room.old_alpha[k] - room.old_alpha[p])
                dx = room.side[k] * (room.alpha[k] - room.alpha[p]) - da
                add_row(da - room.target[k], dx, room.weight[k], t, &slope, &curve)
        for i in range(room.n_touching):
            k = tree.point_links[room.touching[i]]
            arm = splat(tree.points[room.touching[i]].friction)
            da = room.old_ax[k] + room.old_alpha[k] * room.uz[i]
            dx = arm * (room.ax[k] + room.alpha[k] * room.uz[i] - da)
            da = arm * (da - room.along[i])
            new = room.old_az[k] - room.old_alpha[k] * room.ux[i]
            dz = room.az[k] - room.alpha[k] * room.ux[i] - new
            new = new - room.up[i]
            add_row(new + da, dz + dx, room.stiff[i], t, &slope, &curve)
            add_row(new - da, dz - dx, room.stiff[i], t, &slope, &curve)
            add_row(new, dz, 2.0 * room.stiff[i], t, &slope, &curve)
        low = select(less(slope, zero), t, low)
        high = select(less(slope, zero), high, t)
        new = select(less(zero, curve), t - slope / curve, t)
        stays = less(new, low) | less(high, new)
        t = select(stays, select(less(high, splat(1e29)), 0.5 * (low + high), 2.0 * t), new)
    for k in range(tree.n_links):
        room.alpha[k] = between(changed, t, room.old_alpha[k], room.alpha[k])
        room.ax[k] = between(changed, t, room.old_ax[k], room.ax[k])
        room.az[k] = between(changed, t, room.old_az[k], room.az[k])
    return changed & less(1e-9 * largest, longest)


cdef inline mask constrain(
    int kind,
    int n,
    const Tree* tree,       # IN
    const wide* guess,      # IN: acceleration of x, z and the angles, to start from
    Room* room,             # IN/OUT
) noexcept nogil:
    """Find A and the constraints that push there. Returns the lanes in which none were found.

    The cost is convex, and quadratic where the same constraints push. So if the minimum of that
    quadratic has the same constraints, it is the minimum of the cost.
    """
    cdef int k, p, rounds
    cdef mask changed
    room.ax[0] = guess[0]
    room.az[0] = guess[1]
    room.alpha[0] = guess[2]
    for k in range(1, n):
        p = front(kind, tree, k)
        room.ax[k] = room.ax[p] + room.alpha[p] * room.rz[k]
        room.az[k] = room.az[p] - room.alpha[p] * room.rx[k]
        room.alpha[k] = guess[2 + k]
    changed = find_pushing(kind, n, tree, True, room)
    for rounds in range(tree.max_rounds):
        if rounds >= tree.full_rounds:
            for k in range(n):
                room.old_alpha[k] = room.alpha[k]
                room.old_ax[k] = room.ax[k]
                room.old_az[k] = room.az[k]
        solve(kind, n, tree, False, room)
        changed = find_pushing(kind, n, tree, False, room)
        if not any_lane(changed):
            break
        if rounds >= tree.full_rounds:
            changed = search(tree, changed, room)
            find_pushing(kind, n, tree, False, room)
    return changed


cdef inline void move(
    int kind,
    int n,
    const Tree* tree,       # IN
    wide* state,            # IN/OUT
    const wide* torques,    # IN
    int n_substeps,
    wide* work,             # OUT: scratch of n links
    wide* points,           # OUT: scratch of the points
) noexcept nogil:
    """Advance by n_substeps of MuJoCo's Euler method with implicit damping, or Runge-Kutta."""
    cdef int size = n + 2
    cdef wide* q = work
    cdef wide* v = work + size
    cdef wide* a = work + 2 * size
    cdef wide* q_stage = work + 3 * size
    cdef wide* v_stage = work + 4 * size
    cdef wide* q_sum = work + 5 * size
    cdef wide* v_sum = work + 6 * size
    cdef wide* torque = work + 7 * size
    cdef wide* turned = torque + n
    cdef wide* c = torque + 2 * n
    cdef wide* s = torque + 3 * n
    cdef int i, step, stage
    cdef int n_stages = 4 if tree.runge_kutta else 1
    cdef double h = tree.timestep
    cdef double reach, part
    cdef Room room
    cdef mask unsolved = less(splat(0.0), splat(0.0))
    cdef mask met = unsolved
    lay_out(&room, n, tree.n_points, torque + 4 * n, points)
    for i in range(size):
        q[i] = state[i * PARTS]
        v[i] = state[(size + i) * PARTS]
        a[i] = state[(2 * size + i) * PARTS]
    for i in range(n):
        torque[i] = torques[i * PARTS]
        sincos(q[2 + i], &s[i], &c[i])
        room.limits[i] = unsolved
    for i in range(tree.n_points):
        room.touched[i] = unsolved
    for step in range(n_substeps):
        for i in range(size):
            q_stage[i] = q[i]
            v_stage[i] = v[i]
            q_sum[i] = splat(0.0)
            v_sum[i] = splat(0.0)
        for i in range(n):
            room.c[i] = c[i]
            room.s[i] = s[i]
        for stage in range(n_stages):
            apply_forces(kind, n, tree, q_stage, v_stage, torque, &room)
            if tree.n_pairs > 0:
                met = met | find_meetings(kind, n, tree, &room)
            find_contacts(kind, n, tree, v_stage, &room)
            if room.limited or room.n_touching > 0:
                unsolved = unsolved | constrain(kind, n, tree, a, &room)
            if n_stages == 1 or not (room.limited or room.n_touching > 0):
                solve(kind, n, tree, n_stages == 1, &room)
            a[0] = room.ax[0]
            a[1] = room.az[0]
            for i in range(n):
                a[2 + i] = room.alpha[i]
            if n_stages == 1:
                break
            part = h / 6.0 if stage == 0 or stage == 3 else h / 3.0
            reach = h if stage == 2 else 0.5 * h
            for i in range(size):
                q_sum[i] = q_sum[i] + part * v_stage[i]
                v_sum[i] = v_sum[i] + part * a[i]
            if stage == 3:
                break
            for i in range(size):
                q_stage[i] = q[i] + reach * v_stage[i]
            for i in range(n):
                turned[i] = reach * v_stage[2 + i]
            turn_by(n, turned, q_stage + 2, c, s, room.c, room.s)
            for i in range(size):
                v_stage[i] = v[i] + reach * a[i]
        if n_stages == 1:
            for i in range(size):
                v_sum[i] = h * a[i]
                q_sum[i] = h * (v[i] + v_sum[i])
        for i in range(size):
            q[i] = q[i] + q_sum[i]
            v[i] = v[i] + v_sum[i]
        turn_by(n, q_sum + 2, q + 2, c, s, c, s)
    v[0] = select(unsolved, splat(NAN), v[0])  # the episode reports these lanes
    state[3 * size * PARTS] = select(met, splat(1.0), state[3 * size * PARTS])
    for i in range(size):
        state[i * PARTS] = q[i]
        state[(size + i) * PARTS] = v[i]
        state[(2 * size + i) * PARTS] = a[i]


# `move` with the arguments of advance_t. Where the tree is known to the compiler, its loops are
# unrolled, and `local` takes the place of the caller's scratch.
cdef void move_two_legs(
    const void* tree, wide* state, const wide* torques, int n_substeps, wide* work
) noexcept nogil:
    cdef wide local[PER_TREE + 7 * PER_LINK]
    move(TWO_LEGS, 7, <const Tree*> tree, state, torques, n_substeps, local, work)


cdef void move_one_leg(
    const void* tree, wide* state, const wide* torques, int n_substeps, wide* work
) noexcept nogil:
    cdef wide local[PER_TREE + 4 * PER_LINK]
    move(ONE_LEG, 4, <const Tree*> tree, state, torques, n_substeps, local, work)


cdef void move_any(
    const void* model, wide* state, const wide* torques, int n_substeps, wide* work
) noexcept nogil:
    cdef const Tree* tree = <const Tree*> model
    move(0, tree.n_links, tree, state, torques, n_substeps, work + PER_POINT * tree.n_points, work)


def kernel_for(parents, int n_points):
    """The function that moves this tree, in a capsule; its scratch and its state per lane."""
    cdef int n_links = len(parents)
    cdef Py_ssize_t n_work = PER_TREE + PER_LINK * n_links + PER_POINT * n_points
    cdef advance_t chosen = move_any
    if parents == [-1, 0, 1, 2, 0, 4, 5]:
        chosen = move_two_legs
    elif parents == [-1, 0, 1, 2]:
        chosen = move_one_leg
    return PyCapsule_New(<void*> chosen, "conncore.advance", NULL), n_work, 3 * (n_links + 2) + 1
