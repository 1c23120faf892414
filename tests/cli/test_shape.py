"""`conncore connectome subset | merge | split | sign | label`, and choosing cells for a run."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from conncore.catalog.shipped import load
from conncore.cli.app import app
from conncore.errors import ConnectomeError, UsageError
from conncore.formats import read

NAME = "celegans-cook2019"


@pytest.fixture
def shape(tmp_path):
    """Run a command from a connectome into a new file, and read that file."""

    def run(command, *options, source=NAME, out="out.npz"):
        words = ["connectome", command, str(source), str(tmp_path / out), *map(str, options)]
        result = CliRunner().invoke(app, words)
        if result.exception is not None:
            raise result.exception
        connectome = read(tmp_path / out)
        expected = f"{tmp_path / out}: {connectome.n_cells} cells"
        assert result.stdout.startswith(expected)
        return connectome

    return run


def test_subset_takes_the_cells_that_meet_all_conditions(shape):
    whole = load(NAME)
    assert shape("subset", "--class", "VA,VB").n_cells == 12 + 11
    assert shape("subset", "--match", "^AVA").names == ("AVAL", "AVAR")
    assert shape("subset", "--cells", "AVAR,AVAL").names == ("AVAL", "AVAR")
    gaba = shape("subset", "--where", "transmitter=GABA", "--where", "role=motor")
    assert set(gaba.classes) == {"VD", "DD"}
    near = shape(
        "subset", "--from", "match=^AVA", "--hops", 1, "--direction", "out", "--min-weight", 5
    )
    strong = whole.weight >= 5
    reached = {
        whole.names[j]
        for i, j in zip(whole.pre[strong], whole.post[strong], strict=True)
        if whole.names[i] in ("AVAL", "AVAR")
    }
    assert set(near.names) == reached | {"AVAL", "AVAR"}
    assert near.weight.min() >= 5


def test_merge_and_split(shape):
    merged = shape("merge", "--left-right", source="celegans-cook2019-motor")
    assert merged.n_cells == 75 + 24 + 23 + 1
    classes = shape("merge", source="celegans-haspel2011")
    assert set(classes.names) == {"AS", "DA", "DB", "DD", "VA", "VB", "VD", "MDlr", "MVlr"}
    signs = shape("merge", "--by", "transmitter", "--conflicts", "majority")
    assert {"ACh", "Glu", "GABA"} < set(signs.names)
    assert shape("split-muscles", source="celegans-haspel2011").n_cells == 138


def test_sign_settles_in_order(shape, tmp_path):
    edges = tmp_path / "mine.csv"
    edges.write_text("pre,post,sign\nAVAL,VA8,-1\n")
    plain = tmp_path / "plain.csv"
    plain.write_text("pre,post\nA,B\nB,A\nC,A\n")
    signed = shape("sign", "--edge-signs", edges)
    assert signed.sign_source.counts()["given:mine.csv"] == 1
    assert signed.n_unknown == 563
    random = shape("sign", "--unknown-signs", "random", "--excitatory-share", 0.34, source=plain)
    assert (random.n_excitatory, random.n_inhibitory) == (1, 2)
    assert shape("sign", "--transmitters", "fly").n_unknown == 563
    with pytest.raises(UsageError, match="the sign of 3 of 3"):
        shape("sign", "--unknown-signs", "refuse", source=plain)
    with pytest.raises(UsageError, match="has no confidence of its transmitters"):
        shape("sign", "--transmitters", "fly", "--min-confidence", 0.5)


def test_a_file_is_read_with_its_options(shape, tmp_path):
    table = tmp_path / "net.csv"
    table.write_text("A,B,2\nB,AL,1\nAL,AR,1\n")
    bare = ["--format", "edges", "--option", "header=no"]
    assert shape("subset", "--min-weight", 2, *bare, source=table).n_edges == 1
    assert shape("sign", "--unknown-signs", "excitatory", *bare, source=table).n_excitatory == 3
    assert shape("merge", "--left-right", *bare, source=table).names == ("A", "B", "Alr")
    assert shape("null", "--null", "random", *bare, source=table).n_edges == 3
    cells = tmp_path / "cells.csv"
    cells.write_text("name,class\nA,X\n")
    assert shape("label", "--table", cells, *bare, source=table).classes[0] == "X"


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("sign", [], "give a source of signs"),
        ("sign", ["--unknown-signs", "random"], "share of cells that excite"),
        ("sign", ["--excitatory-share", "0.5", "--transmitters", "fly"], "needs --unknown-signs"),
        ("sign", ["--min-confidence", "0.5", "--unknown-signs", "drop"], "needs --transmitters"),
        ("merge", ["--left-right", "--by", "class"], "give one of them"),
        ("subset", ["--hops", "2"], "need --from"),
        ("subset", [], "needs a condition; give --cells, --class, --match, --where, --from or"),
        ("subset", ["--min-weight", "0"], "needs a condition"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(shape, command, options, message):
    with pytest.raises(UsageError, match=message):
        shape(command, *options)


def test_label_takes_a_table_and_tables_keep_it(shape, tmp_path):
    plain = tmp_path / "plain.csv"
    plain.write_text("pre,post,sign\nA,B,1\n")
    table = tmp_path / "body.csv"
    table.write_text("name,class,role,segment,side\nA,DA,motor,0,dorsal\nB,MD,muscle,0,dorsal\n")
    moving = shape("label", "--table", table, source=plain, out="worm.edges.csv")
    assert moving.body.role == ("motor", "muscle")
    assert (tmp_path / "worm.cells.csv").exists()


def test_wrong_words_are_one_line(shape, tmp_path):
    with pytest.raises(UsageError, match="'region' is not PROPERTY=WORD"):
        shape("subset", "--where", "region")
    with pytest.raises(UsageError, match=r"part\.xlsx: give a file ending in"):
        shape("subset", "--class", "AS", out="part.xlsx")
    with pytest.raises(ConnectomeError, match="no left/right-merged muscles"):
        shape("split-muscles")


def test_a_run_takes_chosen_cells_and_settles_signs(tmp_path):
    plain = tmp_path / "net.edges.csv"
    plain.write_text("pre,post\nS1,I\nS2,I\nI,O\n")
    (tmp_path / "net.cells.csv").write_text("name,class\nS1,S\nS2,S\nI,\nO,\n")
    words = ["evolve", "--connectome", str(plain), "--task", "CartPole-v1", "--io", "dense"]
    words += ["--population", "4", "--generations", "1", "--threads", "1"]
    chosen = ["--inputs", "class=S", "--outputs", "flow=sink"]
    random = ["--unknown-signs", "random", "--excitatory-share", "0.5"]
    result = CliRunner().invoke(app, [*words, *chosen, *random, "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    # 2 inputs x (4 observations + bias), 2 log weights, 2 actions x (1 output + bias).
    assert "16 parameters" in result.stdout
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "refused")])
    assert result.exception.flag == "--unknown-signs POLICY"
    result = CliRunner().invoke(app, [*words, "--unknown-signs", "drop", "--inputs", "class=Q"])
    assert "unknown class 'Q' in connectome 'net'" in str(result.exception)
