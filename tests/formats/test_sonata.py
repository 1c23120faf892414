"""SONATA edges: groups and their index, edge types, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import ConnectomeError, ConnectomeWarning
from conncore.formats import read
from format_files import edges

h5py = pytest.importorskip("h5py")


def write(path, **columns):
    """A population of three edges, 0 -> 1, 1 -> 2 and 2 -> 0; None leaves a data set out."""
    usual = {
        "source_node_id": [0, 1, 2],
        "target_node_id": [1, 2, 0],
        "edge_type_id": [100, 101, 100],
        "edge_group_id": [0, 0, 0],
        "edge_group_index": [0, 1, 2],
    }
    with h5py.File(path, "w") as file:
        group = file.create_group("edges/a_to_a")
        for name, values in (usual | columns).items():
            if values is not None:
                whole = all(isinstance(value, int) for value in values)
                group[name] = np.array(values, np.int64 if whole else np.float64)


def weights(path, **options):
    return {(int(pre), int(post)): w for (pre, post), w in edges(read(path, **options)).items()}


def test_the_index_says_in_which_row_a_weight_lies(tmp_path):
    path = tmp_path / "x.h5"
    write(path, edge_group_index=[2, 1, 0], **{"0/nsyns": [1, 2, 3]})
    assert weights(path) == {(0, 1): (3, 0), (1, 2): (2, 0), (2, 0): (1, 0)}
    write(path, edge_group_index=[0, 0, 1], **{"0/nsyns": [4, 2, 9]})
    assert weights(path) == {(0, 1): (4, 0), (1, 2): (4, 0), (2, 0): (2, 0)}


def test_the_weights_of_several_groups_are_joined(tmp_path):
    path = tmp_path / "x.h5"
    groups = {"0/syn_weight": [4.0], "1/syn_weight": [7.0, -8.0], "1/nsyns": [3, 2]}
    write(path, edge_group_id=[1, 0, 1], edge_group_index=[0, 0, 1], **groups)
    assert weights(path, weight="syn_weight") == {(0, 1): (7, 1), (1, 2): (4, 1), (2, 0): (8, -1)}
    with pytest.raises(ConnectomeError, match="group 0 of population 'a_to_a' has no nsyns, but"):
        read(path)


def test_edges_count_1_where_no_group_has_nsyns(tmp_path):
    path = tmp_path / "x.h5"
    groups = {"0/syn_weight": [4.0], "1/delay": [7.0, 8.0]}
    write(path, edge_group_id=[1, 0, 1], edge_group_index=[0, 0, 1], **groups)
    with pytest.warns(ConnectomeWarning, match=r"has no nsyns.*use the option weight=syn_weight"):
        assert weights(path) == {(0, 1): (1, 0), (1, 2): (1, 0), (2, 0): (1, 0)}
    with pytest.raises(ConnectomeError, match=r"group 1 .* has no syn_weight, but other edges"):
        read(path, weight="syn_weight")
    with pytest.raises(ConnectomeError, match="has no data set 1/conductance; name another weight"):
        read(path, weight="conductance")


def test_one_group_may_leave_out_where_its_edges_lie(tmp_path):
    path = tmp_path / "x.h5"
    write(path, edge_group_id=None, edge_group_index=None, **{"0/nsyns": [1, 2, 3]})
    assert weights(path) == {(0, 1): (1, 0), (1, 2): (2, 0), (2, 0): (3, 0)}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"edge_group_index": [0, 1, 3]}, "edge 2 lies in row 3 of group 0, and 0/nsyns has 3"),
        ({"edge_group_index": [0, -1, 2]}, "edge 1 lies in row -1 of group 0"),
        ({"edge_group_id": [0, 0, 7]}, "edge 2 lies in group 7, and there is no such group; it"),
        ({"edge_group_index": None}, "has no list of 3 integers edge_group_index"),
        ({"edge_group_id": None}, "has no list of 3 integers edge_group_id"),
        ({"edge_group_index": [0, 1]}, "has no list of 3 integers edge_group_index"),
        ({"edge_group_index": [0.0, 1.0, 2.5]}, "has no list of 3 integers edge_group_index"),
        (
            {"edge_group_id": None, "edge_group_index": None, "0/nsyns": [1, 2]},
            "has 3 edges, but 2 values of 0/nsyns and no edge_group_id",
        ),
        (
            {"edge_group_id": None, "edge_group_index": None, "1/nsyns": [1, 2]},
            "has no list of 3 integers edge_group_id",
        ),
        ({"target_node_id": [0, 1]}, "has 3 sources and 2 targets"),
        ({"0/nsyns": [1.0, np.nan, 2.0]}, "edge '1' -> '2' has the weight nan"),
    ],
)
def test_groups_that_do_not_fit_are_refused(tmp_path, columns, message):
    path = tmp_path / "x.h5"
    write(path, **({"0/nsyns": [1, 2, 3]} | columns))
    with pytest.raises(ConnectomeError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_edge_types_give_what_the_groups_lack(tmp_path):
    path, types = tmp_path / "x.h5", tmp_path / "edge_types.csv"
    types.write_text('edge_type_id syn_weight model\n100 0.5 "static a"\n101 -2.5 NULL\n')
    write(path, **{"0/nsyns": [1, 2, 3]})
    options = {"weight": "syn_weight", "edge_types": types}
    assert weights(path, **options) == {(0, 1): (0.5, 1), (1, 2): (2.5, -1), (2, 0): (0.5, 1)}
    assert weights(path, edge_types=types) == {(0, 1): (1, 0), (1, 2): (2, 0), (2, 0): (3, 0)}
    # The weight of a group comes before that of the type.
    write(path, edge_group_id=[0, 1, 1], edge_group_index=[0, 0, 1], **{"0/syn_weight": [9.0]})
    with pytest.raises(ConnectomeError, match="edge 1 lies in group 1, and there is no such"):
        read(path, **options)
    groups = {"0/syn_weight": [9.0], "1/delay": [1.0, 1.0]}
    write(path, edge_group_id=[0, 1, 1], edge_group_index=[0, 0, 1], **groups)
    assert weights(path, **options) == {(0, 1): (9, 1), (1, 2): (2.5, -1), (2, 0): (0.5, 1)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("edge_type_id syn_weight\n100 1\n", "types.csv: there is no edge type 101, which the"),
        ("edge_type_id syn_weight\n100 1\n101 NULL\n", "group 0 .* has no syn_weight, but other"),
        ("edge_type_id syn_weight\n100 1\n101 x\n", "line 3, column 'syn_weight': 'x' is not a"),
        (
            "edge_type_id syn_weight\n100 1\n101 2\n100 3\n",
            "line 4, .* edge type 100 appears twice",
        ),
        ("edge_type_id model\n100 1\n101 1\n", "has no data set 0/syn_weight; name another weight"),
        ("id syn_weight\n100 1\n", "there is no column 'edge_type_id'"),
    ],
)
def test_edge_types_that_do_not_fit_are_refused(tmp_path, text, message):
    path, types = tmp_path / "x.h5", tmp_path / "types.csv"
    types.write_text(text)
    write(path, **{"0/nsyns": [1, 2, 3]})
    with pytest.raises(ConnectomeError, match=message):
        read(path, weight="syn_weight", edge_types=types)


def test_edge_types_need_the_type_of_each_edge(tmp_path):
    path, types = tmp_path / "x.h5", tmp_path / "types.csv"
    types.write_text("edge_type_id syn_weight\n100 1\n")
    write(path, edge_type_id=None, **{"0/nsyns": [1, 2, 3]})
    with pytest.raises(ConnectomeError, match="has no list of 3 integers edge_type_id"):
        read(path, weight="syn_weight", edge_types=types)
