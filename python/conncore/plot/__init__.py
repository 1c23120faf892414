"""Pictures of connectomes, episodes, runs and comparisons.

Each function takes a Matplotlib Axes, or makes one, and returns it. Orange is excitatory and blue
is inhibitory in all of them.

>>> ax = cc.plot.wiring(cc.load("celegans-haspel2011"))  # doctest: +SKIP
>>> ax.figure.savefig("worm.png", dpi=200)  # doctest: +SKIP
"""

from conncore.plot.activity import raster
from conncore.plot.circuit import wiring
from conncore.plot.movement import gait, kymograph
from conncore.plot.scores import comparison, curve
from conncore.plot.specification import specification_curve

__all__ = ["comparison", "curve", "gait", "kymograph", "raster", "specification_curve", "wiring"]
