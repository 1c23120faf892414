"""Haspel & O'Donovan 2011: the original MATLAB file of the C. elegans locomotion circuit.

The file holds matrices A_conn_<circuit> (chemical, a minus means inhibition), J_conn_<circuit> (gap
junctions) and Names_conn_<circuit>, for the circuits full and seg. Rows are POSTsynaptic and
columns presynaptic. A matrix has no duplicates. Gap junction entries stay as in the file.
"""

from __future__ import annotations

from os import PathLike

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.formats._build import check_names, make
from conncore.formats._files import Source, open_source
from conncore.formats._worker import run_worker


def read_haspel(path: str | PathLike[str], *, circuit: str = "full") -> Connectome:
    """Read a circuit from the .mat file; needs SciPy.

    Parameters
    ----------
    path : path
        CeConnMtrcs_170626.mat, or another file of this layout.
    circuit : str
        "full": six repeating units, 102 cells; "seg": one unit, 17 cells.

    Returns
    -------
    Connectome
        Cells have the names of the file (AS01, MDlr01).

    Raises
    ------
    ConnectomeError
        If the file cannot be understood.
    """
    source = open_source(path)
    facts, arrays = run_worker(source, "mat")
    matrices = dict(zip(facts["numbers"], arrays, strict=True))
    names = facts["texts"].get(f"Names_conn_{circuit}")
    prefix = "Names_conn_"
    known = sorted(key.removeprefix(prefix) for key in facts["texts"] if key.startswith(prefix))
    if names is None:
        raise source.error(
            f"has no variable Names_conn_{circuit}; its circuits are {', '.join(known) or 'none'}"
        )
    names = [name.strip() for name in names]
    check_names(source, names, lambda k: f"Names_conn_{circuit}, row {k + 1}")
    pre, post, value = _entries(source, matrices, f"A_conn_{circuit}", len(names))
    gap_pre, gap_post, gap = _entries(source, matrices, f"J_conn_{circuit}", len(names))
    return make(
        source,
        name=f"{source.stem}_{circuit}",
        pre=pre,
        post=post,
        weight=np.abs(value),
        sign=np.sign(value).astype(np.int8),
        names=names,
        gap_pre=gap_pre,
        gap_post=gap_post,
        gap_weight=gap,
    )


def _entries(
    source: Source, matrices: dict[str, NDArray[np.float64]], key: str, n_cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pre, post and value of a matrix [post, pre]."""
    matrix = matrices.get(key)
    if matrix is None:
        raise source.error(f"has no matrix {key}")
    if matrix.shape != (n_cells, n_cells):
        shape = " x ".join(map(str, matrix.shape))
        raise source.error(f"{key} is {shape}, but there are {n_cells} names")
    pre, post = np.nonzero(matrix.T)
    return pre, post, matrix[post, pre]
