import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._population import Population
from conncore.tasks.native import Scoring

class Episodes:
    """Bodies of one kind in lanes, one per member; see the subclasses."""

    n_members: int
    n_blocks: int
    n_threads: int
    def reset(
        self, qpos: ArrayLike, qvel: ArrayLike, which: NDArray[np.bool_] | None = None
    ) -> None:
        """Start members from their rows of `qpos` and `qvel`, (n_members, n_links + 2).

        Every member starts, or those where `which`, (n_members,), is True. The others stay as they
        are, and nobody reads their rows.
        """

    def step(self, controls: ArrayLike) -> None:
        """Advance every member by one control step with its row of (n_members, n_actions)."""

    def run(
        self, policy: Population | ArrayLike, scoring: Scoring, n_steps: int
    ) -> NDArray[np.float64]:
        """Run an episode from the present state without leaving compiled code.

        Parameters
        ----------
        policy : Population, or (n_members, n_steps, n_actions)
            Networks that see what `scoring` says, or the actions themselves.
        scoring : Scoring
        n_steps : int
            Control steps.

        Returns
        -------
        (n_members,) float64
            The sum of the rewards; -inf for a member that diverged.

        Raises
        ------
        UsageError
            If the policy's shape does not fit.
        """

    @property
    def qpos(self) -> NDArray[np.float64]:
        """(n_members, n_links + 2): two slides, the root's angle, the joints' angles; a copy."""

    @property
    def qvel(self) -> NDArray[np.float64]:
        """(n_members, n_links + 2): the velocities; a copy."""

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(n_members,) True for a member that diverged since the reset; it stays where it was."""

    @property
    def ended(self) -> NDArray[np.bool_]:
        """(n_members,) True for a member whose last `run` ended early; it stays where it was."""
