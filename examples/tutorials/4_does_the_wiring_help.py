"""
4. Does the wiring help?
========================

A network that learns may owe nothing to its wiring. Compare it with null models: shuffled
connectomes that keep some properties and randomize all others.
"""

# %%
# The null model ``degree`` keeps the in-degree, the out-degree and the sign of every cell, and
# randomizes its partners. :doc:`/nulls` lists all null models.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import conncore as cc

worm = cc.load("celegans-haspel2011")
null = cc.make_null("degree", worm, seed=0)
figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
cc.plot.wiring(worm, axes[0]).set_title("the worm")
cc.plot.wiring(null, axes[1]).set_title("its null model degree")

# %%
# :func:`~conncore.compare` evolves both with the same budget. Run s of the circuit and run s of
# the null model have the same seed, so they form a pair. Every seed draws its own null model.

task = cc.make_task("swimmer6")
found = cc.compare(
    worm,
    task,
    ["degree"],
    seeds=6,
    out=Path(tempfile.mkdtemp()) / "nulls",
    optimizer=cc.ES(population_size=64, n_scout=256),
    generations=20,
    initial_weights="counts",
)
print(found)

# %%
# Read the row of the null model. ``difference`` is the circuit's score minus that of the null
# model, with its 95% interval. ``p Holm`` is the probability of such a difference if the wiring
# did not matter, corrected for the number of null models. With 6 seeds, p cannot be below 2 /
# 2**6 = 0.031.

ax = cc.plot.comparison(found)

# %%
# What this shows: within 20 generations, the worm's partners help. What it does not show: which
# property of the partners helps, or that the null model could not catch up. For the first
# question, use stricter null models: ``segment`` also keeps the classes and body segments of a
# cell's targets, and scores like the circuit (p = 0.49, n = 10). For the second, train for
# longer. The README has the results of 150 generations and ten seeds.
