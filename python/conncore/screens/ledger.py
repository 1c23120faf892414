"""The finished simulations of a comparison or a screen, kept in a file so that it can resume.

The file has one JSON object in each line: first the settings, then one simulation per line with its
key, the rates of all trials and groups, and what the user should know. A kill may cut off the last
line, which is then simulated again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.screens.readout import Readout
from conncore.simulation.result import Simulation
from conncore.simulation.simulator import Simulator
from conncore.storage import disk_errors, write_atomically

_ADVICE = "give another path"


@dataclass(frozen=True)
class Finished:
    """Rates of each trial and group, Hz, (n_trials, n_groups), and problems of the simulation."""

    rates: NDArray[np.float64]
    problems: tuple[str, ...]


class Ledger:
    """Runs simulations, and remembers those that are finished.

    Parameters
    ----------
    file : path or None
        The file to resume from and to write. None: nothing is kept.
    settings : mapping of str to object
        What determines all rates; each value must fit JSON, or be an array.
    readout : Readout
    n_trials : int

    Raises
    ------
    UsageError
        If the file is damaged, or has other settings.
    ConncoreError
        If the file cannot be written.
    """

    def __init__(
        self,
        file: str | PathLike[str] | None,
        settings: Mapping[str, Any],
        readout: Readout,
        n_trials: int,
    ) -> None:
        self._file = None if file is None else Path(file)
        self._readout, self._shape = readout, (n_trials, readout.sizes.size)
        self._known: dict[str, Finished] = {}
        read_out = {"cells": readout.names, "sizes": readout.sizes, "trials": n_trials}
        self._header = {name: _digest(value) for name, value in {**settings, **read_out}.items()}
        if self._file is not None:
            with disk_errors(self._file, _ADVICE):
                self._open(self._file)

    def get(self, key: str, simulate: Callable[[], Simulation]) -> Finished:
        """Return a simulation that is finished, or simulate, and keep the result.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C stops the simulation. Finished simulations are kept.
        """
        if key not in self._known:
            found = simulate()
            if len(found.trials) < self._shape[0]:
                raise KeyboardInterrupt
            finished = Finished(self._readout.rates(found), found.problems)
            self._known[key] = finished
            self._append({"key": key, "rates": finished.rates.tolist(), "problems": found.problems})
        return self._known[key]

    def _open(self, file: Path) -> None:
        content = file.read_bytes() if file.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if not whole:
            if content:
                raise UsageError(f"{file}: is not a file of finished simulations; {_ADVICE}")
            write_atomically(file, (json.dumps(self._header) + "\n").encode())
            return
        header, *lines = whole.splitlines()
        damaged = UsageError(
            f"{file}: is not a file of finished simulations, or is damaged; {_ADVICE}"
        )
        try:
            kept = dict(json.loads(header))
        except (ValueError, TypeError):
            raise damaged from None
        if kept != self._header:
            other = [name for name in self._header if kept.get(name) != self._header[name]]
            what = other[0] if other else "settings"
            raise UsageError(f"{file}: has simulations with other {what}; {_ADVICE}")
        try:
            self._known = dict(self._read(json.loads(line)) for line in lines)
        except (ValueError, TypeError, KeyError):
            raise damaged from None
        if whole != content:
            write_atomically(file, whole)

    def _read(self, line: dict[str, Any]) -> tuple[str, Finished]:
        rates = np.array(line["rates"], np.float64).reshape(self._shape)
        if not np.isfinite(rates).all():
            raise ValueError
        return str(line["key"]), Finished(rates, tuple(map(str, line["problems"])))

    def _append(self, record: Mapping[str, Any]) -> None:
        if self._file is not None:
            with disk_errors(self._file, _ADVICE), open(self._file, "ab") as stream:
                stream.write((json.dumps(record) + "\n").encode())


def settings_of(simulator: Simulator, options: Mapping[str, Any]) -> dict[str, Any]:
    """What determines the rates of a simulator's runs, apart from threads."""
    given = {name: value for name, value in options.items() if name != "n_threads"}
    return {
        "connectome": simulator.connectome.checksum,
        "neuron": asdict(simulator.neuron),
        "dt": simulator.dt,
        "delays": simulator.delays,
        "options": given,
    }


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=lambda array: np.asarray(array).tolist())
    return hashlib.sha256(text.encode()).hexdigest()[:16]
