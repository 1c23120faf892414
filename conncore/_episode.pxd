# Episodes: bodies, the networks that move them, and what the bodies earn. `_swimmers.Swimmers` owns
# them, kernels/episode.pyx runs them.

from conncore._bodies cimport Chain, Motor, swim_t
from conncore._network cimport NetworkArgs, network_step_t

# What a policy sees and what it earns, for a body whose state is qpos, then qvel of MuJoCo.
cdef struct Scoring:
    int n_obs
    const int* obs_index     # into the state
    const double* obs_divisor
    bint round_actions       # to float32
    float control_cost       # times the sum of squared actions, in float32
    double control_step      # seconds
    double full_speed        # 0: earn the root's x velocity; else the head's speed over this

cdef struct EpisodeArgs:
    Chain chain
    swim_t swim
    int n_substeps
    int n_actions
    Py_ssize_t n_steps
    Py_ssize_t n_work
    const double* offsets    # of the n_links angles
    const Motor* motors
    Scoring scoring
    NetworkArgs* network
    network_step_t network_step
    const double* script     # [block][step][action][lane], in place of a network
    # [block][item][lane]
    double* body             # absolute positions and velocities
    double* body_before
    double* state            # qpos, qvel
    double* torques
    double* work
    double* obs
    double* actions
    double* fitness
    double* failed           # 0 or 1
