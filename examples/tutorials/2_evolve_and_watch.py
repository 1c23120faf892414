"""
2. Evolve a network and watch it
================================

A network takes its cells, edges and signs from a connectome. Evolution finds the rest: how strong
the synapses are, and how the network senses and moves its body. The body is a swimmer of six
links.
"""

# %%
# A network needs a connectome, a task and a neuron model. ``alif`` cells spike and adapt. With
# ``io="anatomical"``, each motor neuron senses its own part of the body, and each muscle pulls
# there.

import conncore as cc

worm = cc.load("celegans-haspel2011")
task = cc.make_task("swimmer6")
net = cc.Network(worm, task, neuron="alif", io="anatomical")
print(net)

# %%
# The network holds no parameters. They are in the genome: one row of numbers for each member of a
# population. All members are scored at once.

genomes = net.random_genomes(200, seed=0)
fitness = task.evaluate(net, genomes, seed=0)
print(f"{genomes.shape[1]} parameters in each of {len(genomes)} random networks")
print(f"best score {max(fitness):.0f}, median {sorted(fitness)[100]:.0f}")

# %%
# The score is the distance that the worm swims in 40 s (in m, over 0.04). Random networks hardly
# swim. An evolution strategy (:class:`~conncore.ES`) improves them.

run = cc.evolve(net, task, cc.ES(population_size=128, n_scout=512), 60, seed=1, progress=False)
print(run.best)
ax = cc.plot.curve(run)

# %%
# The last score comes from 32 held-out starts, which training never used. This setting is short,
# and its luck is large: seeds 0 and 2 end at 213 and 171. The README's comparison trains for 150
# generations of 200 members, from the best of 1,600 random genomes; its ten seeds average 381.
#
# :func:`~conncore.record` runs one episode of the solution again, and keeps all of it. The body
# moves:

episode = cc.record(run)
ax = cc.plot.gait(episode)

# %%
# And these are the spikes that move the body. Motor neurons are above, muscles below.

ax = cc.plot.raster(episode)

# %%
# Joint angles show a wave that travels along the body.

ax = cc.plot.kymograph(episode)

# %%
# With ``out="runs/worm"``, a run is saved while it runs. ``conncore watch runs/worm`` follows it in
# a browser, ``conncore report runs/worm`` writes a page with the moving body, and
# ``conncore film runs/worm worm.mp4`` a film. :doc:`/pictures` describes them.
