"""Bodies in lanes and their episodes: owns the arrays, checks them once, and runs the kernels."""

from cpython.pycapsule cimport PyCapsule_GetPointer

import numpy as np

from conncore._block cimport LANES, block_fn
from conncore._bodies cimport Motor, advance_t
from conncore._episode cimport EpisodeArgs
from conncore._network cimport network_step_t
from conncore._parallel cimport Watch, for_each_block, stopped, take, watch_blocks, watch_here
from conncore._population cimport Population, pointer

from conncore._population import empty_lanes, from_lanes, to_lanes
from conncore.errors import UsageError

MOTOR = np.dtype([("link", np.intc), ("gear", float), ("lower", float), ("upper", float)],
                 align=True)
assert sizeof(Motor) == MOTOR.itemsize


cdef class Episodes:
    cdef int make(self, body, motors, kernel, episode, Py_ssize_t n_members, int n_substeps,
                  int n_threads) except -1:
        """Make the arrays; the subclass adds args.model.

        body: parents, signs and offsets of the links, in this order. kernel: the kernel's capsule,
        its scratch per lane, and its values per lane in `body`.
        """
        for name, value in (
            ("n_members", n_members), ("n_substeps", n_substeps), ("n_threads", n_threads),
        ):
            if value < 1:
                raise UsageError(f"{name} is {value}, must be at least 1")
        parents, signs, offsets = body
        advance, n_work, n_body = kernel
        self.n_members = n_members
        self.n_blocks = (n_members + LANES - 1) // LANES
        self.n_threads = n_threads
        cdef int n_links = len(parents)
        cdef int n_values = 2 * (n_links + 2)

        self._arrays = arrays = {
            "parents": np.ascontiguousarray(parents, dtype=np.intc),
            "signs": np.ascontiguousarray(signs, dtype=float),
            "offsets": np.ascontiguousarray(offsets, dtype=float),
            "motors": np.zeros(len(motors["link"]), dtype=MOTOR),
        }
        for name in MOTOR.names:
            arrays["motors"][name] = motors[name]
        for name, size in (
            ("body", n_body),
            ("body_before", n_body),
            ("state", n_values),
            ("torques", n_links),
            ("work", n_work),
            ("actions", len(arrays["motors"])),
            ("fitness", 1),
            ("fresh", 1),
            ("failed", 1),
            ("ended", 1),
        ):
            arrays[name] = empty_lanes(self.n_blocks, size)
        for name in ("body", "failed", "ended"):  # until the first reset
            arrays[name][:] = 0.0

        cdef EpisodeArgs* args = &self.args
        args.advance = <advance_t> PyCapsule_GetPointer(advance, "conncore.advance")
        args.n_links = n_links
        args.n_body = n_body
        args.n_substeps = n_substeps
        args.n_actions = len(arrays["motors"])
        args.n_work = n_work
        args.parents = <const int*> pointer(arrays["parents"])
        args.signs = pointer(arrays["signs"])
        args.offsets = pointer(arrays["offsets"])
        args.motors = <const Motor*> pointer(arrays["motors"])
        args.scoring.ends = False
        args.body = pointer(arrays["body"])
        args.body_before = pointer(arrays["body_before"])
        args.state = pointer(arrays["state"])
        args.torques = pointer(arrays["torques"])
        args.work = pointer(arrays["work"])
        args.actions = pointer(arrays["actions"])
        args.fitness = pointer(arrays["fitness"])
        args.fresh = pointer(arrays["fresh"])
        args.failed = pointer(arrays["failed"])
        args.ended = pointer(arrays["ended"])
        self._step = <block_fn> PyCapsule_GetPointer(episode.STEP, "conncore.block_fn")
        self._reset = <block_fn> PyCapsule_GetPointer(episode.RESET, "conncore.block_fn")
        self._run = <block_fn> PyCapsule_GetPointer(episode.RUN, "conncore.block_fn")
        return 0

    def reset(self, qpos, qvel, which=None):
        cdef int size = self.args.n_links + 2
        cdef int k
        shape = (self.n_members, size)
        if np.shape(qpos) != shape or np.shape(qvel) != shape:
            raise UsageError(
                f"qpos and qvel have shapes {np.shape(qpos)} and {np.shape(qvel)}, need {shape}"
            )
        body = np.concatenate([qpos, qvel], axis=1).astype(np.float64)
        for first in (2, size + 2):
            body[:, first:first + self.args.n_links] *= self._arrays["signs"]
        body[:, 2:size] += self._arrays["offsets"]
        for k in range(1, self.args.n_links):
            for first in (2, size + 2):
                body[:, first + k] += body[:, first + self.args.parents[k]]
        fresh = np.ones(self.n_members, dtype=bool) if which is None else np.asarray(which)
        if fresh.shape != (self.n_members,) or fresh.dtype != bool:
            raise UsageError(
                f"which is {fresh.dtype} of shape {fresh.shape}, needs bool of ({self.n_members},)"
            )
        fresh = to_lanes(fresh[:, None])
        self._arrays["fresh"][:] = fresh
        np.copyto(self._arrays["body"][:, :2 * size], to_lanes(body), where=fresh > 0.0)
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
        cdef Watch watch
        cdef int unshared = 0
        cdef int* busy = &unshared
        index = np.ascontiguousarray(scoring.obs_index, dtype=np.intc)
        divisor = np.ascontiguousarray(scoring.obs_divisor, dtype=np.float64)
        limit = np.ascontiguousarray(
            np.full(index.shape, np.inf) if scoring.obs_limit is None else scoring.obs_limit,
            dtype=np.float64,
        )
        n_values = 2 * (args.n_links + 2)
        if not index.shape == divisor.shape == limit.shape or index.ndim != 1:
            raise UsageError("scoring: obs_index, obs_divisor and obs_limit differ in length")
        if index.size and not (0 <= index.min() and index.max() < n_values):
            raise UsageError(f"scoring: obs_index must lie in 0..{n_values - 1}")
        args.n_steps = n_steps
        args.scoring.n_obs = index.size
        args.scoring.obs_index = <const int*> <size_t> index.ctypes.data
        args.scoring.obs_divisor = pointer(divisor)
        args.scoring.obs_limit = pointer(limit)
        args.scoring.round_actions = scoring.round_actions
        args.scoring.control_cost = scoring.control_cost
        args.scoring.control_step = scoring.control_step
        args.scoring.full_speed = scoring.full_speed
        if scoring.healthy is not None:
            args.scoring.ends = True
            args.scoring.healthy_reward = scoring.healthy.reward
            args.scoring.lowest, args.scoring.highest = scoring.healthy.heights
            args.scoring.steepest = scoring.healthy.angle
            args.scoring.widest = scoring.healthy.magnitude
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
            busy = &networks.busy
            args.network = &networks.args
            args.network_step = <network_step_t> PyCapsule_GetPointer(
                networks._kernels[0].STEP, "conncore.network_step")
        else:
            shape = (self.n_members, n_steps, args.n_actions)
            if np.shape(policy) != shape:
                raise UsageError(f"actions have shape {np.shape(policy)}, need {shape}")
            policy = to_lanes(np.asarray(policy, dtype=np.float64).reshape(self.n_members, -1))
            args.script = pointer(policy)
        take(busy)
        if args.script == NULL:
            args.network.streams = False  # a block runs all its steps before the next one
        watch = watch_here()
        args.stopped, args.watch = stopped, &watch
        try:
            watch_blocks(self._run, &args, self.n_blocks, self.n_threads, &watch)
        finally:
            busy[0] = 0
        fitness = from_lanes(self._arrays["fitness"], self.n_members)[:, 0]
        fitness[self.failed | ~np.isfinite(fitness)] = -np.inf
        return fitness

    @property
    def qpos(self):
        size = self.args.n_links + 2
        return from_lanes(self._arrays["state"][:, :size], self.n_members)

    @property
    def qvel(self):
        size = self.args.n_links + 2
        return from_lanes(self._arrays["state"][:, size:], self.n_members)

    @property
    def failed(self):
        return self._arrays["failed"].reshape(-1)[:self.n_members] > 0.0

    @property
    def ended(self):
        return self._arrays["ended"].reshape(-1)[:self.n_members] > 0.0
