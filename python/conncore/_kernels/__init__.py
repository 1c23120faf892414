"""Kernels, each compiled once per instruction set; the best one is chosen at run time."""

from __future__ import annotations

import importlib
import os
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from conncore._cpu import instruction_sets
from conncore.errors import choose


def built_for() -> tuple[str, ...]:
    """Instruction sets that this installation has kernels for and this processor runs."""
    return tuple(isa for isa in instruction_sets() if find_spec(f"{__name__}.network_{isa}"))


@cache
def exists(kernel: str) -> bool:
    """Whether this installation has a kernel of this name."""
    return find_spec(f"{__name__}.{kernel}_{built_for()[0]}") is not None


@cache
def load(kernel: str) -> ModuleType:
    """Import a kernel for the best instruction set, or for the one named by $CONNCORE_ISA.

    Raises
    ------
    UsageError
        If $CONNCORE_ISA names one that is not built or that this processor lacks.
    """
    isa = os.environ.get("CONNCORE_ISA")
    chosen = (
        built_for()[0] if not isa else choose("instruction set ($CONNCORE_ISA)", isa, built_for())
    )
    return importlib.import_module(f"{__name__}.{kernel}_{chosen}")
