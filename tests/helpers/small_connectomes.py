"""Connectomes of a few cells, and their edges by the names of the cells."""

from __future__ import annotations

from conncore.connectome import Connectome


def eye(**changes):
    """Two receptors, a relay on either side, one output; a gap junction between the relays."""
    given = dict(
        weight=[5, 4, 3, 2, 1],
        sign=[1, 1, -1, 1, 0],
        names=["R1", "R2", "T_L", "T_R", "OUT"],
        classes=["R", "R", "T", "T", "O"],
        transmitters=["ACh", "ACh", "Glu", "GABA", ""],
        gap_pre=[2, 3],
        gap_post=[3, 2],
        gap_weight=[1.0, 2.0],
        attributes={
            "region": ["eye", "eye", "lobe", "lobe", "lobe"],
            "confidence": [1, 1, 1, 2, 3],
        },
    )
    return Connectome.from_edges("eye", [0, 1, 2, 3, 2], [2, 3, 4, 4, 3], **{**given, **changes})


def three_cells(**changes):
    given = dict(
        pre=[2, 0, 0],
        post=[1, 2, 1],
        weight=[3.0, 2.0, 1.0],
        sign=[-1, 0, 1],
        names=["A", "B", "C"],
        transmitters=["Glu", "ACh", "GABA"],
    )
    given.update(changes)
    return Connectome.from_edges("three", given.pop("pre"), given.pop("post"), **given)


def edges(connectome):
    names = connectome.names
    rows = zip(connectome.pre, connectome.post, connectome.weight, connectome.sign, strict=True)
    return {(names[i], names[j]): (w, s) for i, j, w, s in rows}


def gaps(connectome):
    names = connectome.names
    ends = zip(connectome.gap_pre, connectome.gap_post, connectome.gap_weight, strict=True)
    return {(names[i], names[j]): w for i, j, w in ends}
