"""Speed against named peers, measured in one run on the same work; medians, printed as ratios.

    python bench/run.py [--repeats 5] [--threads 2] [--json FILE]

A peer that is not installed is skipped by name. Figures of different runs are not comparable on a
shared machine; ratios within a run are.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

import conncore as cc
from conncore.reference import ReferencePopulation

Work = Callable[[], object]

N_MEMBERS = 750
N_NETWORK_STEPS = 20
N_EPISODE_STEPS = 200  # of 1000: the cost of a step does not change within an episode


def medians(works: dict[str, Work], repeats: int) -> dict[str, float]:
    """Median seconds of each piece of work, run in turn so that drift of the machine hits all."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for repeat in range(repeats + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if repeat:  # the first round warms up
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in seconds.items()}


def network_step(threads: int, repeats: int) -> dict[str, float]:
    """Nanoseconds per member and step of the alif worm, encoder and decoder included."""
    worm = cc.load("celegans-haspel2011", split_muscles=True)
    net = cc.Network(worm, cc.make_task("swimmer6"), weights="individual")
    genomes = net.random_genomes(N_MEMBERS)
    observations = np.random.default_rng(0).normal(size=(N_MEMBERS, net.task.n_obs))
    twin = ReferencePopulation(
        net.topology,
        net.neuron,
        net.values(genomes),
        net.neuron_constants(genomes),
        trace=net.trace,
    )

    def steps(policy: Any) -> Work:
        return lambda: [policy.act(observations) for _ in range(N_NETWORK_STEPS)]

    works = {
        "conncore, 1 thread": steps(net.policy(genomes, n_threads=1)),
        f"conncore, {threads} threads": steps(net.policy(genomes, n_threads=threads)),
        "NumPy, all members at once": steps(twin),
        **scipy_step(net, genomes, observations),
    }
    found = medians(works, repeats)
    return {name: s / N_NETWORK_STEPS / N_MEMBERS * 1e9 for name, s in found.items()}


def scipy_step(
    net: cc.Network, genomes: NDArray[np.float64], observations: NDArray[np.float64]
) -> dict[str, Work]:
    """Propagation alone, one sparse matrix a member, as SciPy users do."""
    try:
        from scipy.sparse import csr_array
    except ImportError:
        print("skipped: SciPy is not installed")
        return {}
    worm = net.connectome
    shape = (worm.n_neurons, worm.n_neurons)
    matrices = [
        csr_array((w, (worm.post, worm.pre)), shape=shape) for w in net.synapse_weights(genomes)
    ]
    z = np.ones(worm.n_neurons)
    return {
        "SciPy CSR a member, propagation alone": lambda: [
            matrix @ z for _ in range(N_NETWORK_STEPS) for matrix in matrices
        ]
    }


def closed_loop(threads: int, repeats: int) -> dict[str, float]:
    """Microseconds per member and control step: worm and Swimmer-v5, closed loop."""
    worm = cc.load("celegans-haspel2011", split_muscles=True)
    task = cc.make_task("Swimmer-v5")
    net = cc.Network(worm, task, weights="individual")
    genomes = net.random_genomes(64)
    env = gymnasium.make("Swimmer-v5")
    one = ReferencePopulation(
        net.topology,
        net.neuron,
        net.values(genomes[:1]),
        net.neuron_constants(genomes[:1]),
        trace=net.trace,
    )

    def gymnasium_numpy() -> None:
        observation, _ = env.reset(seed=0)
        one.reset()
        for _ in range(N_EPISODE_STEPS):
            action = one.act(observation[None])[0].astype(np.float32)
            observation = env.step(action)[0]

    works: dict[str, Work] = {
        "conncore on mujoco.batch, 1 thread": lambda: task.evaluate(net, genomes, 0, 1),
        f"conncore on mujoco.batch, {threads} threads": lambda: task.evaluate(
            net, genomes, 0, threads
        ),
        "Gymnasium and a NumPy network, one by one": gymnasium_numpy,
    }
    per_step = [len(genomes) * task.n_steps] * 2 + [N_EPISODE_STEPS]
    found = medians(works, repeats)
    return {name: s / n * 1e6 for (name, s), n in zip(found.items(), per_step, strict=True)}


def report(title: str, unit: str, found: dict[str, float]) -> None:
    """Print a table; the ratio says how many times the first line's cost a line takes."""
    first = next(iter(found.values()))
    print(f"\n{title}")
    for name, value in found.items():
        print(f"  {name:<44} {value:12.1f} {unit}  {value / first:8.2f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    results = {
        "network_ns": network_step(options.threads, options.repeats),
        "closed_loop_us": closed_loop(options.threads, options.repeats),
    }
    report(f"One network step, {N_MEMBERS} members", "ns", results["network_ns"])
    report("One control step, closed loop", "us", results["closed_loop_us"])
    if options.json:
        about = {
            "machine": platform.platform(),
            "versions": {name: version(name) for name in ("conncore", "numpy", "mujoco")},
            "repeats": options.repeats,
        }
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"about": about, **results}, file, indent=2)


if __name__ == "__main__":
    main()
