"""The shipped connectomes: published counts, orientation, signs, body maps, checksums."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from conncore.catalog.remote import list_remote
from conncore.catalog.shipped import list_connectomes, load, open_connectome
from conncore.errors import ConnectomeError, UsageError
from conncore.formats import write_edges

NAMES = [
    "celegans-cook2019",
    "celegans-cook2019-motor",
    "celegans-haspel2011",
    "celegans-haspel2011-forward",
    "celegans-haspel2011-segment",
    "celegans-haspel2011-units",
    "celegans-white1986",
    "fly-optic-lobe",
    "larva-mushroom-body-left",
    "larva-mushroom-body-right",
]
WORMS = [name for name in NAMES if name.startswith("celegans")]
TABLES = [name for name in NAMES if name != "fly-optic-lobe"]


@pytest.fixture(scope="module")
def haspel():
    return load("celegans-haspel2011")


@pytest.fixture(scope="module")
def cook():
    return load("celegans-cook2019-motor")


@pytest.fixture(scope="module")
def whole():
    return load("celegans-cook2019")


def signed_weight(worm, pre, post):
    i, j = worm.names.index(pre), worm.names.index(post)
    (k,) = np.flatnonzero((worm.pre == i) & (worm.post == j))
    return worm.weight[k] * worm.sign[k]


def has_edge(worm, pre, post):
    i, j = worm.names.index(pre), worm.names.index(post)
    return bool(((worm.pre == i) & (worm.post == j)).any())


def class_edges(worm):
    """Number of chemical edges by class of pre, class of post and sign."""
    return Counter(
        (worm.classes[i], worm.classes[j], int(s))
        for i, j, s in zip(worm.pre, worm.post, worm.sign, strict=True)
    )


def test_catalog_lists_what_ships():
    assert [entry.name for entry in list_connectomes()] == NAMES
    for entry in list_connectomes():
        assert "doi:10." in entry.citation
        assert "MIT" in entry.licence
        packages = ("ConnectomeToolbox 0.3.5", "graspologic 3.4.4", "flyvis 1.2.0")
        assert any(package in entry.source for package in packages)


@pytest.mark.parametrize("name", NAMES)
def test_catalog_counts_are_those_of_the_data(name):
    worm = load(name)
    (entry,) = (entry for entry in list_connectomes() if entry.name == name)
    assert (worm.n_cells, worm.n_edges, worm.n_gap_junctions) == (
        entry.n_cells,
        entry.n_edges,
        entry.n_gap_junctions,
    )
    assert worm.n_edges - worm.n_unknown == entry.n_signed
    assert (worm.name, worm.citation, worm.licence, worm.source) == (
        name,
        entry.citation,
        entry.licence,
        entry.source,
    )


@pytest.mark.parametrize("name", TABLES)
def test_shipped_files_are_canonical_and_described(name, tmp_path):
    """Writing a connectome gives the very bytes it was read from, so no row was lost or moved."""
    (entry,) = (entry for entry in list_connectomes() if entry.name == name)
    worm = load(name)
    if entry.sign_rule:
        unknown = np.zeros(worm.n_edges, np.int8)
        worm = replace(worm, sign=unknown)
    write_edges(worm, tmp_path / "edges.csv", cells=tmp_path / "cells.csv")
    data = files("conncore.data")
    for kind in ("edges", "cells"):
        shipped = data.joinpath(f"{name}.{kind}.csv").read_bytes()
        assert (tmp_path / f"{kind}.csv").read_bytes() == shipped
    assert set(entry.files) == {f"{name}.edges.csv", f"{name}.cells.csv"}


def test_haspel_has_the_published_counts(haspel):
    assert haspel.n_cells == 102
    assert haspel.body.role.count("motor") == 66
    assert haspel.body.role.count("muscle") == 36
    assert haspel.n_edges == 336
    assert (haspel.n_excitatory, haspel.n_inhibitory, haspel.n_unknown) == (264, 72, 0)
    assert haspel.n_gap_junctions == 161
    assert haspel.density == pytest.approx(0.0323, abs=5e-5)  # the paper says 3.2%
    assert set(haspel.sign_source) == {"source"}
    assert haspel.dale_violations() == ()


def test_haspel_split_left_and_right_has_the_published_counts(haspel):
    split = load("celegans-haspel2011", split_muscles=True)
    assert (split.n_cells, split.n_edges, split.n_gap_junctions) == (138, 484, 161)
    assert split.density == pytest.approx(0.0254, abs=5e-5)
    assert split.checksum == haspel.split_muscles().checksum
    for muscle in ("MDL01", "MDR01"):
        assert signed_weight(split, "AS1", muscle) == signed_weight(haspel, "AS1", "MDlr01")


@pytest.mark.parametrize(
    ("pre", "post", "signed"),
    [
        ("AS1", "MDlr01", 10.3),
        ("AS1", "VD1", 10.4),
        ("AS1", "DA1", 1.5),
        ("VD1", "VB1", -2.0),
        ("VD1", "VA1", -2.6),
        ("VD1", "MVlr02", -14.5),
        ("AS3", "MDlr04", 10.3),
    ],
)
def test_haspel_edges_point_from_pre_to_post(haspel, pre, post, signed):
    """Entries [post, pre] of the original matrix, read by hand."""
    assert signed_weight(haspel, pre, post) == signed
    assert not has_edge(haspel, post, pre) or signed_weight(haspel, post, pre) != signed


def test_haspel_muscles_only_listen(haspel):
    muscles = [i for i, role in enumerate(haspel.body.role) if role == "muscle"]
    assert not np.isin(haspel.pre, muscles).any()
    assert np.isin(muscles, haspel.post).all()


def test_haspel_edges_by_class(haspel):
    assert class_edges(haspel) == {
        ("AS", "DA", 1): 6,
        ("AS", "DD", 1): 11,
        ("AS", "MDlr", 1): 23,
        ("AS", "VD", 1): 12,
        ("DA", "DB", 1): 6,
        ("DA", "DD", 1): 6,
        ("DA", "MDlr", 1): 17,
        ("DA", "VD", 1): 12,
        ("DB", "AS", 1): 12,
        ("DB", "DD", 1): 11,
        ("DB", "MDlr", 1): 18,
        ("DB", "VD", 1): 12,
        ("DD", "MDlr", -1): 18,
        ("DD", "VD", -1): 6,
        ("VA", "DD", 1): 17,
        ("VA", "MVlr", 1): 24,
        ("VA", "VA", 1): 6,
        ("VA", "VB", 1): 6,
        ("VA", "VD", 1): 12,
        ("VB", "DD", 1): 17,
        ("VB", "MVlr", 1): 24,
        ("VB", "VA", 1): 6,
        ("VB", "VD", 1): 6,
        ("VD", "MVlr", -1): 24,
        ("VD", "VA", -1): 12,
        ("VD", "VB", -1): 12,
    }


def test_haspel_body_map_is_six_equal_units(haspel):
    body = haspel.body
    assert body.n_segments == 6
    per_unit = {"AS": 2, "DA": 1, "DB": 1, "DD": 1, "VA": 2, "VB": 2, "VD": 2, "MDlr": 3, "MVlr": 3}
    for unit in range(6):
        inside = (
            cell_class
            for cell_class, segment in zip(haspel.classes, body.segment, strict=True)
            if segment == unit
        )
        assert Counter(inside) == per_unit
    place = dict(zip(haspel.names, zip(body.segment.tolist(), body.side, strict=True), strict=True))
    assert place["AS2"] == (0, "dorsal")
    assert place["VB3"] == (1, "ventral")
    assert place["DD6"] == (5, "dorsal")
    assert place["MVlr04"] == (1, "ventral")
    assert place["MDlr18"] == (5, "dorsal")


def test_haspel_wiring_stays_near_its_unit(haspel):
    """Holds for the units as mapped; a body map against the wiring would break it."""
    segment = haspel.body.segment
    assert np.abs(segment[haspel.pre] - segment[haspel.post]).max() == 1


def test_haspel_sides_follow_the_wiring(haspel):
    """A motor neuron named for a side excites or inhibits muscles of that side alone."""
    body = haspel.body
    for i, j in zip(haspel.pre, haspel.post, strict=True):
        if body.role[j] == "muscle":
            assert body.side[i] == body.side[j]


def test_haspel_segment_is_the_first_unit_of_the_full_circuit(haspel):
    unit = load("celegans-haspel2011-segment")
    assert (unit.n_cells, unit.n_edges, unit.n_gap_junctions) == (17, 51, 16)
    assert (unit.n_excitatory, unit.n_inhibitory) == (39, 12)
    assert unit.body.n_segments == 1
    first = [i for i, segment in enumerate(haspel.body.segment) if segment == 0]
    assert {haspel.names[i] for i in first} == set(unit.names)
    inside = np.isin(haspel.pre, first) & np.isin(haspel.post, first)
    assert inside.sum() == 51
    for i, j in zip(unit.pre, unit.post, strict=True):
        edge = unit.names[i], unit.names[j]
        assert signed_weight(unit, *edge) == signed_weight(haspel, *edge)


def test_cook_motor_circuit_has_the_published_counts(cook):
    assert Counter(cook.classes) == {
        "VA": 12,
        "VB": 11,
        "VC": 6,
        "VD": 13,
        "DA": 9,
        "DB": 7,
        "DD": 6,
        "AS": 11,
        "MDL": 24,
        "MDR": 24,
        "MVL": 23,
        "MVR": 24,
    }
    assert cook.body.role.count("motor") == 75
    assert cook.body.role.count("muscle") == 95
    assert cook.n_edges == 885
    assert (cook.n_excitatory, cook.n_inhibitory, cook.n_unknown) == (711, 174, 0)
    assert cook.n_gap_junctions == 221
    assert set(cook.sign_source) == {"source"}
    assert cook.dale_violations() == ()


def test_cook_motor_circuit_points_from_pre_to_post(cook):
    counts = class_edges(cook)
    assert not any(pre.startswith("M") for pre, _, _ in counts)
    assert counts["DA", "MDL", 1] == counts["DA", "MDR", 1] == 40
    assert counts["VD", "MVL", -1] == 38
    assert counts["DA", "VD", 1] == 28
    assert counts["VD", "DA", -1] == 0
    assert counts["VC", "VD", 1] == 20
    assert signed_weight(cook, "DA8", "DB7") == 1.0


def test_cook_d_cells_alone_inhibit(cook):
    inhibits = {cook.classes[i] for i in cook.pre[cook.sign < 0]}
    excites = {cook.classes[i] for i in cook.pre[cook.sign > 0]}
    assert inhibits == {"DD", "VD"}
    assert excites == {"AS", "DA", "DB", "VA", "VB", "VC"}


def test_cook_head_muscles_get_no_ventral_cord_input(cook):
    idle = [cook.names[i] for i in set(range(170)) - set(cook.post.tolist())]
    idle = sorted(name for name in idle if name.startswith("M"))
    dorsal = [f"MD{side}0{k}" for side in "LR" for k in range(1, 6)]
    assert idle == dorsal + [f"MV{side}0{k}" for side in "LR" for k in range(1, 7)]


def test_cook_body_map_spreads_each_class_over_six_segments(cook):
    body = cook.body
    segment = dict(zip(cook.names, body.segment.tolist(), strict=True))
    assert [segment[f"DD{k}"] for k in range(1, 7)] == [0, 1, 2, 3, 4, 5]
    assert [segment[f"DB{k}"] for k in range(1, 8)] == [0, 0, 1, 2, 3, 4, 5]
    assert [segment[f"MVL{k:02d}"] for k in (1, 4, 5, 20, 21, 23)] == [0, 0, 1, 4, 5, 5]
    assert segment["VD13"] == segment["AS11"] == segment["MDR24"] == 5
    for name, role, side in zip(cook.names, body.role, body.side, strict=True):
        dorsal = re.match("AS|DA|DB|DD|MD", name)
        assert side == ("dorsal" if dorsal else "ventral")
        assert role == ("muscle" if name.startswith("M") else "motor")


def test_whole_hermaphrodite_has_the_published_counts(whole):
    assert (whole.n_cells, whole.n_edges, whole.n_gap_junctions) == (473, 4879, 1450)
    # Signs of the source's own column simple_sign, summed over the edges.
    assert (whole.n_excitatory, whole.n_inhibitory, whole.n_unknown) == (3890, 426, 563)
    assert Counter(whole.sign_source) == {"transmitter:worm": 4316, "unknown": 563}
    assert Counter(whole.transmitters) == {"ACh": 157, "Glu": 78, "GABA": 33, "": 205}
    assert whole.dale_violations() == ()


def test_whole_hermaphrodite_contains_the_motor_circuit(whole, cook):
    """Same cells, edges, weights and body; signs by rule equal those of the source."""
    motor = {name for name, role in zip(whole.names, whole.body.role, strict=True) if role}
    assert motor == set(cook.names)
    inside = [
        (whole.names[i], whole.names[j], w, s)
        for i, j, w, s in zip(whole.pre, whole.post, whole.weight, whole.sign, strict=True)
        if {whole.names[i], whole.names[j]} <= motor
    ]
    expected = [
        (cook.names[i], cook.names[j], w, s)
        for i, j, w, s in zip(cook.pre, cook.post, cook.weight, cook.sign, strict=True)
    ]
    assert sorted(inside) == sorted(expected)


def test_whole_hermaphrodite_points_from_pre_to_post(whole):
    for pre, post, signed in [("ASHL", "AVAL", 15), ("AVAL", "VA8", 7), ("RIS", "AVEL", -17)]:
        assert signed_weight(whole, pre, post) == signed
        assert not has_edge(whole, post, pre)
    assert class_edges(whole)["DA", "MDL", 1] == 40
    body_muscles = [i for i, role in enumerate(whole.body.role) if role == "muscle"]
    assert not np.isin(whole.pre, body_muscles).any()


@pytest.mark.parametrize("name", WORMS)
def test_shipped_signs_obey_the_transmitters(name):
    worm = load(name)
    excites = {"ACh": 1, "Glu": 1, "GABA": -1, "": 0}
    assert worm.sign.tolist() == [excites[worm.transmitters[i]] for i in worm.pre]


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    for file in files("conncore.data").iterdir():
        if file.name.endswith((".csv", ".toml")):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setitem(load.__globals__, "files", lambda _: tmp_path)
    load("celegans-haspel2011")
    cells = tmp_path / "celegans-haspel2011.cells.csv"
    cells.write_text(cells.read_text().replace("AS1,AS,ACh", "AS1,AS,Glu"))
    with pytest.raises(ConnectomeError, match=r"cells\.csv: is not the file .*sha256"):
        load("celegans-haspel2011")
    cells.unlink()
    with pytest.raises(ConnectomeError, match="install conncore again"):
        load("celegans-haspel2011")
    load("celegans-haspel2011-segment")


def test_every_shipped_table_is_in_the_catalog_and_described():
    data = files("conncore.data")
    tables = {f.name for f in data.iterdir() if f.name.endswith((".csv", ".gz"))}
    assert tables == {file for entry in list_connectomes() for file in entry.files}
    readme = data.joinpath("README.md").read_text(encoding="utf-8")
    headings = "".join(line for line in readme.splitlines() if line.startswith("## "))
    for entry in list_connectomes():
        for file, sha256 in entry.files.items():
            content = data.joinpath(file).read_bytes()
            assert hashlib.sha256(content).hexdigest() == sha256
            assert b"\r" not in content or file.endswith(".gz")
            assert file in headings


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError) as caught:
        load("celegans-moth")
    known = sorted([*NAMES, *list_remote()])
    assert {"flywire-783", "hemibrain-1.2.1", "shiu-630"} <= set(known)
    assert str(caught.value) == (
        "unknown connectome 'celegans-moth'; choose one of: " + ", ".join(known)
    )


def test_open_connectome_takes_names_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("pre,post\nA,B\n")
    (tmp_path / "odd.xyz").write_text("")
    (tmp_path / "celegans-haspel2011").mkdir()
    assert open_connectome("mine.csv").names == ("A", "B")
    assert open_connectome("celegans-haspel2011").n_cells == 102
    assert open_connectome("celegans-haspel2011", split_muscles=True).n_cells == 138
    with pytest.raises(ConnectomeError, match=r"missing\.csv: no such file"):
        open_connectome("missing.csv")
    with pytest.raises(ConnectomeError, match=r"unknown suffix '\.xyz'"):
        open_connectome("odd.xyz")
    with pytest.raises(ConnectomeError, match="no left/right-merged muscles"):
        open_connectome("mine.csv", split_muscles=True)
    with pytest.raises(UsageError, match="unknown connectome 'nothing'"):
        open_connectome("nothing")
