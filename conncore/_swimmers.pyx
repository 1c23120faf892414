"""Swimming bodies in lanes: owns the arrays, checks them once, and runs the kernels."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.string cimport memset

import numpy as np

from conncore._block cimport LANES, block_fn
from conncore._bodies cimport Link, Motor, swim_t
from conncore._episode cimport EpisodeArgs
from conncore._network cimport network_step_t
from conncore._parallel cimport for_each_block
from conncore._population cimport Population, pointer

from conncore._population import empty_lanes, from_lanes, to_lanes
from conncore.errors import UsageError

cdef Link blank
memset(&blank, 0, sizeof(Link))
LINK_FIELDS = tuple((<object> blank).keys())
MOTOR = np.dtype([("link", np.intc), ("gear", float), ("lower", float), ("upper", float)],
                 align=True)
assert sizeof(Link) == 8 * len(LINK_FIELDS) and sizeof(Motor) == MOTOR.itemsize


cdef class Swimmers:
    cdef EpisodeArgs args
    cdef readonly object chain
    cdef readonly Py_ssize_t n_members
    cdef readonly Py_ssize_t n_blocks
    cdef readonly int n_threads
    cdef dict _arrays          # what args points into
    cdef object _kernels       # keeps the modules, whose functions args calls, alive
    cdef block_fn _step
    cdef block_fn _reset
    cdef block_fn _run

    def __init__(self, swimmer, episode, chain, Py_ssize_t n_members, int n_substeps,
                 int n_threads):
        for name, value in (
            ("n_members", n_members), ("n_substeps", n_substeps), ("n_threads", n_threads),
        ):
            if value < 1:
                raise UsageError(f"{name} is {value}, must be at least 1")
        self.chain = chain
        self.n_members = n_members
        self.n_blocks = (n_members + LANES - 1) // LANES
        self.n_threads = n_threads
        self._kernels = (swimmer, episode)
        cdef int n_links = chain.n_links
        cdef int n_values = 2 * (n_links + 2)
        swim, n_work = swimmer.swim_for(n_links)

        links = np.empty((n_links, len(LINK_FIELDS)))
        for k, name in enumerate(LINK_FIELDS):
            links[:, k] = chain.links[name]
        self._arrays = arrays = {
            "links": links,
            "coupling": np.ascontiguousarray(chain.coupling),
            "offsets": np.ascontiguousarray(chain.links["offset"]),
            "motors": np.zeros(len(chain.motors["link"]), dtype=MOTOR),
        }
        for name in MOTOR.names:
            arrays["motors"][name] = chain.motors[name]
        for name, size in (
            ("body", n_values),
            ("body_before", n_values),
            ("state", n_values),
            ("torques", n_links),
            ("work", n_work),
            ("actions", len(arrays["motors"])),
            ("fitness", 1),
            ("failed", 1),
        ):
            arrays[name] = empty_lanes(self.n_blocks, size)

        cdef EpisodeArgs* args = &self.args
        args.chain.n_links = n_links
        args.chain.runge_kutta = chain.runge_kutta
        args.chain.timestep = chain.timestep
        args.chain.inverse_mass = chain.inverse_mass
        args.chain.links = <const Link*> pointer(arrays["links"])
        args.chain.coupling = pointer(arrays["coupling"])
        args.swim = <swim_t> PyCapsule_GetPointer(swim, "conncore.swim")
        args.n_substeps = n_substeps
        args.n_actions = len(arrays["motors"])
        args.n_work = n_work
        args.offsets = pointer(arrays["offsets"])
        args.motors = <const Motor*> pointer(arrays["motors"])
        args.body = pointer(arrays["body"])
        args.body_before = pointer(arrays["body_before"])
        args.state = pointer(arrays["state"])
        args.torques = pointer(arrays["torques"])
        args.work = pointer(arrays["work"])
        args.actions = pointer(arrays["actions"])
        args.fitness = pointer(arrays["fitness"])
        args.failed = pointer(arrays["failed"])
        self._step = <block_fn> PyCapsule_GetPointer(episode.STEP, "conncore.block_fn")
        self._reset = <block_fn> PyCapsule_GetPointer(episode.RESET, "conncore.block_fn")
        self._run = <block_fn> PyCapsule_GetPointer(episode.RUN, "conncore.block_fn")

    def reset(self, qpos, qvel):
        size = self.args.chain.n_links + 2
        shape = (self.n_members, size)
        if np.shape(qpos) != shape or np.shape(qvel) != shape:
            raise UsageError(
                f"qpos and qvel have shapes {np.shape(qpos)} and {np.shape(qvel)}, need {shape}"
            )
        body = np.concatenate([qpos, qvel], axis=1).astype(np.float64)
        body[:, 2:size] += self._arrays["offsets"]
        for joints in (slice(2, size), slice(size + 2, 2 * size)):
            np.cumsum(body[:, joints], axis=1, out=body[:, joints])
        self._arrays["body"][:] = to_lanes(body)
        for_each_block(self._reset, &self.args, self.n_blocks, self.n_threads)

    def step(self, controls):
        shape = (self.n_members, self.args.n_actions)
        if np.shape(controls) != shape:
            raise UsageError(f"controls have shape {np.shape(controls)}, need {shape}")
        self._arrays["actions"][:] = to_lanes(np.asarray(controls, dtype=np.float64))
        for_each_block(self._step, &self.args, self.n_blocks, self.n_threads)

    def run(self, policy, scoring, Py_ssize_t n_steps):
        cdef Population networks
        cdef EpisodeArgs args = self.args
        index = np.ascontiguousarray(scoring.obs_index, dtype=np.intc)
        divisor = np.ascontiguousarray(scoring.obs_divisor, dtype=np.float64)
        n_values = 2 * (args.chain.n_links + 2)
        if index.shape != divisor.shape or index.ndim != 1:
            raise UsageError("scoring: obs_index and obs_divisor differ in length")
        if index.size and not (0 <= index.min() and index.max() < n_values):
            raise UsageError(f"scoring: obs_index must lie in 0..{n_values - 1}")
        args.n_steps = n_steps
        args.scoring.n_obs = index.size
        args.scoring.obs_index = <const int*> <size_t> index.ctypes.data
        args.scoring.obs_divisor = pointer(divisor)
        args.scoring.round_actions = scoring.round_actions
        args.scoring.control_cost = scoring.control_cost
        args.scoring.control_step = scoring.control_step
        args.scoring.full_speed = scoring.full_speed
        obs = empty_lanes(self.n_blocks, index.size)
        args.obs = pointer(obs)
        args.script = NULL
        if isinstance(policy, Population):
            networks = policy
            sizes = (networks.n_members, networks.args.n_obs, networks.args.n_actions)
            needed = (self.n_members, index.size, args.n_actions)
            if sizes != needed:
                raise UsageError(f"policy has (members, observations, actions) {sizes}, "
                                 f"need {needed}")
            networks.args.streams = False  # a block runs all its steps before the next one
            args.network = &networks.args
            args.network_step = <network_step_t> PyCapsule_GetPointer(
                networks._kernels[0].STEP, "conncore.network_step")
        else:
            shape = (self.n_members, n_steps, args.n_actions)
            if np.shape(policy) != shape:
                raise UsageError(f"actions have shape {np.shape(policy)}, need {shape}")
            policy = to_lanes(np.asarray(policy, dtype=np.float64).reshape(self.n_members, -1))
            args.script = pointer(policy)
        for_each_block(self._run, &args, self.n_blocks, self.n_threads)
        fitness = from_lanes(self._arrays["fitness"], self.n_members)[:, 0]
        fitness[self.failed | ~np.isfinite(fitness)] = -np.inf
        return fitness

    @property
    def qpos(self):
        size = self.args.chain.n_links + 2
        return from_lanes(self._arrays["state"][:, :size], self.n_members)

    @property
    def qvel(self):
        size = self.args.chain.n_links + 2
        return from_lanes(self._arrays["state"][:, size:], self.n_members)

    @property
    def failed(self):
        return self._arrays["failed"].reshape(-1)[:self.n_members] > 0.0
