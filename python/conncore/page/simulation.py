"""The page of a simulation: rates by cell or cell type, over time and in the wiring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.page.arrays import pack
from conncore.page.content import MOST_CELLS, wiring_of
from conncore.page.document import render
from conncore.plot.circuit import MOST_TYPES
from conncore.plot.rows import Rows, rows_of

if TYPE_CHECKING:
    from conncore.connectome import Connectome
    from conncore.simulation.result import Simulation

_MOST_ROWS = 300
_MOST_BINS = 500


def simulation_page(simulation: Simulation) -> str:
    """Return the page of a simulation as HTML.

    The rows are the cells that spike, or the cell types of a network of more than 5,000 cells:
    the 300 with the highest rates. Rates are means over the cells of a row and over the trials.

    Parameters
    ----------
    simulation : Simulation
    """
    connectome = simulation.connectome
    every = _rows(connectome)
    in_row = np.full(connectome.n_cells, -1)
    for row, cells in enumerate(every.cells):
        in_row[cells] = row
    sizes = np.array([len(cells) for cells in every.cells])
    rates = _by_trial(simulation, in_row, len(sizes)) / sizes
    shown = _most_active(every, rates.mean(axis=0))
    facts, activity = _over_time(simulation, shown)
    places, packed = pack({"activity": activity})
    spread = rates.std(axis=0, ddof=1) if len(rates) > 1 else np.zeros(len(sizes))
    order = {name: row for row, name in enumerate(every.names)}
    chosen = [order[name] for name in shown.names]
    facts |= {
        "arrays": places,
        "rows": {
            "names": list(shown.names),
            "signs": shown.signs.tolist(),
            "groups": [list(group) for group in shown.groups],
            "label": shown.label,
        },
        "wiring": wiring_of(connectome, shown, _first(shown, MOST_TYPES)),
        "joints": [],
        "radius": [],
        "rates": [
            [round(float(rates[:, row].mean()), 3), round(float(spread[row]), 3), int(sizes[row])]
            for row in chosen
        ],
        "words": "; ".join(simulation.problems),
    }
    n = len(simulation.trials)
    settings = {
        "simulation": {
            "connectome": connectome.name,
            "n_cells": connectome.n_cells,
            "n_edges": connectome.n_edges,
            "dt_ms": simulation.dt,
            "trials": n,
            "seconds": simulation.seconds.tolist(),
        }
    }
    n_active = len(np.unique(simulation.cell))
    page = {
        "title": f"{connectome.name}, simulated",
        "simulation": {
            "summary": f"{simulation.seconds.max(initial=0.0):g} s, {n} trial{'s' * (n > 1)}; "
            f"{n_active:,} of {connectome.n_cells:,} cells spike"
        },
    }
    return render(page, [(facts, packed)], settings)


def _rows(connectome: Connectome) -> Rows:
    """All cells, or all cell types of a large network that has types."""
    n_cells, n_types = connectome.n_cells, len(connectome.classes.counts())
    return rows_of(connectome, n_types if n_cells > MOST_CELLS and n_types > 1 else n_cells)


def _by_trial(
    simulation: Simulation, in_row: NDArray[np.int64], n_rows: int
) -> NDArray[np.float64]:
    """Spikes per second of all cells of each row, (n_trials, n_rows)."""
    row = in_row[simulation.cell]
    trial = np.searchsorted(simulation.trials, simulation.trial)
    flat = np.bincount((trial * n_rows + row)[row >= 0], minlength=len(simulation.trials) * n_rows)
    rates: NDArray[np.float64] = flat.reshape(-1, n_rows) / simulation.seconds[:, None]
    return rates


def _most_active(rows: Rows, rates: NDArray[np.float64]) -> Rows:
    """The rows with the highest rates, highest first; one row if nothing spikes."""
    order = np.argsort(-rates, kind="stable")
    n = max(1, min(int((rates > 0).sum()), _MOST_ROWS))
    kept = order[:n].tolist()
    kind = "cells" if rows.single else "cell types"
    return Rows(
        names=tuple(rows.names[row] for row in kept),
        cells=tuple(rows.cells[row] for row in kept),
        signs=rows.signs[kept],
        groups=tuple((rows.names[row], place, place + 1) for place, row in enumerate(kept)),
        label=f"the {n} most active of {len(rates):,} {kind}",
    )


def _first(rows: Rows, n: int) -> Rows:
    return Rows(rows.names[:n], rows.cells[:n], rows.signs[:n], rows.groups[:n], rows.label)


def _over_time(simulation: Simulation, rows: Rows) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Rates in bins of time, (n_bins, n_rows) in 255 steps of the largest one, and their facts."""
    n_steps = int(simulation.n_steps.max(initial=1))
    width = -(-n_steps // _MOST_BINS)
    n_bins = -(-n_steps // width)
    in_row = np.full(simulation.connectome.n_cells, -1)
    for row, cells in enumerate(rows.cells):
        in_row[cells] = row
    sizes = np.array([len(cells) for cells in rows.cells])
    rows_hit = in_row[simulation.cell]
    kept = rows_hit >= 0
    flat = (simulation.step[kept] // width).astype(np.int64) * len(sizes) + rows_hit[kept]
    counts = np.bincount(flat, minlength=n_bins * len(sizes)).reshape(n_bins, -1)
    # steps of each bin that were simulated, over all trials: a trial may have stopped early
    ends = np.clip(simulation.n_steps[:, None] - width * np.arange(n_bins), 0, width)
    seconds = ends.sum(axis=0) * simulation.dt * 1e-3
    rates = counts / sizes / seconds[:, None]
    largest = float(rates.max()) or 1.0
    facts = {
        "dt": width * simulation.dt * 1e-3,
        "n_steps": n_bins,
        "steps_per_action": 1,
        "graded": True,
        "unit": "spikes/s",
        "largest": largest,
    }
    return facts, np.rint(255 * rates / largest).astype(np.uint8)
