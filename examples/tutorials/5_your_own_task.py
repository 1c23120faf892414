"""
5. Your own task and your own cells
===================================

A task scores networks. Here you write one in twenty lines of NumPy: a network must remember the
last pulse. Then you change the cells: other constants, and constants that evolve.
"""

# %%
# Every twelve steps, the network sees a pulse, +1 or -1 by chance. Its answer at each step should
# have the sign of the last pulse. A task is a subclass of :class:`~conncore.Task`. It states its
# sizes, and ``evaluate`` gives every genome a score; higher is better. ``member_seeds`` gives
# each member its start: the same for all members in training, others in validation.

import matplotlib.pyplot as plt
import numpy as np

import conncore as cc
from conncore.tasks import member_seeds


class Remember(cc.Task):
    """Answer with the sign of the last pulse: 100 is always right, 50 is chance."""

    name, n_obs, n_actions, n_steps = "remember", 1, 1, 96

    def pulses(self, seed):
        """A pulse every twelve steps, (n_steps,)."""
        seen = np.zeros(self.n_steps)
        seen[::12] = np.random.default_rng(seed).choice([-1.0, 1.0], 8)
        return seen

    def answers(self, network, genomes, seeds, n_threads=None):
        """What each member answers at each step, (n_members, n_steps), and what is right."""
        seen = np.array([self.pulses(seed) for seed in seeds])
        policy = network.policy(genomes, n_threads)
        given = [policy.act(seen[:, step, None])[:, 0] for step in range(self.n_steps)]
        return np.array(given).T, np.repeat(seen[:, ::12], 12, axis=1)

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        seeds = member_seeds(seed, len(genomes), split)
        given, right = self.answers(network, genomes, seeds, n_threads)
        return 50 + 50 * (given * right).mean(axis=1)

    def describe(self):
        return {"name": self.name}


# %%
# Any connectome will do. The worm's circuit takes the pulses through its DB cells, and answers
# through its AS cells. ``relu`` cells have no memory of their own. But ``trace`` smooths the
# activity that is read, and so keeps some of it.

task = Remember()
worm = cc.load("celegans-haspel2011")
ends = {
    "inputs": worm.select(where={"class": "DB"}),
    "outputs": worm.select(where={"class": "AS"}),
}


def train(neuron, **options):
    net = cc.Network(worm, task, neuron, "dense", **options, **ends)
    es = cc.ES(population_size=64, n_scout=64)
    return cc.evolve(net, task, es, 100, seed=0, progress=False)


runs = {"relu": train("relu"), "relu, trace 0.8": train("relu", trace=0.8)}
for name, run in runs.items():
    print(f"{name:16} {run.best.mean:.0f}")

# %%
# ``lif`` cells spike when their potential reaches ``v_th``, and lose a share of it in each step
# (the decay ``gamma``). ``constants=`` sets such numbers. ``tune=`` puts them into the genome, so
# that evolution finds them.

runs["lif"] = train("lif")
runs["lif, tuned"] = train("lif", tune=("gamma", "v_th"))
for name in ("lif", "lif, tuned"):
    print(f"{name:16} {runs[name].best.mean:.0f}")
tuned = runs["lif, tuned"]
print("default:", tuned.network.constants)
evolved = tuned.network.neuron_constants(tuned.best.genome[None])
print("evolved:", {name: round(float(value[0]), 2) for name, value in evolved.items()})

# %%
# This is what three of these networks answer in a trial that they have never seen.

figure, axes = plt.subplots(3, 1, figsize=(8, 4.5), sharex=True, layout="constrained")
for ax, name in zip(axes, ("relu, trace 0.8", "lif", "lif, tuned"), strict=True):
    run = runs[name]
    seed = member_seeds(3, 1, "held-out")
    given, right = task.answers(run.network, run.best.genome[None], seed)
    ax.step(np.arange(task.n_steps), right[0], "k:", where="post", label="right answer")
    ax.plot(given[0], label=f"answer, score {run.best.mean:.0f}")
    ax.set(ylabel=name, ylim=(-1.2, 1.2))
    ax.legend(loc="upper right", fontsize=8)
axes[-1].set_xlabel("step")

# %%
# With their default constants, LIF cells stay at chance. With constants that evolve, they
# remember for some steps. This is one seed of each network, so it shows how to ask such a
# question, not the answer: compare many seeds.
#
# A run of your own task is loaded with the task: ``cc.load_run("runs/remember",
# task=Remember())``. :func:`~conncore.register_task` makes the commands know the task by its name,
# and :func:`~conncore.register_neuron` adds cells with equations of your own. :doc:`/own-parts`
# describes both.
