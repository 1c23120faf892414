"""Episodes of a block: observe, act, swim and score, without leaving compiled code."""

from cpython.pycapsule cimport PyCapsule_New
from libc.math cimport cos, fabs, sin
from libc.string cimport memcpy, memset

from conncore._block cimport LANES, PARTS, in_t, out_t, wide
from conncore._episode cimport EpisodeArgs, Scoring

cdef enum:
    N_ROOT = 3  # x, y and the heading come before the joints

cdef double TOO_LARGE = 1e10  # MuJoCo's mjMAXVAL: a state beyond it has diverged


cdef void read_state(
    int n_links,
    in_t offsets,   # IN
    in_t body,      # IN
    out_t state,    # OUT
) noexcept nogil:
    """Compute qpos and qvel, whose joint angles are relative to the link in front, from `body`."""
    cdef int i, k, lane
    cdef int size = n_links + 2
    cdef int row
    for i in range(2):
        row = i * size * LANES
        for k in range(N_ROOT * LANES):
            state[row + k] = body[row + k]
        for k in range(N_ROOT, size):
            for lane in range(LANES):
                state[row + k * LANES + lane] = (
                    body[row + k * LANES + lane] - body[row + (k - 1) * LANES + lane]
                )
    for k in range(n_links):
        for lane in range(LANES):
            state[(k + 2) * LANES + lane] -= offsets[k]


cdef void check_lanes(
    int n_values,
    in_t values,    # IN
    out_t failed,   # IN/OUT
) noexcept nogil:
    """Mark the lanes with a value that is not finite, or too large to continue from."""
    cdef int i, lane
    for i in range(n_values):
        for lane in range(LANES):
            failed[lane] = failed[lane] if fabs(values[i * LANES + lane]) < TOO_LARGE else 1.0


cdef void hold_failed(
    int n_values,
    in_t failed,    # IN
    in_t before,    # IN
    out_t values,   # IN/OUT
) noexcept nogil:
    """Put the failed lanes back to their values before the step, where they stay."""
    cdef int i, lane
    for i in range(n_values):
        for lane in range(LANES):
            values[i * LANES + lane] = (
                before[i * LANES + lane] if failed[lane] > 0.0 else values[i * LANES + lane]
            )


cdef void set_torques(
    const EpisodeArgs* args,    # IN
    in_t actions,               # IN
    out_t torques,              # OUT
) noexcept nogil:
    cdef int a, lane, link
    cdef double control, torque
    memset(torques, 0, args.chain.n_links * LANES * sizeof(double))
    for a in range(args.n_actions):
        link = args.motors[a].link
        for lane in range(LANES):
            control = actions[a * LANES + lane]
            control = control if control > args.motors[a].lower else args.motors[a].lower
            control = control if control < args.motors[a].upper else args.motors[a].upper
            torque = args.motors[a].gear * control
            torques[link * LANES + lane] += torque
            torques[(link - 1) * LANES + lane] -= torque


cdef void control_step(
    const EpisodeArgs* args,    # IN/OUT: body, state, torques and failed of the block
    Py_ssize_t block,
) noexcept nogil:
    """Advance the block's bodies by one control step with its actions, and update its state."""
    cdef int n_links = args.chain.n_links
    cdef int n_values = 2 * (n_links + 2)
    cdef double* body = args.body + block * n_values * LANES
    cdef double* before = args.body_before + block * n_values * LANES
    cdef double* torques = args.torques + block * n_links * LANES
    cdef double* actions = args.actions + block * args.n_actions * LANES
    cdef double* failed = args.failed + block * LANES
    cdef int part
    check_lanes(args.n_actions, actions, failed)
    set_torques(args, actions, torques)
    memcpy(before, body, n_values * LANES * sizeof(double))
    for part in range(PARTS):
        args.swim(&args.chain, <wide*> body + part, <const wide*> torques + part,
                  args.n_substeps, <wide*> (args.work + block * args.n_work * LANES))
    check_lanes(n_values, body, failed)
    hold_failed(n_values, failed, before, body)
    read_state(n_links, args.offsets, body, args.state + block * n_values * LANES)


