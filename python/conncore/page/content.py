"""What a page shows: facts and arrays of a run and of one episode."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.plot.circuit import MOST_ON_MAP, MOST_TYPES, places
from conncore.plot.rows import Rows, rows_of

if TYPE_CHECKING:
    from conncore.connectome import Connectome
    from conncore.evolution.loop import Run
    from conncore.recording.episode import Episode

MOST_CELLS = 5000  # a larger network has a row per cell type


def page_rows(connectome: Connectome) -> Rows:
    """Return the rows of the page: cells, or cell types of a network of more than 5,000 cells."""
    return rows_of(connectome, MOST_CELLS)


def run_facts(run: Run) -> dict[str, Any]:
    """Return what the page shows of a finished run, as plain values for JSON."""
    best, history = run.best, run.history
    shown = None
    if best.chosen == "archive" and np.isfinite(history["best"]).any():
        shown = int(np.nanargmax(history["best"]))
        chosen = "the best member of all generations"
    else:
        chosen = "the optimiser's own solution"
    return {
        "summary": best.summary,
        "chosen": f"held-out scores of {chosen} after generation {best.generation}",
        "history": curves(history),
        "total": len(history),
        "shown": shown,
        "held_out": [number(value) for value in best.scores.tolist()],
    }


def curves(history: NDArray[np.void]) -> dict[str, list[float | None]]:
    """Return the best and the mean fitness of each generation, for JSON."""
    return {name: [number(value) for value in history[name].tolist()] for name in ("best", "mean")}


def episode_facts(episode: Episode, rows: Rows) -> dict[str, Any]:
    """Return all that the page shows of an episode apart from the arrays, for JSON.

    `rows` are those of `page_rows`.
    """
    graded = episode.spikes is None or not rows.single
    return {
        "score": number(episode.fitness),
        "start": f"{episode.split} start {episode.seed}",
        "dt": episode.dt,
        "n_steps": episode.n_steps,
        "steps_per_action": episode.steps_per_action,
        "graded": graded,
        "unit": "activity" if episode.spikes is None else "spikes per step",
        "largest": float(rows.mean(episode.activity).max()) if graded else 1.0,
        "rows": {
            "names": list(rows.names),
            "signs": rows.signs.tolist(),
            "groups": [list(group) for group in rows.groups],
            "label": rows.label,
        },
        "wiring": wiring_of(episode.connectome, rows),
        "joints": [] if episode.body is None else list(episode.body.joint_names),
        "radius": [] if episode.body is None else episode.body.radius.tolist(),
    }


def arrays_of(episode: Episode, rows: Rows) -> dict[str, NDArray[Any]]:
    """Return the arrays of a page; `rows` are those of `page_rows`.

    Returns
    -------
    dict of str to ndarray
        "activity": spikes as bits of uint8, row after row, (n * n_rows / 8,), n network steps; or
        activity of a row divided by the largest one, in 255 steps, (n, n_rows) uint8. With a body:
        "links" (n_steps, n_links, 2, 2) float32 in m and "angles" (n_steps, n_joints) float32 in
        rad. Without: "actions" and, if there are no pictures, "observations", (n_steps, n) float32.
    """
    if episode.spikes is not None and rows.single:
        activity = np.packbits(episode.spikes[:, np.concatenate(rows.cells)], bitorder="little")
    else:
        shown = rows.mean(episode.activity)
        activity = np.rint(255 * shown / (shown.max() or 1.0)).clip(0, 255).astype(np.uint8)
    arrays: dict[str, NDArray[Any]] = {"activity": activity}
    if episode.body is None:
        if episode.pictures is None:
            arrays["observations"] = episode.observations.astype(np.float32)
        arrays["actions"] = episode.actions.astype(np.float32)
    else:
        plane = list(episode.body.plane)
        arrays["links"] = episode.body.links[..., plane].astype(np.float32)
        arrays["angles"] = episode.body.angles.astype(np.float32)
    return arrays


def wiring_of(connectome: Connectome, rows: Rows, types: Rows | None = None) -> dict[str, Any]:
    """Return the nodes and edges of the wiring panel.

    The nodes are the cells of a connectome with a small body map, at their places; else the cells
    or cell types on a circle, 60 at most: `types`, or the largest ones.

    Returns
    -------
    dict
        "map": whether nodes have places in the body; "names"; "x" and "y"; "node": the node of
        each row, or -1; "edges": [presynaptic node, postsynaptic node, signed synapses] of each
        pair; "left_out": what is not drawn, or "".
    """
    body = connectome.body
    on_map = body is not None and 0 < int((body.segment >= 0).sum()) <= MOST_ON_MAP
    node_of = np.full(connectome.n_cells, -1)
    if on_map and rows.single:
        place = places(connectome)
        cells = np.flatnonzero(np.isfinite(place[:, 0]))
        node_of[cells] = np.arange(len(cells))
        x, y = place[cells].T
        names = [connectome.names[cell] for cell in cells]
        rest = connectome.n_cells - len(cells)
        left_out = f"{rest:,} cells without a segment are not drawn" if rest else ""
    else:
        types = rows_of(connectome, MOST_TYPES) if types is None else types
        for node, members in enumerate(types.cells):
            node_of[members] = node
        angle = 2 * np.pi * np.arange(len(types.names)) / len(types.names)
        x, y, names = np.sin(angle), np.cos(angle), list(types.names)
        left_out = types.label
    pre, post = node_of[connectome.pre], node_of[connectome.post]
    drawn = (pre >= 0) & (post >= 0)
    n_nodes = len(names)
    pairs, place_of = np.unique(pre[drawn] * n_nodes + post[drawn], return_inverse=True)
    signed = (connectome.weight * connectome.sign)[drawn]
    total = np.bincount(place_of, signed, minlength=len(pairs))
    return {
        "map": bool(on_map and rows.single),
        "names": names,
        "x": np.round(x, 4).tolist(),
        "y": np.round(y, 4).tolist(),
        "node": [int(node_of[cells[0]]) for cells in rows.cells],
        "edges": [
            [int(pair // n_nodes), int(pair % n_nodes), float(weight)]
            for pair, weight in zip(pairs.tolist(), np.round(total, 3).tolist(), strict=True)
        ],
        "left_out": left_out,
    }


def number(value: float) -> float | None:
    """Return the number, or None, which JSON has instead of numbers that are not finite."""
    return value if math.isfinite(value) else None
