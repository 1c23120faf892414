"""Columns and words of edges as the field writes them, in tables and graphs alike."""

from __future__ import annotations

import warnings

import pytest

from conncore.errors import ConnectomeError, ConnectomeWarning, UsageError
from conncore.formats import from_networkx, read
from format_files import edges


def table(path, text):
    path.write_text(text)
    return path


def said(path, **options):
    """The connectome, and what its reader said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        worm = read(path, **options)
    assert all(warning.category is ConnectomeWarning for warning in caught)
    return worm, [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    "title",
    [
        *("weight", "weights", "syn_count", "n_syn", "nsyns", "N_Synapses", "num_synapses", "n"),
        *("synapse_count", "Nbr", "value", "weightRelative", "Strength", "synapses", "count"),
    ],
)
def test_weights_have_many_names_in_tables_and_graphs(tmp_path, title):
    networkx = pytest.importorskip("networkx")
    worm = read(table(tmp_path / "e.csv", f"pre,post,{title}\nA,B,5\nB,A,0.25\n"))
    assert worm.weight.tolist() == [5, 0.25]
    graph = networkx.DiGraph()
    graph.add_edge("A", "B", **{title: 12})
    networkx.write_graphml(graph, tmp_path / "g.graphml")
    assert from_networkx(graph).weight.tolist() == [12]
    assert read(tmp_path / "g.graphml").weight.tolist() == [12]


@pytest.mark.parametrize(
    ("pre", "post"),
    [
        *(("Neuron 1", "Neuron 2"), ("pre_root_id", "post_root_id"), ("from", "to")),
        *(("Source", "Target"), ("presynaptic neuron", "postsynaptic neuron")),
        *(("pre_pt_root_id", "post_pt_root_id"), ("bodyId_pre", "bodyId_post")),
    ],
)
def test_ends_have_many_names(tmp_path, pre, post):
    worm = read(table(tmp_path / "e.csv", f"{pre},{post},w\nA,B,5\n"), format="edges")
    assert edges(worm) == {("A", "B"): (5, 0)}


def test_a_column_of_numbers_that_is_not_used_is_named(tmp_path):
    path = table(tmp_path / "e.csv", "pre,post,contact_area,syn_id\nA,B,5,1\nB,A,NA,2\n")
    worm, messages = said(path)
    assert worm.weight.tolist() == [1, 1]
    assert messages == [
        f"{path}: there is no column of weights, so each row counts 1; if 'contact_area' holds "
        "them, use the option weight=contact_area"
    ]
    assert said(table(path, "pre,post,note,syn_id\nA,B,x,1\n"))[1] == []  # ids are no weights


def test_an_unused_attribute_of_a_graph_is_named():
    networkx = pytest.importorskip("networkx")
    graph = networkx.DiGraph()
    graph.add_edge("A", "B", area=12)
    with pytest.warns(ConnectomeWarning, match="no attribute of weights, so each edge counts 1"):
        assert from_networkx(graph).weight.tolist() == [1]
    assert from_networkx(graph, weight="area").weight.tolist() == [12]


def test_unused_columns_of_parquet_are_named(tmp_path):
    pa = pytest.importorskip("pyarrow")
    path = tmp_path / "e.parquet"
    rows = pa.table({"pre": ["A"], "post": ["B"], "area": [5], "place": ["x"]})
    pytest.importorskip("pyarrow.parquet").write_table(rows, path)
    message = said(path)[1][0]
    assert "if 'area' holds them" in message
    assert read(path, weight="area").weight.tolist() == [5]


@pytest.mark.parametrize(
    ("word", "gap"),
    [
        *((word, 1) for word in ("gap junction", "EJ", "E", "electrical", "Gap-Junction", "GJ")),
        *((word, 0) for word in ("C", "S", "Sp", "Send", "chemical", "Chemical_Synapse")),
    ],
)
def test_kinds_of_edges_are_words_of_the_field(tmp_path, word, gap):
    worm = read(table(tmp_path / "e.csv", f"pre,post,synapse_type,weight\nA,B,{word},3\n"))
    assert (worm.n_edges, worm.n_gap_junctions) == (1 - gap, gap)


def test_other_kinds_are_mapped_or_left_out(tmp_path):
    text = "Neuron 1,Neuron 2,Type,Nbr\nA,B,S,3\nB,A,R,3\nA,M,NMJ,2\nA,B,EJ,1\n"
    path = table(tmp_path / "e.csv", text)
    with pytest.raises(ConnectomeError, match="line 3, column 'Type': unknown type 'R'") as caught:
        read(path)
    assert "type_map=R:gap (or :chemical, :ignore), or leave the column out with ignore=Type" in (
        str(caught.value)
    )
    for type_map in ("R:ignore,nmj:chemical", {"R": "ignore", "NMJ": "chemical"}):
        worm = read(path, type_map=type_map)
        assert edges(worm) == {("A", "B"): (3, 0), ("A", "M"): (2, 0)}
        assert worm.gap_weight.tolist() == [1]
    with pytest.raises(UsageError, match="type_map gives 'R' the kind 'no'; write WORD:KIND"):
        read(path, type_map="R:no")


def test_a_column_with_a_usual_name_can_be_left_out(tmp_path):
    path = table(tmp_path / "e.csv", "source,target,weight,type\nA,B,3,neuron\nB,A,2,neuron\n")
    with pytest.raises(ConnectomeError, match=r"unknown type 'neuron'.*with ignore=type$"):
        read(path)
    assert edges(read(path, ignore="type")) == {("A", "B"): (3, 0), ("B", "A"): (2, 0)}


def test_a_column_of_kinds_under_another_name_is_named(tmp_path):
    path = table(tmp_path / "e.csv", "pre,post,weight,mode\nA,B,3,chemical\nB,A,2,electrical\n")
    worm, (message,) = said(path)
    assert worm.n_edges == 2
    assert message.endswith("tells gap junctions from them, use the option type=mode")
    assert read(path, type="mode").n_gap_junctions == 1


@pytest.mark.parametrize(
    ("words", "signs"),
    [(("E", "I"), [1, -1]), (("1.0", "-1.0"), [1, -1]), (("+", "?"), [1, 0])],
)
def test_signs_have_many_spellings(tmp_path, words, signs):
    text = "pre,post,sign\nA,B,{}\nB,A,{}\n".format(*words)
    assert read(table(tmp_path / "e.csv", text)).sign.tolist() == signs


def test_a_minus_inhibits_if_the_caller_says_so(tmp_path):
    path = table(tmp_path / "e.csv", "pre,post,weight\nA,B,3\nB,A,-2\n")
    with pytest.raises(ConnectomeError, match="weight -2 is negative; if a minus means inhib"):
        read(path)
    for title in ("weight", "Weight"):
        assert edges(read(path, sign=title)) == {("A", "B"): (3, 1), ("B", "A"): (2, -1)}


def test_a_weight_of_zero_is_no_edge_and_is_counted(tmp_path):
    path = table(tmp_path / "e.csv", "pre,post,weight\nA,B,3\nB,A,0\nB,C,1\nC,D,0.0\n")
    worm, messages = said(path)
    assert worm.names == ("A", "B", "C", "D")
    assert edges(worm) == {("A", "B"): (3, 0), ("B", "C"): (1, 0)}
    assert messages == [f"{path}: 2 rows of weight 0 gave no edge (first: line 3)"]


def test_missing_values_are_left_out_if_the_caller_names_them(tmp_path):
    path = table(tmp_path / "e.csv", "pre,post,weight\nA,B,3\nB,A,NA\nNA,B,1\nB,C,\n")
    with pytest.raises(ConnectomeError, match=r"'NA' is not a number.*use the option missing=NA"):
        read(path)
    worm, messages = said(path, missing="NA,none")
    assert edges(worm) == {("A", "B"): (3, 0)}
    assert messages == [f"{path}: 3 rows without pre, post or weight gave no edge (first: line 3)"]


def test_rows_of_one_animal_can_be_read(tmp_path):
    text = "dataset,pre,post,syn_id,size\nD1,A,B,1,9\nD1,A,B,2,9\nD2,A,B,3,9\nD2,B,A,4,9\n"
    path = table(tmp_path / "e.csv", text)
    one, messages = said(path, where="dataset=D1", duplicates="sum", weight="syn_id", ignore="size")
    assert edges(one) == {("A", "B"): (3, 0)}
    assert messages == []
    both, messages = said(path, duplicates="sum", ignore="size")
    assert edges(both) == {("A", "B"): (3, 0), ("B", "A"): (1, 0)}
    assert "they differ in 'dataset'" in messages[0]
    assert messages[0].endswith("use a condition such as the option where=dataset=D1")
    for where in ("dataset=D2,D3", ["dataset=D2"], {"dataset": "D2"}, {"dataset": ["D2"]}):
        assert said(path, where=where)[0].n_edges == 2
    with pytest.raises(ConnectomeError, match="no row has 'D9' in column 'dataset'; it holds 'D1'"):
        read(path, where="dataset=D9")
    with pytest.raises(ConnectomeError, match="there is no column 'animal'"):
        read(path, where="animal=D1")
    with pytest.raises(UsageError, match="write where=COLUMN=WORD,WORD"):
        read(path, where="D1")
    with pytest.raises(ConnectomeError, match="lines 2, 3 give the same chemical edge"):
        read(path, where="dataset=D1")
    with pytest.raises(ConnectomeError, match="line 4, column 'size'"):
        read(table(path, text.replace("3,9", "3,x")), where="dataset=D2", weight="size")


GRAPH = """<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="t" for="edge" attr.name="synapse_type" attr.type="string"/>
<key id="w" for="edge" attr.name="weight" attr.type="double"/>
<graph edgedefault="{}"><node id="A"/><node id="B"/>
<edge source="A" target="B"><data key="t">{}</data><data key="w">2</data></edge>
<edge source="B" target="A"><data key="t">C</data><data key="w">3</data></edge></graph></graphml>
"""


def test_graphml_of_igraph_tells_kinds_and_loses_directions(tmp_path):
    path = table(tmp_path / "g.graphml", GRAPH.format("directed", "E"))
    worm, messages = said(path)
    assert edges(worm) == {("B", "A"): (3, 0)}
    assert (worm.gap_weight.tolist(), messages) == ([2], [])
    table(path, GRAPH.format("undirected", "E"))
    again, (message,) = said(path)
    assert again.checksum == worm.checksum
    assert "no direction to 1 edge of chemical synapses" in message
    assert said(path, directed=True)[1] == []
    table(path, GRAPH.format("undirected", ""))
    with pytest.raises(ConnectomeError, match="line 5, edge 'A' -> 'B' has no direction and is"):
        read(path)
    assert read(path, directed=True).n_edges == 2


def test_networkx_forgets_the_order_of_undirected_edges():
    networkx = pytest.importorskip("networkx")
    graph = networkx.Graph()
    graph.add_edge("A", "B", type="chemical")
    with pytest.raises(ConnectomeError, match=r"has no direction.*; make the graph directed$"):
        from_networkx(graph)


def test_values_that_a_node_lacks_are_unknown():
    networkx = pytest.importorskip("networkx")
    graph = networkx.DiGraph()
    nan = float("nan")
    graph.add_node("A", **{"class": None, "transmitter": nan, "area": "x", "side": "left"})
    graph.add_node("B", **{"class": nan, "role": "sensory", "area": None, "size": 2.0})
    graph.add_edge("A", "B", weight=1)
    worm = from_networkx(graph)
    assert worm.classes == worm.transmitters == ("", "")
    assert worm.attributes["side"] == ("left", "")
    assert worm.attributes["role"] == ("", "sensory")
    assert worm.attributes["area"] == ("x", "")
    assert worm.body is None
