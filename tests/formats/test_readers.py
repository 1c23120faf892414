"""Every reader: a small file in the layout of each source, counted by hand."""

from __future__ import annotations

import pytest

from conncore.formats import READERS, detect, read
from format_files import BIG, edges, gaps, installed

A, B, C, D = (str(BIG + k) for k in range(4))

CASES = [
    (
        "codex",
        "codex",
        {},
        (C, B, A, D),
        {(A, B): (12, 0), (B, A): (6, 0), (B, C): (9, 0), (C, A): (5, 0)},
        [],
    ),
    (
        "neuprint",
        "neuprint",
        {},
        ("387364605", "1167295872", "1167641412"),
        {
            ("387364605", "1167295872"): (4, 0),
            ("387364605", "1167641412"): (10, 0),
            ("1167641412", "387364605"): (3, 0),
        },
        [],
    ),
    (
        "shiu",
        "shiu2024",
        {},
        (B, A, C),
        {(A, B): (3, 1), (A, C): (4, 1), (B, A): (5, -1), (C, A): (6, 1)},
        [],
    ),
    (
        "winding.zip",
        "winding2023",
        {},
        ("29", "84"),
        {("29", "84"): (9, 0), ("84", "29"): (6, 0)},
        [],
    ),
    ("winding.zip", "winding2023", {"part": "ad"}, ("29", "84"), {("29", "84"): (2, 0)}, []),
    ("square.csv", "matrix", {}, ("29", "84"), {("29", "84"): (9, 0), ("84", "29"): (6, 0)}, []),
    *(
        (name, "graph", {}, ("A", "B"), {("A", "B"): (3, 0)}, [("B", "A", 2.0)])
        for name in ("small.gml", "small.net", "small.gexf", "links.json")
    ),
    ("edges.xlsx", "edges", {}, ("A", "B"), {("A", "B"): (3, 0)}, [("B", "A", 2.0)]),
    (
        "records.json",
        "edges",
        {"weight": "sum(syn)"},
        ("A", "B"),
        {("A", "B"): (5, 0)},
        [("B", "A", 1.0)],
    ),
    (
        "haspel.mat",
        "haspel2011",
        {},
        ("AS01", "DD01", "MDlr01"),
        {("AS01", "DD01"): (1.5, 1), ("AS01", "MDlr01"): (10.3, 1), ("DD01", "MDlr01"): (2, -1)},
        [("DD01", "AS01", 1.0)],
    ),
    (
        "cook.xlsx",
        "cook2019",
        {},
        ("I1L", "VB01", "dBWML1"),
        {("I1L", "VB01"): (3, 0), ("VB01", "I1L"): (1, 0), ("VB01", "dBWML1"): (9, 0)},
        [("I1L", "VB01", 2.0), ("VB01", "VB01", 4.0)],
    ),
    (
        "cect.json",
        "cect",
        {},
        ("PVCL", "DD4", "VD6"),
        {("PVCL", "DD4"): (7, 0), ("DD4", "VD6"): (2, 0)},
        [("PVCL", "VD6", 3.0)],
    ),
    (
        "cect_edges.csv",
        "cect",
        {},
        ("I1L", "I2L", "MCL"),
        {("I1L", "I2L"): (10, 0), ("I2L", "I1L"): (3, 0)},
        [("I1L", "MCL", 2.0)],
    ),
    (
        "small.graphml",
        "graphml",
        {},
        ("AVAL", "AVAR"),
        {("AVAL", "AVAR"): (3.5, 0), ("AVAR", "AVAL"): (2, 0)},
        [],
    ),
    (
        "small.nml",
        "neuroml",
        {},
        ("PopDD[0]", "PopDD[1]", "AVAL"),
        {("AVAL", "PopDD[1]"): (1, 1), ("PopDD[0]", "AVAL"): (0.5, -1)},
        [("PopDD[0]", "PopDD[1]", 0.25)],
    ),
    (
        "sonata.h5",
        "sonata",
        {},
        ("0", "1", "2"),
        {("0", "1"): (7, 0), ("2", "0"): (5, 0), ("0", "2"): (1, 0)},
        [],
    ),
    (
        "sonata.h5",
        "sonata",
        {"weight": "syn_weight"},
        ("0", "1", "2"),
        {("0", "1"): (1, 1), ("2", "0"): (0.25, -1), ("0", "2"): (0.125, 1)},
        [],
    ),
    (
        "signed.npy",
        "matrix",
        {},
        ("0", "1", "2"),
        {("0", "1"): (2, -1), ("1", "0"): (1, 1), ("2", "2"): (0.5, 1)},
        [],
    ),
    ("sparse.npz", "sparse", {}, ("0", "1"), {("0", "1"): (2, 0), ("1", "0"): (3, 0)}, []),
    (
        "small.mtx",
        "matrixmarket",
        {},
        ("0", "1", "2"),
        {("0", "1"): (4, 0), ("1", "0"): (4, 0), ("2", "2"): (1, 0)},
        [],
    ),
    (
        "plain.mat",
        "matlab",
        {"names": "cells"},
        ("AVAL", "AVAR"),
        {("AVAL", "AVAR"): (2.5, 1), ("AVAR", "AVAL"): (1, -1)},
        [],
    ),
    (
        "edges.parquet",
        "edges",
        {},
        (A, B, C),
        {(A, B): (1.5, 0), (A, C): (2, 0), (B, A): (3, 0), (C, A): (4, 0)},
        [],
    ),
    (
        "banc",
        "banc",
        {},
        (D, B, A, C),
        {(A, B): (3, 0), (A, C): (4, 0), (B, A): (5, 0)},
        [],
    ),
    (
        "edges.feather",
        "edges",
        {},
        ("A", "B", "C"),
        {("A", "B"): (1, 1), ("B", "A"): (1, -1), ("A", "C"): (1, 0), ("C", "A"): (1, 1)},
        [],
    ),
]


@pytest.mark.parametrize(("name", "format", "options", "names", "chemical", "gap"), CASES)
def test_a_small_file_of_each_layout(name, format, options, names, chemical, gap):
    path = installed(name)
    assert detect(path) == format
    worm = read(path, **options)
    assert worm.names == names
    assert edges(worm) == chemical
    assert gaps(worm) == gap


def test_every_format_has_a_case():
    found = {format for _, format, *_ in CASES}
    assert set(READERS) - found == {"flyvis", "npz"}
