"""Evolve the larva's mushroom body, and its null models, to tell odours apart.

python examples/mushroom_body.py
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import conncore as cc
from conncore.tasks.base import member_seeds
from conncore.tasks.mnist import accuracy, likelihood

ARMS = ("circuit", "segment", "degree", "random")
# The source has no transmitters, so this rule is our choice. Projection neurons and Kenyon cells
# are cholinergic. The other cells differ: some excite, some inhibit, some release dopamine. The
# rule makes all of them inhibit, as APL (the GABAergic cell among the MBIN) and many output
# neurons do.
TRANSMITTERS = {"PN": "ACh", "KC": "ACh", "MBON": "GABA", "MBIN": "GABA"}


def load_brain():
    """Return the left mushroom body, with signs by the rule above."""
    brain = cc.load("larva-mushroom-body-left")
    transmitters = tuple(TRANSMITTERS[kind] for kind in brain.classes)
    return replace(brain, transmitters=transmitters).sign_by_transmitter("fly")


class Odours(cc.Task):
    """Which odour is it? Each is a pattern over projection neurons, seen with noise.

    In training the score is the probability of the right answer (softmax, in percent), which
    leads further than counting; held out, it is the percentage of right answers.
    """

    name, n_steps = "odours", 5
    n_validation, n_held_out = 4, 16

    def __init__(self, n_cells, n_odours=8, noise=0.3, batch=128):
        self.n_obs, self.n_actions, self.noise, self.batch = n_cells, n_odours, noise, batch
        rng = np.random.default_rng(0)
        active = rng.random((n_odours, n_cells)) < 0.4
        self.odours = active * rng.random((n_odours, n_cells))

    def describe(self):
        return {"name": self.name, "noise": self.noise, "batch": self.batch}

    def draw(self, seed):
        """Draw a seed's trials: the activity of each projection neuron, and each trial's odour."""
        rng = np.random.default_rng(seed)
        odour = np.arange(self.batch) % self.n_actions
        noise = self.noise * rng.standard_normal((self.batch, self.n_obs))
        return np.maximum(self.odours[odour] + noise, 0.0), odour

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        seeds = np.array(member_seeds(seed, len(genomes), split))
        score = likelihood if split == "train" else accuracy
        fitness = np.empty(len(genomes))
        for number in np.unique(seeds):
            members = seeds == number
            seen, odour = self.draw(number)
            answers = network.respond(genomes[members], seen, self.n_steps, n_threads)
            fitness[members] = score(answers, odour)
        return fitness


def build(arm, brain, task, seed):
    """Odours drive the projection neurons, and the output neurons give the answer."""
    wired = brain if arm == "circuit" else cc.make_null(arm, brain, seed)
    inputs, outputs = (brain.select(where={"class": kind}) for kind in ("PN", "MBON"))
    return cc.Network(
        wired, task, "relu", "direct", weights="individual", initial_weights="counts",
        log_weights=(-4.0, -2.0), inputs=inputs, outputs=outputs,
    )  # fmt: skip


def draw(out, curves, scores, chance):
    """Draw the learning curves, and the held-out accuracy of each seed."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for arm in ARMS:
        left.plot(np.mean(curves[arm], axis=0), label=arm)
    left.set(title="training", xlabel="generation", ylabel="probability of the odour, %")
    left.axhline(chance, color="grey", ls=":", label="chance")
    left.legend(fontsize=8)
    for place, arm in enumerate(ARMS):
        right.bar(place, np.mean(scores[arm]), color=f"C{place}", alpha=0.5)
        right.plot([place] * len(scores[arm]), scores[arm], "k.")
    right.axhline(chance, color="grey", ls=":")
    right.set(title="held-out trials (dots: seeds)", ylabel="right answers, %", ylim=(0, 100))
    right.set_xticks(range(len(ARMS)), ARMS)
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=80)
    plt.close(figure)


def main(out="runs/examples/mushroom_body.png", seeds=3, generations=150, arms=ARMS):
    brain = load_brain()
    task = Odours(len(brain.select(where={"class": "PN"})))
    chance = 100.0 / task.n_actions
    print(brain)
    curves, scores = {}, {}
    for arm in arms:
        started, runs = time.perf_counter(), []
        for seed in range(seeds):
            optimizer = cc.ES(population_size=64, learning_rate=0.1, n_scout=64)
            network = build(arm, brain, task, seed)
            runs.append(cc.evolve(network, task, optimizer, generations, seed, progress=False))
        curves[arm] = [run.history["mean"] for run in runs]
        scores[arm] = [run.best.mean for run in runs]
        print(
            f"{arm:8} {np.mean(scores[arm]):5.1f}% correct on held-out trials "
            f"(seeds {', '.join(f'{s:.1f}' for s in scores[arm])}; chance {chance:.1f}%) "
            f"in {time.perf_counter() - started:.0f} s",
            flush=True,
        )
    if tuple(arms) == ARMS:
        draw(out, curves, scores, chance)
        print(f"figure: {out}")
    return scores


if __name__ == "__main__":
    main()
