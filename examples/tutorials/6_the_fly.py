"""
6. The fly: direction from wiring alone
=======================================

T4 cells of the fly's optic lobe respond to motion, and each of their four types prefers another
direction. Does the wiring give them this preference? Nothing is trained here: signs and synapse
counts come from the data.
"""

# %%
# The connectome is a tile of the optic lobe: cell types and their synapse counts (flyvis,
# Lappalainen et al. 2024), repeated for every column of the eye. A cell has the coordinates ``u``
# and ``v`` of its column.

import matplotlib.pyplot as plt
import numpy as np

import conncore as cc

lobe = cc.load("fly-optic-lobe", extent=2)
print(lobe)
u, v = lobe.attributes["u"], lobe.attributes["v"]
x, y = u + v / 2, v * np.sqrt(3) / 2

# %%
# Light spreads over the eye from one side. It reaches only the photoreceptors, R1 to R8. The task
# has no score, because nothing is trained; it says only how many observations and actions there
# are.


class Eye(cc.Task):
    name, n_obs, n_actions, n_steps = "eye", lobe.n_cells, 1, 70

    def describe(self):
        return {"name": self.name}

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        raise NotImplementedError("the eye only looks")


receptors = np.flatnonzero(np.isin(lobe.classes, [f"R{k}" for k in range(1, 9)]))


def moving_edge(degrees, dark=15, speed=0.1):
    """Light on every cell at every step, (n_steps, n_cells); the speed is in columns per step."""
    ahead = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    edge = -3.5 + speed * np.maximum(np.arange(Eye.n_steps) - dark, 0)
    seen = np.zeros((Eye.n_steps, lobe.n_cells))
    seen[:, receptors] = ahead[receptors] < edge[:, None]
    return seen


# %%
# One log weight scales all excitatory synapses, another one all inhibitory synapses. A constant
# input keeps cells active in the dark. The response of a type is the activity of its cells in the
# seven middle columns.

TYPES = ("T4a", "T4b", "T4c", "T4d")
directions = np.arange(0, 360, 30)
inner = np.maximum(np.maximum(np.abs(u), np.abs(v)), np.abs(u + v)) <= 1
members = [np.flatnonzero(np.isin(lobe.classes, [kind]) & inner) for kind in TYPES]


def tuning(connectome):
    """Response of each T4 type to each direction, (4, n_directions)."""
    net = cc.Network(
        connectome,
        Eye(),
        "relu",
        "direct",
        initial_weights="counts",
        log_weights=(-2.7, -2.7),
        inputs=connectome.names,
        outputs=connectome.select(where={"class": "T4a"}),
    )
    genome = net.random_genomes(1, seed=0)[0]
    genome[net.layout.slices["encoder_bias"]] = 0.1
    films = [net.simulate(genome, moving_edge(degrees)) for degrees in directions]
    return np.array([[film[15:, cells].sum() for film in films] for cells in members])


arms = {"the fly": lobe, "null model segment": cc.make_null("segment", lobe, seed=0)}
responses = {name: tuning(connectome) for name, connectome in arms.items()}

# %%
# ``segment`` keeps which types are connected, and randomizes which columns are. Selectivity is
# the length of the vector sum of the responses over the sum of the responses: 0 is no preference,
# 1 is a response to one direction only.

figure, axes = plt.subplots(1, 2, figsize=(9, 4), subplot_kw={"projection": "polar"})
around = np.radians([*directions, directions[0]])
for ax, (name, response) in zip(axes, responses.items(), strict=True):
    print(name)
    total = response @ np.exp(1j * np.radians(directions)) / response.sum(axis=1)
    for kind, row, vector in zip(TYPES, response, total, strict=True):
        preferred = np.degrees(np.angle(vector)) % 360
        print(f"  {kind}: selectivity {abs(vector):.2f}, prefers {preferred:3.0f} degrees")
        ax.plot(around, np.append(row, row[0]) / row.mean(), label=kind)
    ax.set_title(name)
    ax.set_ylim(0, 1.6)
axes[1].legend(loc="lower left", bbox_to_anchor=(-0.25, -0.1))

# %%
# In the fly's wiring, T4a and T4b prefer opposite directions, and so do T4c and T4d, as in the
# animal. Shuffling the columns removes most of the preference. So the preference comes from
# offsets between columns, not from the types alone.
#
# This is one null model, and one choice of two log weights and of the input in the dark.
# ``examples/optic_lobe.py`` has five null models of each kind, and then evolves a readout.
# :doc:`/simulate` runs the whole brain of the fly, on spikes.
