"""`write`: tables list what they leave out; a format that cannot hold a text is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from conncore.catalog.shipped import load
from conncore.connectome import Connectome
from conncore.errors import ConnectomeError, UsageError
from conncore.formats import read, write
from random_connectomes import WORDS, connectomes, same, same_attributes, with_attributes


@settings(max_examples=40)
@given(worm=connectomes())
def test_csv_keeps_what_it_does_not_name(tmp_path_factory, worm):
    path = tmp_path_factory.mktemp("csv") / "worm.edges.csv"
    dropped = write(worm, path)
    back = read(path)
    assert same(worm, back, but=("name", "citation", "licence", "source", "sign_source"))
    lost = {field for field in ("citation", "licence", "source") if getattr(worm, field)}
    if worm.sign_source != back.sign_source:
        lost.add("sign sources")
    assert set(dropped.split(", ")) - {""} == lost


@settings(max_examples=60)
@given(worm=with_attributes(connectomes(), WORDS))
def test_csv_keeps_attributes_or_names_them(tmp_path_factory, worm):
    path = tmp_path_factory.mktemp("csv") / "worm.edges.csv"
    lost = {word.removeprefix("attribute ") for word in write(worm, path).split(", ")}
    back = read(path)
    kept = {key: values for key, values in worm.attributes.items() if key not in lost}
    assert same_attributes(replace(worm, attributes=kept), back)


def test_csv_names_the_attributes_that_would_change(tmp_path):
    worm = Connectome.from_edges(
        "x",
        [0],
        [1],
        attributes={"id": ["1", "2"], "big": [2.0**60, 1], "side": ["left", ""], "size": [0.5, 1]},
    )
    assert write(worm, tmp_path / "x.csv") == "attribute id, attribute big"
    assert (tmp_path / "x.cells.csv").read_text().splitlines()[0].endswith(",attribute:side,size")
    assert list(read(tmp_path / "x.csv").attributes) == ["side", "size"]


@pytest.mark.parametrize("name", ["worm.csv", "worm.edges.csv", "worm.tsv"])
def test_a_table_is_read_with_the_cells_beside_it(tmp_path, name):
    worm = load("celegans-haspel2011")
    assert write(worm, tmp_path / name) == "citation, licence, source"
    assert same(worm, read(tmp_path / name), but=("name", "citation", "licence", "source"))


def test_formats_that_cannot_hold_a_text_say_so(tmp_path):
    worm = Connectome.from_edges("x", [0], [1], names=["A\0", "B"])
    with pytest.raises(ConnectomeError, match=r"holds '\\x00', which XML cannot; write \.npz"):
        write(worm, tmp_path / "x.graphml")
    with pytest.raises(UsageError, match=r"give a file ending in \.npz, \.csv"):
        write(worm, tmp_path / "x.doc")
    with pytest.raises(UsageError, match="unknown format to write 'nml'; choose one of"):
        write(worm, tmp_path / "x.doc", format="nml")
    with pytest.raises(ConnectomeError, match=r"x\.npz: cannot be written \(No such file"):
        write(worm, tmp_path / "no" / "x.npz")
    assert list(tmp_path.iterdir()) == []


def test_an_npz_that_shrinks_far_can_be_read(tmp_path):
    """All to all: so regular that it packs further than the limit of archives."""
    n = 1100
    dense = Connectome.from_edges("d", np.repeat(np.arange(n), n), np.tile(np.arange(n), n))
    write(dense, tmp_path / "d.npz")
    assert read(tmp_path / "d.npz").n_edges == n * n
