"""A planar chain of links in a fluid: MuJoCo's physics, many bodies at once.

Angles are absolute: q = (x, y, phi_0 ... phi_{n-1}), phi_k the direction of link k's axis
e_k = (cos phi_k, sin phi_k), n_k = (-sin phi_k, cos phi_k) across it. With the first moments
c_k = m_k r_k + l_k (mass behind link k) and the total mass M, eliminating the translation leaves

    S[j, k] = (l_j - c_j / M) c_k cos(phi_j - phi_k)   for j < k, plus inertia and armature,

whose coefficients are constants: one symmetric solve of n equations per step.
"""

from cpython.pycapsule cimport PyCapsule_New

from conncore._block cimport (
    PARTS, absolute, any_lane, any_negative, less, mask, minimum, select, sincos, splat, wide,
)
from conncore._bodies cimport Chain, Link, advance_t
from conncore._turning cimport impedance, turn_by

cdef extern from *:
    """
    /* A cdef inline function below is compiled once per constant number of links. */
    #undef CYTHON_INLINE
    #define CYTHON_INLINE inline __attribute__((always_inline))
    """

cdef enum:
    MAX_ROUNDS = 20  # of finding the limits that push; one or two usually suffice


cdef inline bint find_limits(
    int n,
    const Link* links,  # IN
    const wide* phi,    # IN
    const wide* w,      # IN
    wide* side,         # OUT
    wide* weight,       # OUT
    wide* target,       # OUT
) noexcept nogil:
    """MuJoCo's soft constraints of joints beyond a limit. Returns whether any lane has one.

    side: 1 below the lower limit, -1 above the upper one; weight: D of MuJoCo's solver, 0 where
    there is no constraint; target: the acceleration along side that the constraint asks for.
    """
    cdef int k
    cdef const Link* link
    cdef wide theta, above, below, depth, strength, slack
    slack = splat(0.0)
    for k in range(1, n):
        theta = (phi[k] - phi[k - 1]) - links[k].middle
        slack = minimum(slack, links[k].half_range - absolute(theta))
    for k in range(1, n):
        weight[k] = splat(0.0)
        target[k] = splat(0.0)
        side[k] = splat(0.0)
    if not any_negative(slack):
        return False
    for k in range(1, n):
        link = &links[k]
        theta = (phi[k] - phi[k - 1]) - link.offset
        below = link.lower - theta
        above = theta - link.upper
        side[k] = select(less(splat(0.0), below), splat(1.0), splat(-1.0))
        depth = select(less(splat(0.0), below), below, above)
        strength = impedance(depth, link.inverse_width, link.midpoint, link.impedance_min,
                             link.impedance_max)
        weight[k] = select(
            less(splat(0.0), depth),
            strength / ((1.0 - strength) * link.inverse_weight),
            splat(0.0),
        )
        target[k] = link.stiffness * strength * depth - link.damping * side[k] * (w[k] - w[k - 1])
        target[k] = select(less(splat(0.0), depth), target[k], splat(0.0))
    return True


cdef inline void factorise(
    int n,
    const Chain* chain,     # IN
    const wide* c,          # IN
    const wide* s,          # IN
    const wide* weight,     # IN
    wide* matrix,           # OUT
    wide* inverse,          # OUT
) noexcept nogil:
    """S + the limits' weights = L D L^T: L^T above the diagonal of matrix, 1 / D in inverse."""
    cdef int i, j, k
    cdef wide factor
    for k in range(n):
        matrix[k * n + k] = splat(chain.coupling[k * n + k])
        for j in range(k):
            matrix[k * n + j] = chain.coupling[k * n + j] * (c[k] * c[j] + s[k] * s[j])
    for k in range(1, n):
        factor = chain.links[k].armature + weight[k]
        matrix[k * n + k - 1] = matrix[k * n + k - 1] - factor
        matrix[k * n + k] = matrix[k * n + k] + factor
        matrix[(k - 1) * n + k - 1] = matrix[(k - 1) * n + k - 1] + factor
    for k in range(n):
        inverse[k] = splat(1.0) / matrix[k * n + k]
        for i in range(k + 1, n):
            factor = matrix[i * n + k] * inverse[k]
            matrix[k * n + i] = factor
            for j in range(k + 1, i + 1):
                matrix[i * n + j] = matrix[i * n + j] - factor * matrix[j * n + k]


