"""Compares returns of trained genomes: native swimmer with MuJoCo, and MuJoCo with itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import conncore as cc
from conncore._events import EventPopulation
from conncore._population import Population
from conncore.bench.harness import Harness
from conncore.network.population import NumpyPopulation
from conncore.optimizers import ES
from conncore.tasks.mujoco import Bodies, MujocoTask

TITLE = (
    "episode returns on swimmer6, trained genomes: native against MuJoCo, MuJoCo pushed by 1e-15"
)

AnyPolicy = Population | EventPopulation | NumpyPopulation
N_GENOMES = 64
TOLERANCE = 1e-6
PUSH = 1e-15  # rad, of one joint at the start
JOINT = 3  # the first one, in qpos
NATIVE, PUSHED = "native", "MuJoCo pushed by 1e-15"


@dataclass
class Rollout:
    """Bodies, their networks, and the returns so far."""

    task: MujocoTask
    bodies: Bodies
    policy: AnyPolicy
    fitness: NDArray[np.float64]

    @classmethod
    def start(
        cls, engine: str, neuron: str, genomes: NDArray[np.float64], push: float, n_threads: int
    ) -> Rollout:
        task, network = make(engine, neuron)
        bodies = task.bodies(len(genomes), n_threads)
        qpos, qvel = task.initial_states([0] * len(genomes))
        qpos[:, JOINT] += push
        bodies.reset(qpos, qvel)
        policy = network.policy(genomes, n_threads=n_threads)
        return cls(task, bodies, policy, np.zeros(len(genomes)))

    def step(self) -> None:
        actions = self.policy.act(self.task.observe(self.bodies))
        self.fitness += self.task.step(self.bodies, actions)


def make(engine: str, neuron: str) -> tuple[MujocoTask, cc.Network]:
    task = cc.make_task("swimmer6", engine=engine)
    assert isinstance(task, MujocoTask)
    return task, cc.Network(cc.load("celegans-haspel2011"), task, neuron)


def train(neuron: str, generations: int, n_threads: int) -> NDArray[np.float64]:
    """The last generation of a short ES from seed 0, (N_GENOMES, n_parameters)."""
    task, network = make("native", neuron)
    optimizer = ES(population_size=N_GENOMES)
    state = optimizer.init(network.random_genomes(optimizer.n_initial, seed=0), seed=0)
    while state.generation < generations:
        genomes = optimizer.ask(state)
        fitness = task.evaluate(network, genomes, state.generation, n_threads)
        state = optimizer.tell(state, genomes, fitness)
    return optimizer.ask(state)


def gaps(one: Rollout, other: Rollout) -> NDArray[np.float64]:
    """The differences of the returns, (n_members,)."""
    return np.abs(one.fitness - other.fitness)


def first_step(apart: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The row of the first True in each column of (n_steps, n_members), n_steps if none is True."""
    return np.where(apart.any(axis=0), apart.argmax(axis=0), len(apart))


def one_neuron(harness: Harness, neuron: str) -> dict[str, int]:
    """The number of genomes that get MuJoCo's return from the native and the pushed bodies."""
    genomes = train(neuron, 2 if harness.quick else 60, harness.threads)
    reference, native, pushed = (
        Rollout.start(engine, neuron, genomes, push, harness.threads)
        for engine, push in (("mujoco", 0.0), ("native", 0.0), ("mujoco", PUSH))
    )
    n_steps = 20 if harness.quick else reference.task.n_steps
    others = {NATIVE: native, PUSHED: pushed}
    bodies = {name: np.zeros((n_steps, N_GENOMES)) for name in others}  # farthest coordinate
    cells = {name: np.zeros((n_steps, N_GENOMES), dtype=bool) for name in others}
    half: dict[str, NDArray[np.float64]] = {}
    for step in range(n_steps):
        for rollout in (reference, *others.values()):
            rollout.step()
        active = reference.policy.activity() > 0
        for name, other in others.items():
            distance = np.abs(other.bodies.qpos - reference.bodies.qpos)
            bodies[name][step] = distance.max(axis=1)
            cells[name][step] = ((other.policy.activity() > 0) != active).any(axis=1)
            if step == n_steps // 2:
                half[name] = gaps(reference, other)
    agree = {}
    print(f"\n{neuron}: {N_GENOMES} genomes, median return {np.median(reference.fitness):.1f}")
    for name, other in others.items():
        errors = gaps(reference, other)
        agree[name] = int((errors <= TOLERANCE).sum())
        what = f"{neuron}, {name}"
        harness.note(f"{what}: returns within 1e-6", agree[name])
        halfway = int((half[name] <= TOLERANCE).sum())
        harness.note(f"{what}: within 1e-6 after half the episode", halfway)
        harness.note(f"{what}: largest difference", float(errors.max()))
        parted, flipped = first_step(bodies[name] > TOLERANCE), first_step(cells[name])
        for event, first in (("bodies part by 1e-6", parted), ("a cell differs", flipped)):
            found = first[first < n_steps]
            harness.note(f"{what}: genomes of which {event}", found.size)
            if found.size:
                harness.note(
                    f"{what}: first step at which {event}, median", float(np.median(found))
                )
        late = (flipped < n_steps) & (parted < flipped)
        harness.note(f"{what}: of those whose cells differ, bodies parted before", int(late.sum()))
    return agree


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    for neuron in ("relu", "alif"):
        agree = one_neuron(harness, neuron)
        if neuron == "relu":
            harness.claim("relu: returns within 1e-6 of MuJoCo's, of 64", agree[NATIVE], 60)
        # Many gaits are chaotic, so pushed MuJoCo does not repeat MuJoCo's returns, either.
        excess = agree[NATIVE] - agree[PUSHED]
        harness.claim(f"{neuron}: returns within 1e-6, native less MuJoCo pushed", excess, -2)
