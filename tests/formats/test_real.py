"""The field's own files, where CONNCORE_DATA names a directory of them: published counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conncore.catalog.shipped import load
from conncore.formats import detect, read

DATA = Path(os.environ.get("CONNCORE_DATA", "/nowhere"))


def need(name):
    if not (DATA / name).exists():
        pytest.skip(f"CONNCORE_DATA has no {name}")
    return DATA / name


def signs(worm):
    return worm.n_excitatory, worm.n_inhibitory, worm.n_unknown


@pytest.mark.parametrize(
    ("name", "format", "options", "cells", "counts", "gap"),
    [
        (
            "validation/winding2023_Supplementary-Data-S1.zip",
            "winding2023",
            {},
            2952,
            (0, 0, 110677),
            0,
        ),
        (
            "validation/pedigo2023_larva_G_edgelist.txt.gz",
            "edges",
            {"header": False},
            3554,
            (0, 0, 119010),
            0,
        ),
        ("validation/hemibrain_EB_ER_EPG_edges.csv", "neuprint", {}, 286, (0, 0, 9376), 0),
        ("drosophila/left_adjacency.csv", "matrix", {}, 209, (0, 0, 7425), 0),
        ("drosophila/right_adjacency.csv", "matrix", {}, 213, (0, 0, 7536), 0),
        ("drosophila/fib25-fib19_v2.2.json", "flyvis", {"extent": 1}, 443, (4945, 2753, 0), 0),
        ("drosophila/fib25-fib19_v2.2.json", "flyvis", {"extent": 2}, 1203, (17197, 9439, 0), 0),
        # flyvis 1.2.0 says 45,669 nodes and 1,513,231 edges.
        (
            "drosophila/fib25-fib19_v2.2.json",
            "flyvis",
            {"extent": 15, "fill": 1.0},
            45669,
            (983980, 529251, 0),
            0,
        ),
        ("celegans/CeConnMtrcs_170626.mat", "haspel2011", {}, 102, (264, 72, 0), 161),
        ("celegans/CeConnMtrcs_170626.mat", "haspel2011", {"circuit": "seg"}, 17, (39, 12, 0), 16),
        ("celegans/cook2019_herm_edges.csv", "edges", {}, 473, (0, 0, 4879), 1450),
        ("celegans/aconnectome_white_1986_whole.csv", "edges", {}, 309, (0, 0, 2386), 575),
        ("formats/Worm2D.net.nml", "neuroml", {}, 97, (182, 110, 0), 25),
        ("formats/cect_herm_full_edgelist.csv", "cect", {}, 448, (0, 0, 4681), 1359),
    ],
)
def test_counts_of_a_real_file(name, format, options, cells, counts, gap):
    path = need(name)
    if path.suffix == ".mat":
        pytest.importorskip("scipy")
    assert detect(path) == format
    worm = read(path, **options)
    assert worm.n_cells == cells
    assert signs(worm) == counts
    assert worm.n_gap_junctions == gap


def test_the_larval_brain_has_its_synapses_and_types():
    worm = read(need("validation/winding2023_Supplementary-Data-S1.zip"))
    assert worm.weight.sum() == 352611
    assert worm.classes.count("KC") == 144


def test_the_mat_file_is_the_shipped_circuit():
    """The orientation: [post, pre]. Names are those of the catalog but for zeros in front."""
    pytest.importorskip("scipy")
    path = need("celegans/CeConnMtrcs_170626.mat")
    for circuit, name in (("full", "celegans-haspel2011"), ("seg", "celegans-haspel2011-segment")):
        worm, shipped = read(path, circuit=circuit), load(name)

        def wires(c):
            plain = [n if n.startswith("M") else n.replace("0", "", n[2] == "0") for n in c.names]
            rows = zip(c.pre, c.post, c.weight.tolist(), c.sign.tolist(), strict=True)
            return {(plain[i], plain[j], w, s) for i, j, w, s in rows}

        assert wires(worm) == wires(shipped)


def test_a_workbook_of_cook_2019():
    books = sorted(DATA.glob("**/SI 5*corrected*.xlsx"))
    if not books:
        pytest.skip("CONNCORE_DATA has no 'SI 5 Connectome adjacency matrices, corrected*.xlsx'")
    worm = read(books[0])
    assert (worm.n_cells, worm.n_edges, worm.n_gap_junctions) == (473, 4879, 1450)
    assert worm.weight.sum() == load("celegans-cook2019").weight.sum()
    assert read(books[0], sex="male").n_edges == 5306


KINDS = {"type_map": "R:ignore,Rp:ignore,NMJ:ignore", "duplicates": "sum"}


@pytest.mark.filterwarnings("ignore::conncore.errors.ConnectomeWarning")
@pytest.mark.parametrize(
    ("name", "options", "cells", "edges", "weight", "gap"),
    [
        ("Neuro279_Syn.csv", {}, 279, 2194, 6394, None),
        ("bgm_herm_chem_adj.csv", {}, 454, 4879, 28113, None),
        ("bgm_male_elec_adj.csv", {"type": "gap"}, 586, 0, 0, (3482, 31702)),
        ("maggot_subset_edgelist.csv", {"header": False}, 1240, 32564, 137980, None),
        ("emmons_herm_full_edgelist.csv", {}, 448, 4681, 27019, (1359, None)),
        ("white_L4.csv", {}, 215, 1480, 4340, (289, None)),
        ("NeuronConnect.csv", KINDS, 279, 2194, 6394, (1031, 1777)),
        # The same as text, with four gap junctions of the pharynx below a comment.
        ("NeuronConnect.txt", KINDS | {"comment": "#"}, 281, 2194, 6394, (1035, 1781)),
        (
            "witvliet_synapse_list.csv",
            {"where": "dataset=Dataset1", "duplicates": "sum"},
            *(187, 775, 1296, None),
        ),
        (
            "witvliet_synapse_list.csv",
            {"where": {"dataset": "Dataset8"}, "duplicates": "sum"},
            *(219, 2186, 7970, None),
        ),
        ("witvliet_2020_7.xlsx", {}, 222, 2202, 7467, (291, 400)),
        ("n2u_chemical.xlsx", {}, 300, 3419, 18643, None),
        (
            "nemanode1.json",
            {"type_map": {"0": "chemical", "2": "gap"}, "weight": "sum(syn)"},
            *(187, 775, 1296, (164, None)),
        ),
        ("neuroloops.graphml", {}, 279, 2194, 6394, None),
        ("herm_pharynx_1.graphml", {}, 279, 2194, None, (1031, 1777)),
        ("ppacificus.graphml", {"directed": True}, 54, 151, 511, None),
        ("celegansneural.gml", {}, 297, 2345, 8743, None),
        ("l4_l4_edges.h5", {}, 449, 9417, 47020, None),
        ("l4_l4_edges.h5", {"weight": "syn_weight"}, 449, 9417, 709.2998, None),
        ("pn_internal_edges.h5", {"weight": "syn_weight"}, 300, 27588, 138071.5, None),
        ("edgeList_TB2RN.csv", {}, 184, 195, 77.7133, None),
        ("adj_TB2RN.csv", {}, 184, 195, 77.7133, None),
        ("epg2erEB.csv", {}, 152, 621, 3397, None),
        ("bct_directed.mat", {"variable": "CIJctx", "names": "Names"}, 52, 818, 1357, None),
        ("Ex6.net.nml", {}, 764, 7281, None, None),
    ],
)
def test_a_file_of_the_field_has_its_counts(name, options, cells, edges, weight, gap):
    """The counts were made by pandas, NetworkX, h5py and ElementTree."""
    worm = read(need(f"field/{name}"), **options)
    for found, counted in ((worm.n_cells, cells), (worm.n_edges, edges)):
        assert counted is None or found == counted
    assert weight is None or worm.weight.sum() == pytest.approx(weight, abs=5e-5)
    n_gap, size = gap or (0, 0)
    assert worm.n_gap_junctions == n_gap
    assert size is None or worm.gap_weight.sum() == size
