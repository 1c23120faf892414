"""
1. Load a connectome and look at it
===================================
"""

# %%
# Load.

import conncore as cc

worm = cc.load("celegans-haspel2011")
print(worm)
cc.plot.wiring(worm)
