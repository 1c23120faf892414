"""Show a moving edge to a tile of the fly's optic lobe: which directions do its T4 cells prefer?

python examples/optic_lobe.py
"""

from __future__ import annotations

import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import conncore as cc
from conncore.tasks.base import member_seeds
from conncore.tasks.mnist import accuracy, likelihood

ARMS = ("circuit", "segment", "degree")  # "segment" keeps which cell types are connected
TYPES = ("T4a", "T4b", "T4c", "T4d")
REST, STEPS = 15, 70  # steps of darkness before the edge appears; steps in total


class MovingEdge(cc.Task):
    """Light spreads over the eye from one of four sides, at some speed and contrast, with noise.

    Every cell has an observation: light for photoreceptors, 0 for all other cells. So the single
    bias of direct input is a constant input that keeps cells active in the dark.
    """

    name, n_actions, n_steps = "moving-edge", 4, STEPS
    n_validation, n_held_out = 2, 16

    def __init__(self, lobe, n_trials=8):
        u, v = lobe.attributes["u"], lobe.attributes["v"]
        self.x, self.y = u + v / 2, v * np.sqrt(3) / 2  # positions of the columns in a plane
        self.inner = np.maximum(np.maximum(np.abs(u), np.abs(v)), np.abs(u + v)) <= 1
        self.eye = np.flatnonzero(np.isin(lobe.classes, [f"R{k}" for k in range(1, 9)]))
        self.n_obs, self.n_trials = lobe.n_cells, n_trials

    def describe(self):
        return {"name": self.name, "n_trials": self.n_trials}

    def film(self, degrees, speed=0.1, contrast=1.0):
        """Light on the photoreceptors, (n_steps, n_photoreceptors); speed in columns a step."""
        ahead = self.x * np.cos(np.radians(degrees)) + self.y * np.sin(np.radians(degrees))
        edge = -3.5 + speed * np.maximum(np.arange(STEPS) - REST, 0)
        return contrast * (ahead[self.eye] < edge[:, None])

    def films(self, seed):
        """The trials of a seed, (n_trials, n_steps, n_photoreceptors), and their directions."""
        rng, side = np.random.default_rng(seed), np.arange(self.n_trials) % 4
        speed, contrast = rng.uniform(0.08, 0.15, side.size), rng.uniform(0.5, 1, side.size)
        films = [self.film(90 * s, a, b) for s, a, b in zip(side, speed, contrast, strict=True)]
        return np.array(films) + 0.1 * rng.standard_normal(np.shape(films)), side

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        seeds = member_seeds(seed, len(genomes), split)
        unique, which = np.unique(seeds, return_inverse=True)
        films = np.array([self.films(number)[0] for number in unique])
        side = np.arange(self.n_trials) % 4
        policy = network.policy(genomes, n_threads)
        answers = np.zeros((len(genomes), self.n_trials, 4), np.float32)
        for trial in range(self.n_trials):
            policy.reset()
            seen = np.zeros((len(genomes), self.n_obs))
            for step in range(STEPS):
                seen[:, self.eye] = films[which, trial, step]
                answers[:, trial] += policy.act(seen) / 5  # softmax of this
        return (likelihood if split == "train" else accuracy)(answers, side)


def build(arm, lobe, task, seed):
    """Signs and synapse counts come from the data; two log weights scale all edges."""
    wired = lobe if arm == "circuit" else cc.make_null(arm, lobe, seed)
    t4 = np.isin(lobe.classes, TYPES) & task.inner
    return cc.Network(
        wired, task, "relu", "direct", initial_weights="counts", log_weights=(-2.7, -2.7),
        inputs=lobe.names, outputs=[lobe.names[i] for i in np.flatnonzero(t4)],
    )  # fmt: skip


def start_of(network, seed):
    """Return a genome with weak activity in the dark and small answers."""
    start, slices = network.random_genomes(1, seed)[0], network.layout.slices
    start[slices["encoder_bias"]] = 0.1
    start[slices["decoder"]] *= 0.2
    return start


def tuning(network, genome, task, directions):
    """Response of each T4 type, summed over the inner columns, to each direction."""
    classes, responses = np.array(network.connectome.classes), []
    for degrees in directions:
        seen = np.zeros((STEPS, task.n_obs))
        seen[:, task.eye] = task.film(degrees)
        active = network.simulate(genome, seen)[REST:].sum(axis=0)
        responses.append([active[(classes == kind) & task.inner].sum() for kind in TYPES])
    return np.array(responses).T


