"""The connectomes beside the worm circuits: published counts, orientation, tiling."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from importlib.resources import files

import numpy as np
import pytest

from conncore.catalog.shipped import load, open_connectome
from conncore.errors import UsageError


def class_edges(connectome):
    pairs = zip(connectome.pre, connectome.post, strict=True)
    return Counter((connectome.classes[i], connectome.classes[j]) for i, j in pairs)


def edge(connectome, pre, post):
    i, j = connectome.names.index(pre), connectome.names.index(post)
    (k,) = np.flatnonzero((connectome.pre == i) & (connectome.post == j))
    return connectome.weight[k], connectome.sign[k]


@pytest.mark.parametrize(
    ("side", "cells", "synapses", "edges"),
    [
        (
            "left",
            {"KC": 101, "PN": 58, "MBON": 29, "MBIN": 21},
            25322,
            {
                ("KC", "KC"): 3585,
                ("KC", "MBON"): 1570,
                ("KC", "MBIN"): 927,
                ("MBIN", "KC"): 827,
                ("PN", "KC"): 437,
                ("MBON", "MBON"): 40,
                ("MBON", "MBIN"): 20,
                ("MBIN", "MBON"): 19,
            },
        ),
        (
            "right",
            {"KC": 100, "PN": 63, "MBON": 29, "MBIN": 21},
            26371,
            {
                ("KC", "KC"): 3584,
                ("KC", "MBON"): 1434,
                ("KC", "MBIN"): 936,
                ("MBIN", "KC"): 805,
                ("PN", "KC"): 478,
                ("MBON", "MBON"): 169,
                ("MBON", "MBIN"): 57,
                ("MBIN", "MBON"): 73,
            },
        ),
    ],
)
def test_mushroom_body_by_class(side, cells, synapses, edges):
    """Sums over blocks of the source's matrix; a transposed matrix would have PN listen to KC."""
    body = load(f"larva-mushroom-body-{side}")
    assert Counter(body.classes) == cells
    assert body.weight.sum() == synapses
    assert class_edges(body) == edges
    assert body.n_unknown == body.n_edges
    assert set(body.sign_source) == {"unknown"}


def test_mushroom_body_points_from_row_to_column():
    """The first row of the left matrix, read by hand: 0 4 16 1 15 4 57 7 1 4 0 ..."""
    body = load("larva-mushroom-body-left")
    assert body.names[:3] == ("KC1", "KC2", "KC3")
    row = {body.names[j]: w for j, w in zip(body.post[:9], body.weight[:9], strict=True)}
    by_hand = dict(
        zip([f"KC{k}" for k in range(2, 11)], [4, 16, 1, 15, 4, 57, 7, 1, 4], strict=True)
    )
    assert row == by_hand


def test_white_is_the_first_wiring_diagram():
    white = load("celegans-white1986")
    assert (white.n_excitatory, white.n_inhibitory, white.n_unknown) == (1876, 179, 331)
    assert (white.weight.sum(), white.gap_weight.sum()) == (7943, 971)
    # Rows of the source, read by hand.
    assert edge(white, "ADAL", "AIBL") == (1, 1)
    assert edge(white, "ADAL", "AIBR") == (2, 1)
    gaps = zip(white.gap_pre, white.gap_post, strict=True)
    assert (white.names.index("VD9"), white.names.index("PDER")) in set(gaps)
    muscles = white.names.index("LegacyBodyWallMuscles")
    assert (white.post == muscles).sum() == 114
    assert not (white.pre == muscles).any()
    assert white.dale_violations() == ()
    # Command neurons drive motor neurons, and those the muscles: the direction of the edges.
    assert class_edges(white)["VA", "VD"] > class_edges(white)["VD", "VA"]


def test_cells_of_white_and_cook_have_the_same_names_and_transmitters():
    white, cook = load("celegans-white1986"), load("celegans-cook2019")
    known = dict(zip(cook.names, cook.transmitters, strict=True))
    assert set(white.names) - set(known) == {"LegacyBodyWallMuscles", "pm4"}
    for name, transmitter in zip(white.names, white.transmitters, strict=True):
        assert known.get(name, "") == transmitter


def spec():
    data = files("conncore.data").joinpath("fly-optic-lobe.json.gz").read_bytes()
    return json.loads(gzip.decompress(data))


@pytest.mark.parametrize(
    ("extent", "cells", "edges"), [(0, 65, None), (1, 443, 7698), (2, 1203, 26636)]
)
def test_optic_lobe_is_tiled(extent, cells, edges):
    lobe = load("fly-optic-lobe", extent=extent)
    assert lobe.n_cells == cells
    assert edges in (None, lobe.n_edges)
    columns = 3 * extent * (extent + 1) + 1
    per_type = Counter(lobe.classes)
    assert len(per_type) == 65
    assert {kind for kind, n in per_type.items() if n != columns} <= {"Lawf1", "Lawf2"}


def test_optic_lobe_edges_are_the_offsets_of_the_source():
    lobe = load("fly-optic-lobe")
    assert lobe.sign_source.counts() == {"source": 7698}
    assert {name.partition("_")[0] for name in lobe.dale_violations()} == {"R8", "Am", "C2", "C3"}
    assert edge(lobe, "R1_0_0", "L1_0_0") == (40, -1)
    # Offset [0, 1] from Mi15 to Mi10, 1.25 synapses, is all that joins the two.
    mi15 = [
        (i, j)
        for i, j in zip(lobe.pre, lobe.post, strict=True)
        if (lobe.classes[i], lobe.classes[j]) == ("Mi15", "Mi10")
    ]
    assert len(mi15) == 4
    u, v = lobe.attributes["u"], lobe.attributes["v"]
    assert all((u[j] - u[i], v[j] - v[i]) == (0, 1) for i, j in mi15)
    assert edge(lobe, "Mi15_0_0", "Mi10_0_1") == (1.25, 1)
    assert lobe.attributes["unit"].counts() == {"input": 56, "output": 34 * 7, "": 443 - 42 * 7}


def test_an_extent_is_for_what_is_tiled():
    assert open_connectome("fly-optic-lobe", options=["extent=2"]).n_cells == 1203
    for option in ("extent=two", "fill=1", "extent"):
        with pytest.raises(UsageError, match=f"fly-optic-lobe has no option '{option}'"):
            open_connectome("fly-optic-lobe", options=[option])
    with pytest.raises(UsageError, match="'celegans-haspel2011' is not tiled"):
        load("celegans-haspel2011", extent=1)
    for extent in (-1, 101):
        with pytest.raises(UsageError, match="extent must be from 0 to 100"):
            load("fly-optic-lobe", extent=extent)


def test_shipped_description_is_the_source(tmp_path):
    types = spec()
    assert (len(types["nodes"]), len(types["edges"])) == (65, 605)
    assert sum(len(e["offsets"]) for e in types["edges"]) == 2140
    assert Counter(e["alpha"] for e in types["edges"]) == {1: 377, -1: 228}
