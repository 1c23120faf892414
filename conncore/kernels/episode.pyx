"""Episodes of a block: observe, act, move and score, without leaving compiled code."""

from cpython.pycapsule cimport PyCapsule_New
from libc.math cimport INFINITY, cos, fabs, sin
from libc.string cimport memcpy, memset

from conncore._block cimport LANES, PARTS, in_t, out_t, wide
from conncore._episode cimport EpisodeArgs, Scoring
from conncore._network cimport NetworkArgs

cdef enum:
    N_ROOT = 3  # x, y and the heading come before the joints

cdef double JUST_ENDED = 2.0  # in `ended`, from the step that ends an episode to end_lanes
cdef double TOO_LARGE = 1e10  # MuJoCo's mjMAXVAL: a state beyond it has diverged


cdef void read_state(
    const EpisodeArgs* args,    # IN
    in_t body,                  # IN
    out_t state,                # OUT
) noexcept nogil:
    """Compute qpos and qvel, whose joint angles are relative to the link in front, from `body`."""
    cdef int i, k, lane, front
    cdef int size = args.n_links + 2
    cdef int row
    for i in range(2):
        row = i * size * LANES
        for k in range(N_ROOT * LANES):
            state[row + k] = body[row + k]
        for k in range(N_ROOT, size):
            front = row + (args.parents[k - 2] + 2) * LANES
            for lane in range(LANES):
                state[row + k * LANES + lane] = (
                    body[row + k * LANES + lane] - body[front + lane]
                )
    for k in range(args.n_links):
        for lane in range(LANES):
            state[(k + 2) * LANES + lane] -= args.offsets[k]
    for k in range(args.n_links):
        if args.signs[k] < 0.0:
            for i in range(2):
                for lane in range(LANES):
                    row = (i * size + k + 2) * LANES + lane
                    state[row] = -state[row]


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


cdef void check_finite(
    Py_ssize_t n_values,
    in_t values,    # IN
    out_t bad,      # IN/OUT
) noexcept nogil:
    cdef Py_ssize_t i
    cdef int lane
    for i in range(n_values):
        for lane in range(LANES):
            bad[lane] = bad[lane] if fabs(values[i * LANES + lane]) < INFINITY else 1.0


cdef void hold_lanes(
    int n_values,
    in_t held,      # IN
    in_t before,    # IN
    out_t values,   # IN/OUT
) noexcept nogil:
    """Put the lanes that are held back to their values before the step, where they stay."""
    cdef int i, lane
    for i in range(n_values):
        for lane in range(LANES):
            values[i * LANES + lane] = (
                before[i * LANES + lane] if held[lane] > 0.0 else values[i * LANES + lane]
            )


cdef void set_torques(
    const EpisodeArgs* args,    # IN
    in_t actions,               # IN
    out_t torques,              # OUT
) noexcept nogil:
    cdef int a, lane, link, front
    cdef double control, torque
    memset(torques, 0, args.n_links * LANES * sizeof(double))
    for a in range(args.n_actions):
        link = args.motors[a].link
        front = args.parents[link]
        for lane in range(LANES):
            control = actions[a * LANES + lane]
            control = control if control > args.motors[a].lower else args.motors[a].lower
            control = control if control < args.motors[a].upper else args.motors[a].upper
            torque = args.motors[a].gear * control
            torques[link * LANES + lane] += torque
            torques[front * LANES + lane] -= torque


cdef void control_step(
    const EpisodeArgs* args,    # IN/OUT: body, state, torques and failed of the block
    Py_ssize_t block,
) noexcept nogil:
    """Advance the block's bodies by one control step with its actions, and update its state."""
    cdef int n_values = 2 * (args.n_links + 2)
    cdef double* body = args.body + block * args.n_body * LANES
    cdef double* before = args.body_before + block * args.n_body * LANES
    cdef double* torques = args.torques + block * args.n_links * LANES
    cdef double* actions = args.actions + block * args.n_actions * LANES
    cdef double* failed = args.failed + block * LANES
    cdef int part, lane
    check_lanes(args.n_actions, actions, failed)
    set_torques(args, actions, torques)
    memcpy(before, body, args.n_body * LANES * sizeof(double))
    for part in range(PARTS):
        args.advance(args.model, <wide*> body + part, <const wide*> torques + part,
                     args.n_substeps, <wide*> (args.work + block * args.n_work * LANES))
    check_lanes(n_values, body, failed)
    hold_lanes(args.n_body, failed, before, body)
    if args.scoring.ends:
        hold_lanes(args.n_body, args.ended + block * LANES, before, body)
        for lane in range(LANES):  # what a body does after its end is no failure
            failed[lane] = failed[lane] if args.ended[block * LANES + lane] == 0.0 else 0.0
    read_state(args, body, args.state + block * n_values * LANES)


