"""The example and the grid of docs/multiverse.md work; the sizes are smaller here."""

from __future__ import annotations

import re
from pathlib import Path

from matplotlib import pyplot

from conncore.robustness.cells import combine
from conncore.robustness.grid import read_grid

PAGE = (Path(__file__).parents[2] / "docs" / "multiverse.md").read_text()


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1]


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)
    example = block("python")
    for full, small in (
        ("population_size=64", "population_size=4"), ("n_scout=256", "n_scout=4"),
        ("generations=60", "generations=2"), ("[30, 60]", "[1, 2]"), ("seeds=5", "seeds=1"),
        ('["relu", "alif"]', '["relu"]'), ("[0.05, 0.1]", "[0.05]"),
    ):  # fmt: skip
        assert full in example
        example = example.replace(full, small)
    exec(compile(example, "multiverse.md", "exec"), {})
    pyplot.close("all")
    assert "does the wiring help?: 4 cells, 1 paired seed" in capsys.readouterr().out
    assert (tmp_path / "wiring.png").stat().st_size > 10_000
    assert (tmp_path / "runs" / "wiring" / "multiverse.json").exists()


def test_the_grid_can_be_read(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text(block("toml"))
    found = read_grid(file)
    assert found.seeds == 5
    assert f"this grid has {len(combine(found.choices))}" in PAGE