cdef void observe(
    const Scoring* scoring,     # IN
    in_t state,                 # IN
    out_t obs,                  # OUT
) noexcept nogil:
    cdef int i, lane
    for i in range(scoring.n_obs):
        for lane in range(LANES):
            obs[i * LANES + lane] = (
                state[scoring.obs_index[i] * LANES + lane] / scoring.obs_divisor[i]
            )


cdef void round_lanes(
    int n_values,
    double* values,     # IN/OUT
) noexcept nogil:
    cdef int i
    for i in range(n_values * LANES):
        values[i] = <float> values[i]


cdef void earn_progress(
    const EpisodeArgs* args,    # IN
    in_t before,                # IN
    in_t state,                 # IN
    in_t actions,               # IN
    out_t fitness,              # IN/OUT
) noexcept nogil:
    """Add the x velocity of the root minus the control cost, which is float32 as in Gymnasium."""
    cdef int a, lane
    cdef float squares, action
    for lane in range(LANES):
        squares = 0.0
        for a in range(args.n_actions):
            action = <float> actions[a * LANES + lane]
            squares = squares + action * action
        fitness[lane] += (
            (state[lane] - before[lane]) / args.scoring.control_step
            - <double> (args.scoring.control_cost * squares)
        )


cdef void earn_head_speed(
    const EpisodeArgs* args,    # IN
    in_t state,                 # IN
    out_t fitness,              # IN/OUT
) noexcept nogil:
    """Add the head's speed along its -y axis, divided by the full speed and clipped to [0, 1]."""
    cdef int lane
    cdef const double* velocity = state + (args.chain.n_links + 2) * LANES
    cdef double heading, reward
    for lane in range(LANES):
        heading = state[2 * LANES + lane]
        reward = sin(heading) * velocity[lane] - cos(heading) * velocity[LANES + lane]
        reward = reward / args.scoring.full_speed
        reward = reward if reward > 0.0 else 0.0
        fitness[lane] += reward if reward < 1.0 else 1.0


cdef void step_block(void* pointer, Py_ssize_t block) noexcept nogil:
    """One control step with the block's actions."""
    control_step(<const EpisodeArgs*> pointer, block)


cdef void reset_block(void* pointer, Py_ssize_t block) noexcept nogil:
    """Compute the state of the bodies that were set; mark lanes whose values are not usable."""
    cdef const EpisodeArgs* args = <const EpisodeArgs*> pointer
    cdef Py_ssize_t n_values = 2 * (args.chain.n_links + 2) * LANES
    memset(args.failed + block * LANES, 0, LANES * sizeof(double))
    check_lanes(n_values // LANES, args.body + block * n_values, args.failed + block * LANES)
    read_state(args.chain.n_links, args.offsets, args.body + block * n_values,
               args.state + block * n_values)


cdef void run_block(void* pointer, Py_ssize_t block) noexcept nogil:
    """Run an episode from the block's present state, and add up its fitness."""
    cdef const EpisodeArgs* args = <const EpisodeArgs*> pointer
    cdef const Scoring* scoring = &args.scoring
    cdef Py_ssize_t n_values = 2 * (args.chain.n_links + 2) * LANES
    cdef Py_ssize_t n_actions = args.n_actions * LANES
    cdef double* state = args.state + block * n_values
    cdef double* obs = args.obs + block * scoring.n_obs * LANES
    cdef double* actions = args.actions + block * n_actions
    cdef double* fitness = args.fitness + block * LANES
    cdef Py_ssize_t t
    memset(fitness, 0, LANES * sizeof(double))
    for t in range(args.n_steps):
        if args.script != NULL:
            memcpy(actions, args.script + (block * args.n_steps + t) * n_actions,
                   n_actions * sizeof(double))
        else:
            observe(scoring, state, obs)
            args.network_step(args.network, block, obs, actions)
        if scoring.round_actions:
            round_lanes(args.n_actions, actions)
        control_step(args, block)
        if scoring.full_speed > 0.0:
            earn_head_speed(args, state, fitness)
        else:
            earn_progress(args, args.body_before + block * n_values, state, actions, fitness)


STEP = PyCapsule_New(<void*> step_block, "conncore.block_fn", NULL)
RESET = PyCapsule_New(<void*> reset_block, "conncore.block_fn", NULL)
RUN = PyCapsule_New(<void*> run_block, "conncore.block_fn", NULL)
