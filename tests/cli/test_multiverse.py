"""``conncore multiverse``: from a grid file to tables, figures and JSON."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from conncore.cli.app import app
from conncore.errors import UsageError

TOY = """
seeds = 2
nulls = ["degree"]
[set]
generations = 2
population = 4
scouts = 4
[choices]
neuron = ["relu", "lif"]
sigma = [0.1, 0.2]
"""


def run(*arguments):
    return CliRunner().invoke(app, ["multiverse", *map(str, arguments)], env={"COLUMNS": "200"})


@pytest.fixture(autouse=True)
def no_curves(monkeypatch):
    monkeypatch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)


def test_a_toy_grid_of_compare(tmp_path):
    grid, out = tmp_path / "grid.toml", tmp_path / "out"
    grid.write_text(TOY)
    result = run("compare", "--grid", grid, "--out", out, "--threads", 1)
    assert result.exit_code == 0, result.output
    assert "4 cells, 2 paired seeds" in result.output
    assert "the circuit scores above degree" in result.output
    assert "not tested" in result.output  # two seeds
    report = json.loads((out / "multiverse.json").read_text())
    assert report["choices"]["neuron"] == ["relu", "lif"]
    assert len(report["runs"]) == 8
    # More seeds than the grid says are added.
    result = run("compare", "--grid", grid, "--out", out, "--threads", 1, "--seeds", 3)
    assert "4 cells, 3 paired seeds" in result.output
    assert len(list(out.rglob("seed-*.json"))) == 24


@pytest.mark.parametrize(
    ("study", "text", "message"),
    [
        ("fig9", TOY, "unknown"),
        ("fig4", TOY, "unknown key 'nulls'"),
        ("compare", TOY + "read_at = [1]", "read_at is for learning curves"),
        ("fig4", "[choices]\nbatch = [1]", "batch does not apply here.*in the cell batch=1"),
        ("compare", TOY.replace("degree", "noses"), "unknown null 'noses'"),
    ],
)
def test_what_cannot_be_run_is_refused_before_the_directory_is_made(study, text, message, tmp_path):
    grid, out = tmp_path / "grid.toml", tmp_path / "out"
    grid.write_text(text)
    with pytest.raises(UsageError, match=message):
        raise run(study, "--grid", grid, "--out", out).exception
    assert not out.exists()
