"""A mushroom body balances a pole: is its wiring worth anything on a task it never met?

python examples/cartpole.py
"""

from __future__ import annotations

from pathlib import Path

import gymnasium
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from mushroom_body import load_brain
from rich.console import Console

import conncore as cc
from conncore.experiments.compare import compare_rows, make_arms
from conncore.experiments.compare_report import print_rows
from conncore.experiments.study import Stage, run_study

NULLS = ("segment", "degree", "random")


def main(out="runs/examples/cartpole", seeds=8, generations=30, population=32, max_steps=500):
    """Compare the circuit with its null models; a second call goes on where the first stopped."""
    brain, task = load_brain(), cc.make_task("CartPole-v1", max_steps=max_steps)
    options = {
        "neuron": "relu",
        "io": "dense",  # the four observations to every projection neuron
        "initial_weights": "counts",
        "log_weights": (-4.0, -2.0),
        "inputs": brain.select(where={"class": "PN"}),
        "outputs": brain.select(where={"class": "MBON"}),
    }
    method = cc.ES(population_size=population, learning_rate=0.1, n_scout=64)
    stages = (Stage("evolve", method, generations),)
    arms = make_arms(brain, task, NULLS, stages, options)
    outcomes = run_study(arms, task, range(seeds), Path(out), n_threads=1)
    rows = compare_rows(outcomes)
    title = f"{brain.name} on {task.name}: ES, {generations} generations of {population}"
    print_rows(title, rows, Console(width=130))
    chance = random_score(task)
    draw(Path(out) / "cartpole.png", outcomes, rows, chance)
    print(f"chance {chance:.1f}; figure: {Path(out) / 'cartpole.png'}")
    return {row.arm: row.mean for row in rows}


def draw(file, outcomes, rows, chance):
    """Held-out scores of the circuit and its null models, seed by seed."""
    figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
    for place, row in enumerate(rows):
        axes.bar(place, row.mean, color=f"C{place}", alpha=0.5)
        axes.vlines(place, row.low, row.high, "k")
        scores = [outcome.score for outcome in outcomes[row.arm]]
        axes.plot(np.full(len(scores), place) + 0.15, scores, "k.", ms=4)
    axes.axhline(chance, color="grey", ls=":", label="chance (random actions)")
    axes.set_xticks(range(len(rows)), [row.arm for row in rows])
    axes.set(title="CartPole-v1, held-out starts (line: 95% interval)", ylabel="steps balanced")
    axes.legend(fontsize=8)
    figure.savefig(file, dpi=80)
    plt.close(figure)


def random_score(task, episodes=200):
    """Chance: the mean score of actions drawn at random."""
    env = gymnasium.make(task.name, max_episode_steps=task.n_steps)
    env.action_space.seed(0)
    total = 0.0
    for episode in range(episodes):
        env.reset(seed=episode)
        done = False
        while not done:
            _, reward, terminated, truncated, _ = env.step(env.action_space.sample())
            total, done = total + reward, terminated or truncated
    return total / episodes


if __name__ == "__main__":
    main()
