"""Input spikes in files: a table of cells and times."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conncore.errors import UsageError, need

_COLUMNS = "columns cell and time (s)"


def read_input_spikes(path: Path) -> dict[str, list[float]]:
    """Read the times of input spikes, s, of each cell.

    Parameters
    ----------
    path : Path
        A CSV file with columns "cell" and "time", or a Parquet file with the same columns or those
        of `Simulation.to_parquet`: "flywire_id" and "t", of one trial.

    Returns
    -------
    dict of str to list of float
        Ready for the `input_spikes` of `Simulator.run`.

    Raises
    ------
    UsageError
        If the file is neither, lacks a column, has several trials, or has a time that is not a
        number.
    """
    suffix = path.suffix.lower()
    need(suffix in (".csv", ".parquet"), f"{path}: give a file ending in .csv or .parquet")
    spikes: dict[str, list[float]] = {}
    for line, (cell, time) in enumerate(_csv(path) if suffix == ".csv" else _parquet(path), 2):
        try:
            spikes.setdefault(str(cell), []).append(float(time))
        except (TypeError, ValueError):
            raise UsageError(f"{path}: row {line}: time is {time!r}; give seconds") from None
    need(bool(spikes), f"{path}: has no spikes; give {_COLUMNS}")
    return spikes


def _csv(path: Path) -> Iterable[tuple[Any, Any]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            need({"cell", "time"} <= set(reader.fieldnames or ()), f"{path}: give {_COLUMNS}")
            return [(row["cell"], row["time"]) for row in reader]
    except (UnicodeDecodeError, csv.Error):
        raise UsageError(f"{path}: is not CSV text; give {_COLUMNS}") from None


def _parquet(path: Path) -> Iterable[tuple[Any, Any]]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise UsageError("Parquet needs pyarrow: pip install 'conncore[formats]'") from None
    try:
        table = parquet.read_table(path)
    except pa.ArrowInvalid:
        raise UsageError(f"{path}: is not a Parquet file; give {_COLUMNS}") from None
    n_trials = len(table["trial"].unique()) if "trial" in table.column_names else 1
    need(n_trials <= 1, f"{path}: has {n_trials} trials; keep the rows of one")
    for names in (("cell", "time"), ("flywire_id", "t")):
        if set(names) <= set(table.column_names):
            cells, times = (table[name].to_pylist() for name in names)
            return zip(cells, times, strict=True)
    raise UsageError(f"{path}: give {_COLUMNS}")
