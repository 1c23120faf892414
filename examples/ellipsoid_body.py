"""Evolve the ring of the ellipsoid body to remember a heading as a bump of activity.

python examples/ellipsoid_body.py EXPORT.csv
    EXPORT.csv: connections among ER and EPG cells from neuPrint (hemibrain), with the columns
    bodyId_pre, bodyId_post, weight, type_pre, type_post, name_pre, name_post.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import conncore as cc
from conncore.tasks.base import member_seeds

CUE, DARK, LONG = 20, 100, 300  # steps: cue, dark in training, dark in the test
ARMS = ("circuit", "segment", "degree", "random", "no ER", "no loop")


def read_ring(path):
    """Return the ring with signs (ER inhibits, EPG excites), and each EPG cell's angle."""
    ring = cc.read(path, "neuprint")
    transmitters = ["ACh" if kind == "EPG" else "GABA" for kind in ring.classes]
    ring = replace(ring, name="ellipsoid body", transmitters=tuple(transmitters))
    ring = ring.sign_by_transmitter("fly")
    instances, angles = ring.attributes.get("instance", ring.names), {}
    for name, kind, instance in zip(ring.names, ring.classes, instances, strict=True):
        if kind != "EPG":
            continue
        found = re.search(r"_([LR])(\d)$", instance)  # EPG(PB08)_L3: third glomerulus on the left
        if found is None:
            sys.exit(f"{path}: cell {name} lacks an instance like EPG(PB08)_L3; export names too")
        turn = (int(found[2]) - 1) * np.pi / 4
        angles[name] = turn if found[1] == "R" else np.pi / 8 - turn
    return ring, angles


def add_loop(ring, angles, synapses=100.0, width=np.pi / 5):
    """Let EPG cells excite their neighbours, in place of the loop through PEG and PEN cells.

    This is an assumption, not data: the export has only ER and EPG cells, and no excitation among
    EPG cells. Every EPG cell receives the same total weight, `synapses`.
    """
    place = {name: i for i, name in enumerate(ring.names)}
    cells, angle = np.array([place[name] for name in angles]), np.array(list(angles.values()))
    apart = np.abs(np.angle(np.exp(1j * (angle[:, None] - angle))))
    weight = np.exp(-((apart / width) ** 2))
    weight *= synapses / weight.sum(axis=0)
    there = np.zeros((len(place), len(place)), bool)
    there[ring.pre, ring.post] = True
    i, j = np.nonzero((weight > 0.1) & ~there[np.ix_(cells, cells)])
    i, j = i[i != j], j[i != j]
    return cc.Connectome.from_edges(
        ring.name,
        np.concatenate([ring.pre, cells[i]]),
        np.concatenate([ring.post, cells[j]]),
        weight=np.concatenate([ring.weight, weight[i, j]]),
        sign=np.concatenate([ring.sign, np.ones(len(i), int)]),
        names=ring.names,
        classes=ring.classes,
    )