def preferred(response, directions):
    """Direction selectivity (0 to 1) and preferred direction, from the vector sum."""
    total = response @ np.exp(1j * np.radians(directions)) / np.maximum(response.sum(axis=1), 1e-9)
    return np.abs(total), np.degrees(np.angle(total))


def opposed(angle, one, other):
    """Degrees between two types' preferred directions, 0 to 180."""
    return abs((angle[TYPES.index(one)] - angle[TYPES.index(other)] + 180) % 360 - 180)


def draw(out, directions, tunings, scores):
    """Draw the tuning of the untrained circuit and of a null model, and the evolved scores."""
    figure = plt.figure(figsize=(10, 3.6), layout="constrained")
    around = np.radians([*directions, directions[0]])
    for place, arm in enumerate(ARMS[:2]):
        axes = figure.add_subplot(1, 3, place + 1, projection="polar")
        for kind, response in zip(TYPES, tunings[arm], strict=True):
            axes.plot(around, np.append(response, response[0]) / response.mean(), label=kind)
        axes.set_title(f"untrained {arm}: response over its mean", fontsize=9)
        axes.set_ylim(0, 1.6)
        axes.set_yticks([0.5, 1.0, 1.5])
    axes.legend(fontsize=7, loc="lower left", bbox_to_anchor=(-0.3, -0.1))
    axes = figure.add_subplot(1, 3, 3)
    for place, arm in enumerate(ARMS):
        axes.bar(place, np.mean(scores[arm]), color=f"C{place}", alpha=0.5)
        axes.plot([place] * len(scores[arm]), scores[arm], "k.")
    axes.axhline(25, color="grey", ls=":", label="chance")
    axes.set_xticks(range(len(ARMS)), ARMS)
    axes.set_ylim(0, 100)
    axes.set_title("direction told after evolution, held out, %", fontsize=9)
    axes.legend(fontsize=7)
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=75)
    plt.close(figure)


def main(
    out="runs/examples/optic_lobe.png",
    seeds=3,
    generations=80,
    n_directions=12,
    extent=2,
    n_nulls=5,
):
    lobe = cc.load("fly-optic-lobe", extent=extent)
    task, directions = MovingEdge(lobe), np.arange(n_directions) * 360 / n_directions
    print(lobe)
    print(f"{'untrained':9} selectivity of {', '.join(TYPES)}   a to b  c to d  (chance: 90)")
    selectivity, angles, tunings, scores = {}, {}, {}, {}
    for arm in ARMS:
        networks = [
            build(arm, lobe, task, seed) for seed in range(1 if arm == "circuit" else n_nulls)
        ]
        found = [tuning(n, start_of(n, 0), task, directions) for n in networks]
        tunings[arm] = found[0]
        pairs = [preferred(response, directions) for response in found]
        selectivity[arm] = np.mean([strength for strength, _ in pairs], axis=0)
        angles[arm] = pairs[0][1]
        apart = [[opposed(a, "T4a", "T4b"), opposed(a, "T4c", "T4d")] for _, a in pairs]
        listed = "  ".join(f"{value:.2f}" for value in selectivity[arm])
        print(f"{arm:9} {listed:37} {np.mean(apart, axis=0).round()}")
    print(f"{'evolved':9} correct directions, held-out trials (chance 25%)")
    for arm in ARMS:
        started, scores[arm] = time.perf_counter(), []
        for seed in range(seeds):
            network, optimizer = (
                build(arm, lobe, task, seed),
                cc.ES(population_size=32, sigma=0.03, learning_rate=0.02, n_scout=1),
            )
            run = cc.evolve(
                network, task, optimizer, generations, seed, n_threads=1, progress=False,
                start=start_of(network, seed),
            )  # fmt: skip
            scores[arm].append(run.best.mean)
        each = ", ".join(f"{score:.1f}" for score in scores[arm])
        took = time.perf_counter() - started
        print(f"{arm:9} {np.mean(scores[arm]):.1f}% (seeds {each}) in {took:.0f} s", flush=True)
    draw(out, directions, tunings, scores)
    print(f"figure: {out}")
    return {"selectivity": selectivity, "angles": angles, "scores": scores}


if __name__ == "__main__":
    main()
