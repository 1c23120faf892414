from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from conncore._episodes import Episodes
from conncore.tasks.planar import PlanarBody

class PlanarBodies(Episodes):
    """One planar tree of links on a floor per member, simulated by the compiled kernels.

    Parameters
    ----------
    planar, episode : module
        Kernels (``conncore._kernels.load``).
    body : PlanarBody
    n_members : int
    n_substeps : int
        Simulation steps in one control step.
    n_threads : int
        At least 1; results do not depend on it.
    full_rounds, max_rounds : int
        Newton steps of the contact solver before it searches along them, and before it gives up:
        the member then fails. Only tests set these.

    Raises
    ------
    UsageError
        If a number is less than 1.
    """

    body: PlanarBody
    def __init__(
        self,
        planar: ModuleType,
        episode: ModuleType,
        body: PlanarBody,
        n_members: int,
        n_substeps: int,
        n_threads: int,
        full_rounds: int = ...,
        max_rounds: int = ...,
    ) -> None: ...
    @property
    def met(self) -> NDArray[np.bool_]:
        """(n_members,) where two links met since the reset; the state then has no meaning."""