class Heading(cc.Task):
    """Remember a heading in the dark, then another one; fitness is the mean cosine of the error."""

    name, n_actions, n_steps = "heading", 2, 2 * (CUE + DARK)

    def __init__(self, angles, n_trials=8):
        self.angles, self.n_obs, self.n_trials = angles, len(angles), n_trials

    def describe(self):
        return {"name": self.name, "n_trials": self.n_trials}

    def bump(self, heading):
        """Return the light on the cells near each heading."""
        return 0.5 * np.maximum(np.cos(self.angles - heading[:, None]), 0.0) ** 2

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        seeds = member_seeds(seed, len(genomes), split)
        first = {s: np.random.default_rng(s).uniform(0, 2 * np.pi) for s in set(seeds)}
        start = np.array([first[s] for s in seeds])
        policy, fitness = network.policy(genomes, n_threads), np.zeros(len(genomes))
        for trial in range(self.n_trials):  # headings all around, jumps of all sizes
            heading = start + 2 * np.pi * trial / self.n_trials
            policy.reset()
            for jump in (0.0, np.pi * (trial + 1) / self.n_trials):
                heading = heading + jump
                for step in range(CUE + DARK):
                    action = policy.act(self.bump(heading) * (step < CUE))
                    if step >= CUE + DARK // 2:
                        fitness += projection(action, heading)
        return fitness / (2 * self.n_trials * (DARK - DARK // 2))


def projection(action, heading):
    """Return the cosine of the error; for a very small action the score is near zero."""
    length = np.hypot(*action.T)
    right = action[:, 0] * np.cos(heading) + action[:, 1] * np.sin(heading)
    return right / np.maximum(length, 0.1)


def remember(network, genome, task, n_headings=16):
    """Return the mean error in degrees, for each step after the cue ends; 90 is chance."""
    heading = 2 * np.pi * (np.arange(n_headings) + 0.5) / n_headings
    policy, errors = network.policy(np.tile(genome, (n_headings, 1)), 1), []
    for step in range(CUE + LONG):
        action = policy.act(task.bump(heading) * (step < CUE))
        silent = np.hypot(*action.T) < 1e-3
        error = np.angle(np.exp(1j * (np.arctan2(action[:, 1], action[:, 0]) - heading)))
        errors.append(np.where(silent, 90.0, np.abs(np.degrees(error))).mean())
    return np.array(errors[CUE:])


def build(arm, ring, angles, task, seed):
    """Build the network of an arm; null models randomize the export's edges, not the loop."""
    if arm == "no ER":
        ring = ring.subset(where={"class": "EPG"})
    elif arm not in ("circuit", "no loop"):
        ring = cc.make_null(arm, ring, seed)
    if arm != "no loop":
        ring = add_loop(ring, angles)
    cells = list(angles)
    network = cc.Network(
        ring, task, "lif", "direct", initial_weights="counts", log_weights=(-2.0, -4.0),
        trace=0.9, inputs=cells, outputs=cells,
    )  # fmt: skip
    start, slices = network.random_genomes(1, seed)[0], network.layout.slices
    start[slices["encoder_bias"]] = 0.1
    start[slices["decoder"]] = np.concatenate([np.cos(task.angles), np.sin(task.angles)])
    start[slices["decoder_bias"]] = 0.0
    return network, start


def draw(out, ring, angles, task, networks, errors):
    """Draw the circuit's bump as the cue moves it, and the error of each arm in the dark."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    network, genome = networks["circuit"]
    headings = np.array([1.0, 4.2, 2.6])
    shown = [task.bump(h[None]) * on for h in headings for on in [1] * CUE + [0] * (100 - CUE)]
    spikes = network.simulate(genome, np.concatenate(shown))[:, network.topology.inputs]
    step, cell = np.nonzero(spikes)
    left.plot(step, np.degrees(task.angles % (2 * np.pi))[cell], "k|", ms=4, mew=0.6)
    for start, heading in zip((0, 100, 200), headings, strict=True):
        left.plot([start, start + CUE], [np.degrees(heading)] * 2, "r", lw=3)
    left.set(title="spikes of the EPG cells (red: cue)", xlabel="step", ylabel="angle on the ring")
    for arm in ARMS:
        right.plot(np.mean(errors[arm], axis=0), label=arm, lw=2.5 if arm == "circuit" else 1.2)
    right.axhline(90, color="grey", ls=":", label="chance")
    right.set(
        title="error of the heading in the dark", xlabel="steps in the dark", ylabel="degrees"
    )
    right.axvline(DARK, color="grey", lw=0.5)
    right.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=80)
    plt.close(figure)


def main(path, out="runs/examples/ellipsoid_body.png", seeds=3, generations=60):
    ring, angles = read_ring(path)
    task = Heading(np.array(list(angles.values())))
    print(ring)
    print(f"{'':10} {'held out':>8} {'error at':>9} {DARK:3} {LONG:5} steps of dark (chance 90)")
    errors, networks = {arm: [] for arm in ARMS}, {}
    for arm in ARMS:
        scores = []
        for seed in range(seeds):
            network, start = build(arm, ring, angles, task, seed)
            optimizer = cc.ES(population_size=32, n_scout=1)  # few members: one thread is enough
            run = cc.evolve(
                network,
                task,
                optimizer,
                generations,
                seed,
                n_threads=1,
                progress=False,
                start=start,
            )
            networks.setdefault(arm, (network, run.best.genome))
            scores.append(run.best.mean)
            errors[arm].append(remember(network, run.best.genome, task))
        early, late = np.mean(errors[arm], axis=0)[[DARK - 1, LONG - 1]]
        print(f"{arm:10} {np.mean(scores):8.3f} {early:13.1f} {late:5.1f}", flush=True)
    draw(out, ring, angles, task, networks, errors)
    print(f"figure: {out}")
    return {arm: np.array(error) for arm, error in errors.items()}


if __name__ == "__main__":
    home = os.environ.get("CONNCORE_DATA", ".")
    usual = Path(home, "validation", "hemibrain_EB_ER_EPG_edges.csv")
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else usual
    if not file.is_file():
        sys.exit(
            f"{file} is missing: export the connections among ER and EPG cells from neuPrint "
            "(neuprint.janelia.org, hemibrain) and give its path"
        )
    try:
        main(file)
    except cc.ConnectomeError as error:
        sys.exit(str(error))
