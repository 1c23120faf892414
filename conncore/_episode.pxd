# Episodes: bodies, the networks that move them, and what the bodies earn. `_episodes.Episodes` owns
# them, kernels/episode.pyx runs them.

from conncore._bodies cimport Motor, advance_t
from conncore._network cimport NetworkArgs, network_step_t

# What a policy sees and what it earns, for a body whose state is qpos, then qvel of MuJoCo.
cdef struct Scoring:
    int n_obs
    const int* obs_index     # into the state
    const double* obs_divisor
    const double* obs_limit  # an observation is clipped to +-this
    bint round_actions       # to float32
    float control_cost       # times the sum of squared actions, in float32
    double control_step      # seconds
    double full_speed        # 0: earn the root's x velocity; else the head's speed over this
    double healthy_reward    # of a step after which the member is healthy
    bint ends                # whether an episode ends where a member is not healthy
    double lowest            # z and angle of a healthy root
    double highest
    double steepest
    double widest            # magnitude of a healthy member's other positions and its velocities

ctypedef bint (*stopped_fn)(void* watch) noexcept nogil

cdef struct EpisodeArgs:
    const void* model        # of the body
    advance_t advance
    int n_links
    int n_body
    int n_substeps
    int n_actions
    Py_ssize_t n_steps
    Py_ssize_t n_work
    const int* parents       # of the n_links angles: the link in front, whose angle is subtracted
    const double* signs      # of the joints: 1, or -1 where MuJoCo's angle has the other sign
    const double* offsets    # of the n_links angles
    const Motor* motors
    Scoring scoring
    NetworkArgs* network
    network_step_t network_step
    const double* script     # [block][step][action][lane], in place of a network
    stopped_fn stopped       # asked before each step whether to end the episode
    void* watch
    # [block][item][lane]
    double* body             # absolute positions and velocities, and what the kernel remembers
    double* body_before
    double* state            # qpos, qvel
    double* torques
    double* work
    double* obs
    double* actions
    double* fitness
    double* fresh            # 0 or 1: to be reset
    double* failed           # 0 or 1
    double* ended            # 0 or 1: not healthy