cdef inline void substitute(
    int n,
    const wide* rhs,        # IN
    const wide* force,      # IN
    const wide* matrix,     # IN
    const wide* inverse,    # IN
    wide* solution,         # OUT
) noexcept nogil:
    """Solve for rhs and the limits' forces, which push one link and its neighbour apart."""
    cdef int i, k
    for k in range(n):
        solution[k] = rhs[k]
    for k in range(1, n):
        solution[k] = solution[k] + force[k]
        solution[k - 1] = solution[k - 1] - force[k]
    for k in range(n):
        for i in range(k + 1, n):
            solution[i] = solution[i] - matrix[k * n + i] * solution[k]
    for k in range(n):
        solution[k] = solution[k] * inverse[k]
    for i in range(n - 1, 0, -1):
        for k in range(i):
            solution[k] = solution[k] - matrix[k * n + i] * solution[i]


cdef inline void accelerate(
    int n,
    const Chain* chain,     # IN
    const wide* phi,        # IN
    const wide* c,          # IN
    const wide* s,          # IN
    const wide* v,          # IN
    const wide* torque,     # IN
    wide* acceleration,     # OUT
    wide* work,             # OUT: scratch
) noexcept nogil:
    """The accelerations of the root's x and y and of the n angles; c and s are phi's cosines and
    sines."""
    cdef const Link* links = chain.links
    cdef const wide* w = v + 2
    cdef wide* alpha = acceleration + 2
    cdef wide* fx = work
    cdef wide* fy = work + n
    cdef wide* rhs = work + 2 * n
    cdef wide* inverse = work + 3 * n
    cdef wide* side = work + 4 * n
    cdef wide* weight = work + 5 * n
    cdef wide* target = work + 6 * n
    cdef wide* active = work + 7 * n
    cdef wide* force = work + 8 * n
    cdef wide* matrix = work + 9 * n
    cdef int k, rounds
    cdef bint limited
    cdef wide vx, vy, along, across, square, turn, x, y, total_x, total_y
    cdef mask pushes, changed

    limited = find_limits(n, links, phi, w, side, weight, target)
    for k in range(1, n):
        active[k] = weight[k]
        force[k] = side[k] * (weight[k] * target[k])
    # The forces below do not depend on the factors, so the processor works on both at once.
    factorise(n, chain, c, s, active, matrix, inverse)

    vx = v[0]
    vy = v[1]
    total_x = splat(0.0)
    total_y = splat(0.0)
    for k in range(n):
        along = vx * c[k] + vy * s[k]
        across = vy * c[k] - vx * s[k] + links[k].centre * w[k]
        square = w[k] * w[k]
        # the fluid's force along and across, and the pull of turning about the link's anchor
        along = along * (links[k].drag_along * absolute(along) + links[k].viscous_along)
        along = along + links[k].moment * square
        across = across * (links[k].drag_across * absolute(across) + links[k].viscous_across)
        turn = w[k] * (links[k].drag_turning * absolute(w[k]) + links[k].viscous_turning)
        rhs[k] = torque[k] + turn + links[k].centre * across
        fx[k] = along * c[k] - across * s[k]
        fy[k] = along * s[k] + across * c[k]
        total_x = total_x + fx[k]
        total_y = total_y + fy[k]
        turn = links[k].length * w[k]
        vx = vx - turn * s[k]
        vy = vy + turn * c[k]

    x = -chain.inverse_mass * total_x
    y = -chain.inverse_mass * total_y
    vx = total_x
    vy = total_y
    for k in range(n):
        vx = vx - fx[k]  # from here on, the sum of the forces behind link k
        vy = vy - fy[k]
        along = links[k].length * vx + links[k].moment * x
        across = links[k].length * vy + links[k].moment * y
        rhs[k] = rhs[k] + (across * c[k] - along * s[k])
        turn = links[k].length * (w[k] * w[k])
        x = x + turn * c[k]
        y = y + turn * s[k]

    substitute(n, rhs, force, matrix, inverse, alpha)
    if limited:
        # A limit pushes and never pulls: drop and add limits until no lane changes.
        for rounds in range(MAX_ROUNDS):
            changed = less(splat(0.0), splat(0.0))
            for k in range(1, n):
                pushes = less(side[k] * (alpha[k] - alpha[k - 1]), target[k])
                x = select(pushes, weight[k], splat(0.0))
                changed = changed | (less(x, active[k]) | less(active[k], x))
                active[k] = x
                force[k] = side[k] * (x * target[k])
            if not any_lane(changed):
                break
            factorise(n, chain, c, s, active, matrix, inverse)
            substitute(n, rhs, force, matrix, inverse, alpha)

    for k in range(n):
        turn = links[k].moment * alpha[k]
        total_x = total_x + turn * s[k]
        total_y = total_y - turn * c[k]
    acceleration[0] = chain.inverse_mass * total_x
    acceleration[1] = chain.inverse_mass * total_y


