"""A callback that writes the progress of a run for TensorBoard."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

from conncore.errors import UsageError
from conncore.evolution.callbacks import GenerationEvent


class TensorBoard:
    """A callback of `evolve` that writes the numbers of each generation for TensorBoard.

    The scalars are "fitness/best", "fitness/mean", "fitness/std", "fitness/best_so_far" and
    "run/n_failed", "run/n_evaluations", "run/sigma", "run/seconds". The step is the generation.

    Parameters
    ----------
    folder : path
        Directory of the run's logs, such as "logs/worm". A resumed run may use it again.

    Raises
    ------
    UsageError
        The package tensorboardX is not installed.

    Examples
    --------
    >>> with cc.TensorBoard("logs/worm") as board:  # doctest: +SKIP
    ...     run = cc.evolve(net, task, generations=50, callback=board)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ModuleNotFoundError:
            raise UsageError(
                "tensorboardX is not installed and cc.TensorBoard needs it: "
                "pip install 'conncore[tensorboard]'"
            ) from None
        self._writer: Any = SummaryWriter(os.fspath(folder))

    def __repr__(self) -> str:
        return f"<TensorBoard: {self._writer.logdir}>"

    def __call__(self, event: GenerationEvent) -> None:
        """Write the numbers of a generation."""
        for name, value in event.numbers.items():
            group = "fitness" if name in ("best", "mean", "std", "best_fitness") else "run"
            name = "best_so_far" if name == "best_fitness" else name
            self._writer.add_scalar(f"{group}/{name}", value, event.generation)
        self._writer.flush()  # so that the page of TensorBoard follows the run

    def close(self) -> None:
        """Close the file. `with` does it too."""
        self._writer.close()

    def __enter__(self) -> TensorBoard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
