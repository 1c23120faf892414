"""A mushroom body balances a pole: does its wiring help on a task from outside the animal?

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

import conncore as cc

NULLS = ("segment", "degree", "random")


def main(out="runs/examples/cartpole", seeds=8, generations=30, population=32, max_steps=500):
    """Compare the circuit with its null models; a second call resumes an interrupted comparison."""
    brain, task = load_brain(), cc.make_task("CartPole-v1", max_steps=max_steps)
    found = cc.compare(
        brain,
        task,
        NULLS,
        seeds,
        out=out,
        optimizer=cc.ES(population_size=population, learning_rate=0.1, n_scout=64),
        generations=generations,
        n_threads=1,
        neuron="relu",
        io="dense",  # each of the four observations reaches every projection neuron
        inputs=brain.select(where={"class": "PN"}),
        outputs=brain.select(where={"class": "MBON"}),
        initial_weights="counts",
        log_weights=(-4.0, -2.0),
    )
    print(found)
    chance = random_score(task)
    draw(Path(out) / "cartpole.png", found, chance)
    print(f"chance {chance:.1f}; figure: {Path(out) / 'cartpole.png'}")
    return {row.arm: row.mean for row in found.rows}


def draw(file, found, chance):
    """Held-out scores of the circuit and its null models, seed by seed."""
    figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
    for place, row in enumerate(found.rows):
        axes.bar(place, row.mean, color=f"C{place}", alpha=0.5)
        axes.vlines(place, row.low, row.high, "k")
        scores = [outcome.score for outcome in found.outcomes[row.arm]]
        axes.plot(np.full(len(scores), place) + 0.15, scores, "k.", ms=4)
    axes.axhline(chance, color="grey", ls=":", label="chance (random actions)")
    axes.set_xticks(range(len(found.rows)), [row.arm for row in found.rows])
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
