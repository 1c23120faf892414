"""`conncore connectome convert`, and the options of readers on the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from conncore.catalog.shipped import load
from conncore.cli.app import app
from conncore.errors import UsageError


def run(*words):
    result = CliRunner().invoke(app, ["connectome", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


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
