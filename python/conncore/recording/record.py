"""Run one episode and keep all of it: `record`."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore import _kernels
from conncore.errors import UsageError
from conncore.evolution.loop import Run
from conncore.network.network import Network
from conncore.noise import Split
from conncore.recording.episode import Body, Episode, FloatArray, Pictures
from conncore.recording.pictures import draw_environment
from conncore.tasks.base import Policy, Task, member_seeds
from conncore.tasks.mnist_files import SIDE

_N_IMAGES = 24  # of mnist


def record(
    source: Run | Network,
    genome: ArrayLike | None = None,
    task: Task | None = None,
    seed: int | None = None,
    *,
    split: Split = "held-out",
    render: bool = False,
) -> Episode:
    """Run one episode and return all that happened in it.

    Parameters
    ----------
    source : Run or Network
    genome : (n_parameters,) float64, optional
        Default: the solution of the run. A network needs a genome.
    task : Task, optional
        Default: the task of the run or of the network.
    seed : int, optional
        Number of the start. Default: the first held-out start that scored the run, or 0.
    split : {"train", "validation", "held-out"}
        Which starts `seed` numbers; see `Task.evaluate`.
    render : bool
        Also keep what a Gymnasium environment without a MuJoCo body draws, as
        ``episode.pictures``. Environments without the render mode "rgb_array" draw nothing.

    Returns
    -------
    Episode
        ``episode.fitness`` is what ``task.evaluate`` returns for this genome and start. An episode
        of mnist has the first 24 images of the start, one after the other; its actions are the
        answers to them, and its fitness is that of all images.

    Raises
    ------
    UsageError
        The genome is missing or does not fit; the task is not mnist and shows its observations
        all at once, or runs several episodes; the network or the simulation became non-finite; or
        the environment needs a package to draw.

    Examples
    --------
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> genomes = net.random_genomes(1, seed=0)
    >>> episode = cc.record(net, genomes[0], seed=5)
    >>> episode.fitness == task.evaluate(net, genomes, seed=5, split="held-out")[0]
    np.True_
    """
    if isinstance(source, Run):
        network = source.network
        genome = source.best.genome if genome is None else genome
        task = source.task if task is None else task
        if seed is None:
            seed = int(source.best.seeds[0]) if split == "held-out" else 0
    else:
        network = source
        if genome is None:
            raise UsageError("a network needs a genome to act: record(network, genome)")
        task = cast(Task, network.task) if task is None else task
        seed = 0 if seed is None else seed
    genomes = network.layout.check(np.atleast_2d(np.asarray(genome, dtype=np.float64)))
    if len(genomes) != 1:
        raise UsageError(f"record() takes one genome, not {len(genomes)}")
    tape = _Tape(network, task)
    images = task.name == "mnist"
    scored = network if images else tape
    (fitness,) = task.evaluate(scored, genomes, seed=seed, n_threads=1, split=split)
    if not np.isfinite(fitness):
        raise UsageError(
            f"{task.failure()} became non-finite from {split} start {seed} of {task.name}; "
            "record another start or genome"
        )
    (start,) = member_seeds(seed, 1, split)
    seen = _see_images(network, task, genomes, start, split) if images else None
    if seen is None:
        observations, actions = tape.arrays()
        activity = network.simulate(genomes[0], observations)
        happened = _replay(task, actions, start, render)
    else:
        observations, actions, activity, happened = seen
    spiking = bool(_kernels.load(network.neuron).SPIKES)
    return Episode(
        title=f"{network.connectome.name} ({network.neuron}, {network.io}) on {task.name}",
        connectome=network.connectome,
        seed=seed,
        split=split,
        fitness=float(fitness),
        observations=observations,
        actions=actions,
        activity=activity.astype(np.bool_) if spiking else activity,
        steps_per_action=network.steps_per_action,
        **happened,
    )


def _see_images(
    network: Network, task: Any, genomes: FloatArray, start: int, split: Split
) -> tuple[FloatArray, FloatArray, FloatArray, dict[str, Any]]:
    """Show images of mnist: observations, actions, activity, and the rest of the episode."""
    found, seen = task.examples(start, split, _N_IMAGES)
    answers = network.respond(genomes, seen, task.n_steps, n_threads=1)[0]
    activity = [network.simulate(genomes[0], np.repeat(x[None], task.n_steps, 0)) for x in seen]
    pairs = zip(found.labels.tolist(), answers.argmax(axis=1).tolist(), strict=True)
    captions = tuple(
        f"digit {label}, answer {answer}{'' if label == answer else ' (wrong)'}"
        for label, answer in pairs
    )
    images = found.images.reshape(len(seen), SIDE, SIDE)
    return (
        np.repeat(seen, task.n_steps, axis=0).astype(np.float64),
        np.repeat(answers, task.n_steps, axis=0).astype(np.float64),
        np.concatenate(activity),
        _rest(pictures=Pictures(images, task.n_steps, captions)),
    )


def _rest(
    dt: float | None = None,
    reward: FloatArray | None = None,
    body: Body | None = None,
    pictures: Pictures | None = None,
) -> dict[str, Any]:
    """The parts of an episode that not every task has."""
    return {"dt": dt, "reward": reward, "body": body, "pictures": pictures}


class _Tape:
    """A network for tasks, which keeps the observations and the actions of its policy."""

    def __init__(self, network: Network, task: Task) -> None:
        self._network = network
        self._task = task
        self._seen: list[tuple[FloatArray, FloatArray]] = []

    def policy(self, genomes: FloatArray, n_threads: int | None = None) -> Policy:
        return _TapedPolicy(self._network.policy(genomes, n_threads), self._seen, self._task.name)

    def respond(
        self,
        genomes: FloatArray,
        observations: ArrayLike,
        n_steps: int,
        n_threads: int | None = None,
    ) -> NDArray[np.float32]:
        raise UsageError(
            f"task {self._task.name} shows its observations all at once, so it has no episode to "
            "record; use Network.simulate with the observations of your choice"
        )

    def arrays(self) -> tuple[FloatArray, FloatArray]:
        """(n_steps, n_obs) observations and (n_steps, n_actions) actions."""
        if not self._seen:
            raise UsageError(f"task {self._task.name} asked the network for no action")
        observations, actions = zip(*self._seen, strict=True)
        return np.array(observations), np.array(actions)


class _TapedPolicy:
    def __init__(
        self, policy: Policy, seen: list[tuple[FloatArray, FloatArray]], name: str
    ) -> None:
        self._policy = policy
        self._seen = seen
        self._name = name

    @property
    def status(self) -> NDArray[np.uint8]:
        return self._policy.status

    def reset(self) -> None:
        if self._seen:
            raise UsageError(
                f"task {self._name} runs several episodes per evaluation; record() takes one"
            )
        self._policy.reset()

    def act(self, observations: FloatArray) -> FloatArray:
        actions = self._policy.act(observations)
        # copies: bodies and policies may reuse their arrays
        self._seen.append((np.array(observations[0], dtype=np.float64), np.array(actions[0])))
        return actions


def _replay(task: Task, actions: FloatArray, start: int, render: bool) -> dict[str, Any]:
    """Repeat the actions: the length of a step, the rewards, the body and the pictures.

    Simulators are imported where their tasks are used.
    """
    from conncore.tasks.gymnasium import GymnasiumTask
    from conncore.tasks.mujoco import MujocoTask

    if isinstance(task, MujocoTask):
        return _replay_bodies(task, actions, start)
    if isinstance(task, GymnasiumTask):
        return _replay_environment(task, actions, start, render)
    return _rest()


def _replay_bodies(task: Any, actions: FloatArray, start: int) -> dict[str, Any]:
    from conncore.recording.body import BodyWatch

    watch = BodyWatch(task.model)
    bodies = task.bodies(1, 1)
    bodies.reset(*task.initial_states([start]))
    reward = np.empty(len(actions))
    for step, action in enumerate(actions):
        watch.look(bodies.qpos[0])
        reward[step] = task.step(bodies, action[None])[0]
    return _rest(task.dt, reward, watch.body())


def _replay_environment(task: Any, actions: FloatArray, start: int, render: bool) -> dict[str, Any]:
    watch: Any = None
    dt: float | None = None
    draws = False

    def look(env: Any) -> None:
        nonlocal watch, dt, draws
        bare = env.unwrapped
        dt = getattr(bare, "dt", getattr(bare, "tau", None))  # MuJoCo's; classic control's
        draws = "rgb_array" in (env.metadata or {}).get("render_modes", ())
        if type(getattr(bare, "model", None)).__name__ != "MjModel":
            return
        if watch is None:
            from conncore.recording.body import BodyWatch

            watch = BodyWatch(bare.model)
        watch.look(bare.data.qpos)

    reward = task.replay(actions, start, look)
    pictures = None
    if render and draws and watch is None:
        pictures = draw_environment(task, actions, start)
    dt = dt if isinstance(dt, float) else None
    return _rest(dt, reward, watch and watch.body(), pictures)
