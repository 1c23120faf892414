"""
3. Your own connectome
======================

A connectome of your own is a table of edges, and often a table of cells. This script writes two
small tables, reads them, gives signs to the edges, and evolves the network on a task of
Gymnasium.
"""

# %%
# Any list of edges will do; :doc:`/formats` has all formats and column names. This circuit is
# made up: four sensory cells, eight interneurons in a ring, two motor cells.

import tempfile
from pathlib import Path

import conncore as cc

folder = Path(tempfile.mkdtemp())
edges = ["source,target,synapses"]
cells = ["name,class,transmitter"]
for k in range(8):
    cells.append(f"I{k},inter,{'GABA' if k % 2 else 'ACh'}")
    edges += [f"I{k},I{(k + step) % 8},{weight}" for step, weight in ((1, 6), (3, 2))]
    edges += [f"S{k % 4},I{k},4", f"I{k},M{k % 2},5", f"I{k},M{k // 4},3"]
cells += [f"S{k},sensory,ACh" for k in range(4)] + [f"M{k},motor,ACh" for k in range(2)]
(folder / "edges.csv").write_text("\n".join(edges))
(folder / "cells.csv").write_text("\n".join(cells))
print("\n".join(edges[:4]), "\n".join(cells[:3]), sep="\n\n")

# %%
# :func:`~conncore.read` finds the columns by their names. Some pairs of cells have two rows.
# conncore refuses such a file, unless you say what several rows mean: here, their synapses are
# added. ``I0`` to ``M0`` has 5 + 3 synapses.

circuit = cc.read(folder / "edges.csv", cells=folder / "cells.csv", duplicates="sum")
print(circuit)

# %%
# The table of edges has no signs. Here the sign of an edge follows from the transmitter of its
# presynaptic cell, by the rule for flies: ACh excites, GABA inhibits. Every edge keeps the source
# of its sign.

circuit = circuit.sign_by_transmitter("fly")
print(circuit.n_excitatory, "excitatory,", circuit.n_inhibitory, "inhibitory")
print(circuit.sign_source.counts())
ax = cc.plot.wiring(circuit)

# %%
# Say which cells sense and which act. With ``io="dense"``, each observation reaches every sensing
# cell, and each action comes from every acting cell. ``check`` warns if no path leads from the
# inputs to the outputs.

pole = cc.make_task("CartPole-v1", max_steps=200)
ends = {
    "inputs": circuit.select(where={"class": "sensory"}),
    "outputs": circuit.select(where={"class": "motor"}),
}
print(cc.check(circuit, pole, **ends))

# %%
# The numbers of synapses set the initial weights, and evolution then changes the weight of each
# edge, but never its sign. A signal needs three steps from a sensory to a motor cell, so each
# control step has three network steps. The angles and speeds of the pole are small numbers, so
# excitatory weights start large (log weight 1).

net = cc.Network(
    circuit,
    pole,
    "relu",
    "dense",
    weights="individual",
    initial_weights="counts",
    log_weights=(1.0, 0.0),
    steps_per_action=3,
    **ends,
)
es = cc.ES(population_size=64, sigma=0.5, learning_rate=0.1, n_scout=128)
run = cc.evolve(net, pole, es, 40, progress=False)
print(run.best)
ax = cc.plot.curve(run)

# %%
# The score is the number of steps for which the pole stays up, at most 200 here; a network that
# always pushes to one side gets 9. Seed 1 ends at 186. CartPole is easy, so a good score says
# nothing about the wiring. :doc:`4_does_the_wiring_help` asks that question.
