"""The layout of a genome: one vector of floats with named slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError, real_array


@dataclass(frozen=True)
class Part:
    """A named slice of the genome.

    Parameters
    ----------
    name : str
    initial : (size,) float64
        Centre of the initial values.
    spread : float
        Initial values are uniform within `spread` of the centre.
    lower, upper : float or (size,) float64
        The optimiser keeps values within these.
    unit : float or (size,) float64
        The optimiser counts values in this unit, because its steps have one size for all
        parameters.
    """

    name: str
    initial: NDArray[np.float64]
    spread: float
    lower: float | NDArray[np.float64]
    upper: float | NDArray[np.float64]
    unit: float | NDArray[np.float64] = 1.0

    @property
    def size(self) -> int:
        return self.initial.size


class GenomeLayout:
    """The slices of a genome, in order.

    Attributes
    ----------
    slices : dict of str to slice
    n_parameters : int
    lower, upper, unit : (n_parameters,) float64

    Examples
    --------
    >>> net = cc.Network(cc.load("celegans-haspel2011"), cc.make_task("swimmer6"))
    >>> net.layout.n_parameters, net.layout.slices["log_weights"]
    (46, slice(42, 44, None))
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        ends = np.cumsum([part.size for part in self.parts]).tolist()
        self.slices = {
            part.name: slice(end - part.size, end)
            for part, end in zip(self.parts, ends, strict=True)
        }
        self.n_parameters: int = ends[-1]

    def _filled(self, attribute: str) -> NDArray[np.float64]:
        return np.concatenate(
            [np.broadcast_to(getattr(part, attribute), part.size) for part in self.parts]
        ).astype(np.float64)

    @cached_property
    def lower(self) -> NDArray[np.float64]:
        return self._filled("lower")

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        return self._filled("upper")

    @cached_property
    def unit(self) -> NDArray[np.float64]:
        """The unit in which an optimiser counts each parameter, (n_parameters,)."""
        return self._filled("unit")

    @cached_property
    def initial(self) -> NDArray[np.float64]:
        """Centre of the initial genomes, (n_parameters,)."""
        return self._filled("initial")

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """Initial genomes are uniform within this distance of the centre, (n_parameters,)."""
        return self._filled("spread")

    def counted(self, genomes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Genomes or bounds in the units in which an optimiser counts."""
        return genomes / self.unit if self._has_units else genomes

    def valued(self, counted: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of `counted`; exact to the bit if units are powers of two."""
        return counted * self.unit if self._has_units else counted

    @cached_property
    def _has_units(self) -> bool:
        return bool((self.unit != 1.0).any())

    def split(self, genomes: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Views of the parts of (n_members, n_parameters) genomes, by name."""
        return {name: genomes[:, part] for name, part in self.slices.items()}

    def check(self, genomes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `genomes` as finite float64 of shape (n_members, n_parameters).

        Raises
        ------
        UsageError
            For any other shape, or a value that is not finite.
        """
        array = np.ascontiguousarray(real_array("genomes", genomes), dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != self.n_parameters or array.shape[0] < 1:
            raise UsageError(
                f"genomes have shape {array.shape}, need (n_members, {self.n_parameters}): "
                + ", ".join(f"{part.name} {part.size}" for part in self.parts)
            )
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
        if bad.size:
            raise UsageError(f"genome {bad[0]} has a value that is not finite")
        return array
