"""
1. Load a connectome and look at it
===================================

A connectome lists cells and the connections between them. Here you load the locomotion circuit of
the worm *C. elegans*, count what it holds, draw it, and ask which cells a cell talks to.
"""

# %%
# Several connectomes ship with conncore. This line lists them with their numbers of cells and
# edges.

import numpy as np

import conncore as cc

for entry in cc.list_connectomes():
    print(f"{entry.name:28} {entry.n_cells:4} cells {entry.n_edges:6} edges")

# %%
# An edge is a chemical connection from one cell to another. Its weight is a number of synapses.
# Its sign says whether it excites (+1) or inhibits (-1).

worm = cc.load("celegans-haspel2011")
print(worm)
print(worm.citation)

# %%
# :func:`~conncore.check` counts what a connectome holds and lists possible problems. Run it on
# every file of your own before you use the file.

report = cc.check(worm)
print("\n".join(report.findings.values()))

# %%
# This connectome has a body map, so :func:`~conncore.plot.wiring` draws it along the body, from
# head (left) to tail. Orange edges excite, blue edges inhibit.

ax = cc.plot.wiring(worm)

# %%
# Each field is an array over cells or over edges. So NumPy answers most questions. Which cells
# does motor neuron DB3 excite, and with how many synapses?

db3 = worm.names.index("DB3")
for edge in np.flatnonzero(worm.pre == db3):
    target = worm.post[edge]
    print(f"DB3 -> {worm.names[target]:6} class {worm.classes[target]:4} {worm.weight[edge]:g}")

# %%
# A connectome without a body map is drawn as a matrix. Here is the learning centre of the fly
# larva. Its signs are unknown, because the source has no transmitters:
# :doc:`3_your_own_connectome` shows how to set signs.

brain = cc.load("larva-mushroom-body-left")
print(brain)
ax = cc.plot.wiring(brain)

# %%
# Next: :doc:`2_evolve_and_watch` turns the worm's circuit into a network that swims.
