"""Writers: what keeps everything gives it back, what does not says so; the command line."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from conncore.catalog.shipped import load
from conncore.cli.app import app
from conncore.connectome import Connectome
from conncore.connectome.attributes import checked_attributes
from conncore.connectome.labels import Labels
from conncore.errors import ConnectomeError, UsageError
from conncore.formats import from_networkx, read, to_networkx, write
from random_connectomes import connectomes, same

# XML has no other characters.
TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r"),
    max_size=6,
)


@st.composite
def with_attributes(draw, worms, text):
    """A connectome that says more of its cells, under any name at all."""
    worm = draw(worms)
    keys = text.filter(bool) | st.sampled_from(["side", "Side", "name", "attribute:side", "weight"])
    numbers = st.floats(allow_nan=False) | st.just(float("nan"))
    columns = st.sampled_from([text, numbers]).flatmap(
        lambda values: st.lists(values, min_size=worm.n_cells, max_size=worm.n_cells)
    )
    attributes = draw(st.dictionaries(keys, columns, max_size=3))
    return replace(worm, attributes=checked_attributes(attributes, worm.n_cells))


def same_attributes(a, b):
    if list(a.attributes) != list(b.attributes):
        return False
    return all(
        type(x) is type(y)
        and (x == y if isinstance(x, Labels) else np.array_equal(x, y, equal_nan=True))
        for x, y in zip(a.attributes.values(), b.attributes.values(), strict=True)
    )


@given(worm=with_attributes(connectomes(TEXT, TEXT.filter(bool)), TEXT))
def test_graphml_round_trip(tmp_path_factory, worm):
    path = tmp_path_factory.mktemp("graphml") / "worm.graphml"
    assert write(worm, path) == ""
    back = read(path)
    assert same(worm, back, but=("attributes",))
    assert same_attributes(worm, back)
    assert worm.checksum == back.checksum


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


@settings(max_examples=40)
@given(worm=connectomes())
def test_sparse_keeps_what_it_does_not_name(tmp_path_factory, worm):
    path = tmp_path_factory.mktemp("sparse") / "worm.npz"
    dropped = write(worm, path, format="sparse")
    back = read(path)
    assert (back.pre.tolist(), back.post.tolist()) == (worm.pre.tolist(), worm.post.tolist())
    assert np.array_equal(back.weight, worm.weight)
    if "which signs are unknown" not in dropped:
        assert np.array_equal(back.sign, worm.sign)
    assert ("gap junctions" in dropped) == (worm.n_gap_junctions > 0)
    assert "names" in dropped


def test_networkx_round_trip(tmp_path):
    networkx = pytest.importorskip("networkx")

    @settings(max_examples=40)
    @given(worm=connectomes())
    def round_trip(worm):
        n = worm.n_cells
        said = {"side": Labels(np.zeros(n, int), ("L",)), "u": np.arange(n) / 4}
        worm = replace(worm, attributes=said)
        graph = to_networkx(worm)
        back = from_networkx(graph)
        assert same(worm, back, but=("gap_pre", "gap_post", "gap_weight", "attributes"))
        assert same_attributes(worm, back)
        # NetworkX lists edges cell by cell.
        entries = [zip(c.gap_pre, c.gap_post, c.gap_weight, strict=True) for c in (worm, back)]
        assert sorted(entries[0]) == sorted(entries[1])
        assert graph.number_of_nodes() == worm.n_cells
        assert graph.number_of_edges() == worm.n_edges + worm.n_gap_junctions

    round_trip()
    worm = load("celegans-haspel2011")
    write(worm, tmp_path / "worm.graphml")
    graph = networkx.read_graphml(tmp_path / "worm.graphml")  # theirs, of our file
    assert graph.number_of_edges() == 336 + 161
    assert set(graph) == set(worm.names)
    networkx.write_graphml(to_networkx(worm), tmp_path / "theirs.graphml")
    back = read(tmp_path / "theirs.graphml")
    assert same(worm, back, but=("gap_pre", "gap_post", "gap_weight", "name"))
    assert back.gap_weight.sum() == worm.gap_weight.sum()


def test_scipy_reads_what_we_write(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    worm = load("celegans-haspel2011")
    assert "161 gap junctions" in write(worm, tmp_path / "w.npz", format="sparse")
    matrix = sparse.load_npz(tmp_path / "w.npz")
    assert matrix.shape == (102, 102)
    i, j = worm.names.index("DD1"), worm.post[worm.pre == worm.names.index("DD1")][0]
    k = np.flatnonzero((worm.pre == i) & (worm.post == j))[0]
    assert matrix[i, j] == worm.sign[k] * worm.weight[k] == -worm.weight[k]
    for kind in ("coo", "csc"):
        sparse.save_npz(tmp_path / "theirs.npz", matrix.asformat(kind))
        back = read(tmp_path / "theirs.npz")
        assert np.array_equal(back.pre, worm.pre)
        assert np.array_equal(back.weight * back.sign, worm.weight * worm.sign)


class Graph:
    """As much of a NetworkX graph as `from_networkx` asks for."""

    def __init__(self, edges, directed=True):
        self.graph = {}
        self._edges, self._directed = edges, directed

    def is_directed(self):
        return self._directed

    def nodes(self, data):
        return [(n, {}) for n in dict.fromkeys(n for i, j, _ in self._edges for n in (i, j))]

    def edges(self, data):
        return self._edges


def test_parallel_edges_are_summed_and_minus_inhibits():
    worm = from_networkx(Graph([(1, 2, {"weight": 2}), (1, 2, {}), (2, "b", {"weight": -4})]))
    assert worm.names == ("1", "2", "b")
    assert worm.weight.tolist() == [3, 4]
    assert worm.sign.tolist() == [1, -1]


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ({"weight": "x"}, "edge 'A' -> 'B': the weight 'x' is not a number"),
        ({"weight": 0}, "weight 0.0 is not positive and finite"),
        ({"weight": -1, "sign": 1}, "put signs in the attribute sign"),
        ({"sign": 3}, "unknown sign '3'"),
        ({"sign": 1, "type": "gap"}, "none for a gap junction"),
        ({"type": "psychic"}, "unknown type 'psychic'"),
    ],
)
def test_bad_attributes_are_refused(edge, message):
    with pytest.raises(ConnectomeError, match=message):
        from_networkx(Graph([("A", "B", edge)]))


def test_chemical_edges_need_a_direction(tmp_path):
    gap = ("A", "B", {"type": "gap"})
    assert from_networkx(Graph([gap], directed=False)).n_gap_junctions == 1
    with pytest.raises(ConnectomeError, match="edge 'A' -> 'B' has no direction"):
        from_networkx(Graph([("A", "B", {})], directed=False))
    with pytest.raises(ConnectomeError, match="graph: cell name '1' is used 2 times"):
        from_networkx(Graph([(1, "1", {})]))


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


# The command line


def run(*words):
    result = CliRunner().invoke(app, ["connectome", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


@pytest.mark.parametrize("name", ["worm.csv", "worm.edges.csv", "worm.tsv"])
def test_a_table_is_read_with_the_cells_beside_it(tmp_path, name):
    worm = load("celegans-haspel2011")
    assert write(worm, tmp_path / name) == "citation, licence, source"
    assert same(worm, read(tmp_path / name), but=("name", "citation", "licence", "source"))


def test_convert_says_what_it_drops(tmp_path):
    out = tmp_path / "worm.edges.csv"
    shown = run("convert", "celegans-haspel2011", out)
    counts = "102 cells, 336 chemical edges, 161 gap junctions"
    assert shown == f"{out}: {counts}; dropped: citation, licence, source\n"
    assert (tmp_path / "worm.cells.csv").exists()
    assert "dropped: nothing" in run("convert", out, tmp_path / "worm.npz")
    assert "dropped: names" in run("convert", out, tmp_path / "s.npz", "--to", "sparse")
    facts = json.loads(run("info", tmp_path / "worm.npz", "--json"))
    assert facts["checksum"] == load("celegans-haspel2011").checksum


def test_format_and_options_on_the_command_line(tmp_path):
    path = tmp_path / "matrix"
    path.write_text("0 -1\n2 0\n")
    for command in ("info", "check"):
        facts = json.loads(run(command, path, "--format", "matrix", "--json"))
        assert facts["cells"] == 2
    words = ("--format", "matrix", "--option", "orientation=post_pre")
    run("convert", path, tmp_path / "turned.csv", *words)
    assert (tmp_path / "turned.csv").read_text().splitlines()[1] == "0,1,chemical,2,1"
    with pytest.raises(UsageError, match="unknown orientation 'up'; choose one of"):
        run("info", path, "--format", "matrix", "--option", "orientation=up")
