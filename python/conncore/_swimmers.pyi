from types import ModuleType

from conncore._episodes import Episodes
from conncore.tasks.chain import Chain

class Swimmers(Episodes):
    """One planar chain per member, simulated by the compiled kernels.

    Parameters
    ----------
    swimmer, episode : module
        Kernels (``conncore._kernels.load``).
    chain : Chain
    n_members : int
    n_substeps : int
        Simulation steps in one control step.
    n_threads : int
        At least 1; results do not depend on it.

    Raises
    ------
    UsageError
        If a number is less than 1.
    """

    chain: Chain
    def __init__(
        self,
        swimmer: ModuleType,
        episode: ModuleType,
        chain: Chain,
        n_members: int,
        n_substeps: int,
        n_threads: int,
    ) -> None: ...