cdef inline void swim(
    int n,
    const Chain* chain,     # IN
    wide* state,            # IN/OUT
    const wide* torques,    # IN
    int n_substeps,
    wide* work,             # OUT: scratch
) noexcept nogil:
    """Advance positions and velocities by n_substeps of MuJoCo's Euler or Runge-Kutta method."""
    cdef int size = n + 2
    cdef wide* q = work
    cdef wide* v = work + size
    cdef wide* q_stage = work + 2 * size
    cdef wide* v_stage = work + 3 * size
    cdef wide* q_sum = work + 4 * size
    cdef wide* v_sum = work + 5 * size
    cdef wide* a = work + 6 * size
    cdef wide* torque = work + 7 * size
    cdef wide* turned = torque + n
    cdef wide* c = torque + 2 * n
    cdef wide* s = torque + 3 * n
    cdef wide* c_stage = torque + 4 * n
    cdef wide* s_stage = torque + 5 * n
    cdef wide* rest = torque + 6 * n
    cdef int i, step, stage
    cdef double h = chain.timestep
    cdef double reach, part
    for i in range(size):
        q[i] = state[i * PARTS]
        v[i] = state[(size + i) * PARTS]
    for i in range(n):
        torque[i] = torques[i * PARTS]
        sincos(q[2 + i], &s[i], &c[i])
    for step in range(n_substeps):
        if not chain.runge_kutta:
            accelerate(n, chain, q + 2, c, s, v, torque, a, rest)
            for i in range(size):
                v[i] = v[i] + h * a[i]
                q[i] = q[i] + h * v[i]
            for i in range(n):
                turned[i] = h * v[2 + i]
            turn_by(n, turned, q + 2, c, s, c, s)
            continue
        for i in range(size):
            q_stage[i] = q[i]
            v_stage[i] = v[i]
            q_sum[i] = splat(0.0)
            v_sum[i] = splat(0.0)
        for i in range(n):
            c_stage[i] = c[i]
            s_stage[i] = s[i]
        for stage in range(4):
            accelerate(n, chain, q_stage + 2, c_stage, s_stage, v_stage, torque, a, rest)
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
            turn_by(n, turned, q_stage + 2, c, s, c_stage, s_stage)
            for i in range(size):
                v_stage[i] = v[i] + reach * a[i]
        for i in range(size):
            q[i] = q[i] + q_sum[i]
            v[i] = v[i] + v_sum[i]
        turn_by(n, q_sum + 2, q + 2, c, s, c, s)
    for i in range(size):
        state[i * PARTS] = q[i]
        state[(size + i) * PARTS] = v[i]


# `swim` with the arguments of advance_t. Where the number of links is known to the compiler, its
# loops are unrolled, and `local` takes the place of the caller's scratch.
cdef void swim_3(
    const void* chain, wide* state, const wide* torques, int n_substeps, wide* work
) noexcept nogil:
    cdef wide local[3 * 3 + 22 * 3 + 14]
    swim(3, <const Chain*> chain, state, torques, n_substeps, local)


cdef void swim_6(
    const void* chain, wide* state, const wide* torques, int n_substeps, wide* work
) noexcept nogil:
    cdef wide local[6 * 6 + 22 * 6 + 14]
    swim(6, <const Chain*> chain, state, torques, n_substeps, local)


cdef void swim_any(
    const void* chain, wide* state, const wide* torques, int n_substeps, wide* work
) noexcept nogil:
    swim((<const Chain*> chain).n_links, <const Chain*> chain, state, torques, n_substeps, work)


cdef advance_t chosen(int n_links) noexcept:
    return swim_3 if n_links == 3 else swim_6 if n_links == 6 else swim_any


def swim_for(int n_links):
    """The function that moves chains of n_links, in a capsule, and its scratch per lane."""
    cdef Py_ssize_t n_work = n_links * n_links + 22 * n_links + 14
    return PyCapsule_New(<void*> chosen(n_links), "conncore.advance", NULL), n_work


def sines_and_cosines(angles):
    """Of a sequence of angles, as the kernel computes them: two lists."""
    cdef wide x, sine, cosine
    pairs = []
    for angle in angles:
        x = splat(angle)
        sincos(x, &sine, &cosine)
        pairs.append(((<double*> &sine)[0], (<double*> &cosine)[0]))
    return list(map(list, zip(*pairs)))