cdef void observe(
    const Scoring* scoring,     # IN
    in_t state,                 # IN
    out_t obs,                  # OUT
) noexcept nogil:
    cdef int i, lane
    cdef double value, limit
    for i in range(scoring.n_obs):
        limit = scoring.obs_limit[i]
        for lane in range(LANES):
            value = state[scoring.obs_index[i] * LANES + lane] / scoring.obs_divisor[i]
            value = limit if value > limit else value
            obs[i * LANES + lane] = -limit if value < -limit else value


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
    out_t ended,                # IN/OUT
    out_t fitness,              # IN/OUT
) noexcept nogil:
    """Add the x velocity of the root minus the control cost, which is float32 as in Gymnasium.

    A healthy member also earns for that; one that is not has ended with this step.
    """
    cdef int a, k, lane
    cdef int n_values = 2 * (args.n_links + 2) if args.scoring.widest < INFINITY else 0
    cdef float squares, action
    cdef double reward, z, angle
    cdef bint healthy = True
    for lane in range(LANES):
        squares = 0.0
        for a in range(args.n_actions):
            action = <float> actions[a * LANES + lane]
            squares = squares + action * action
        reward = (state[lane] - before[lane]) / args.scoring.control_step
        if args.scoring.ends:
            z = state[LANES + lane]
            angle = state[2 * LANES + lane]
            healthy = (args.scoring.lowest < z and z < args.scoring.highest
                       and fabs(angle) < args.scoring.steepest)
            for k in range(2, n_values):
                healthy = healthy and fabs(state[k * LANES + lane]) < args.scoring.widest
            reward += args.scoring.healthy_reward if healthy else 0.0
        reward -= <double> (args.scoring.control_cost * squares)
        fitness[lane] += reward if ended[lane] == 0.0 else 0.0
        if not healthy and ended[lane] == 0.0:
            ended[lane] = JUST_ENDED


cdef void earn_head_speed(
    const EpisodeArgs* args,    # IN
    in_t state,                 # IN
    out_t fitness,              # IN/OUT
) noexcept nogil:
    """Add the head's speed along its -y axis, divided by the full speed and clipped to [0, 1]."""
    cdef int lane
    cdef const double* velocity = state + (args.n_links + 2) * LANES
    cdef double heading, reward
    for lane in range(LANES):
        heading = state[2 * LANES + lane]
        reward = sin(heading) * velocity[lane] - cos(heading) * velocity[LANES + lane]
        reward = reward / args.scoring.full_speed
        reward = reward if reward > 0.0 else 0.0
        fitness[lane] += reward if reward < 1.0 else 1.0


cdef void end_lanes(
    const NetworkArgs* network,     # IN: NULL if actions come from a script
    Py_ssize_t block,
    out_t ended,                    # IN/OUT
    out_t fitness,                  # IN/OUT
) noexcept nogil:
    """Score the lanes that just ended: -inf where the network is not finite at this moment."""
    cdef double bad[LANES]
    cdef Py_ssize_t n_state, n_outputs, n_neurons
    cdef int lane
    memset(bad, 0, sizeof(bad))
    if network != NULL:
        n_neurons = network.n_neurons
        n_state, n_outputs = network.n_state * n_neurons, network.n_outputs
        check_finite(n_state, network.state + block * n_state * LANES, bad)
        check_finite(n_outputs, network.y + block * n_outputs * LANES, bad)
        if network.z != NULL:
            check_finite(network.delay * n_neurons,
                         network.z + block * network.delay * n_neurons * LANES, bad)
    for lane in range(LANES):
        if ended[lane] == JUST_ENDED:
            fitness[lane] = -INFINITY if bad[lane] > 0.0 else fitness[lane]
            ended[lane] = 1.0


cdef bint any_is(in_t values, double value) noexcept nogil:
    cdef int lane
    for lane in range(LANES):
        if values[lane] == value:
            return True
    return False


cdef void step_block(void* pointer, Py_ssize_t block) noexcept nogil:
    """One control step with the block's actions."""
    control_step(<const EpisodeArgs*> pointer, block)


cdef void reset_block(void* pointer, Py_ssize_t block) noexcept nogil:
    """Compute the state of the bodies that were set; mark lanes whose values are not usable.

    Lanes that are not fresh keep what they have.
    """
    cdef const EpisodeArgs* args = <const EpisodeArgs*> pointer
    cdef int n_values = 2 * (args.n_links + 2)
    cdef double* body = args.body + block * args.n_body * LANES
    cdef const double* fresh = args.fresh + block * LANES
    cdef int i, lane
    for lane in range(LANES):
        if fresh[lane] > 0.0:
            args.failed[block * LANES + lane] = args.ended[block * LANES + lane] = 0.0
    for i in range(n_values, args.n_body):
        for lane in range(LANES):
            body[i * LANES + lane] = 0.0 if fresh[lane] > 0.0 else body[i * LANES + lane]
    check_lanes(n_values, body, args.failed + block * LANES)
    read_state(args, body, args.state + block * n_values * LANES)


cdef void run_block(void* pointer, Py_ssize_t block) noexcept nogil:
    """Run an episode from the block's present state, and add up its fitness."""
    cdef const EpisodeArgs* args = <const EpisodeArgs*> pointer
    cdef const Scoring* scoring = &args.scoring
    cdef Py_ssize_t n_values = 2 * (args.n_links + 2) * LANES
    cdef Py_ssize_t n_actions = args.n_actions * LANES
    cdef double* state = args.state + block * n_values
    cdef double* obs = args.obs + block * scoring.n_obs * LANES
    cdef double* actions = args.actions + block * n_actions
    cdef double* fitness = args.fitness + block * LANES
    cdef double* ended = args.ended + block * LANES
    cdef Py_ssize_t t
    memset(fitness, 0, LANES * sizeof(double))
    for t in range(args.n_steps):
        if args.stopped(args.watch):
            return
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
            earn_progress(args, args.body_before + block * args.n_body * LANES, state, actions,
                          ended, fitness)
        if any_is(ended, JUST_ENDED):
            end_lanes(args.network if args.script == NULL else NULL, block, ended, fitness)
            if not any_is(ended, 0.0):
                break


STEP = PyCapsule_New(<void*> step_block, "conncore.block_fn", NULL)
RESET = PyCapsule_New(<void*> reset_block, "conncore.block_fn", NULL)
RUN = PyCapsule_New(<void*> run_block, "conncore.block_fn", NULL)
