"""Progress on stderr: plain lines and durations; in a notebook: a bar, tables and pictures."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import suppress

import pytest

from conncore.evolution.progress import RunProgress, duration


def test_plain_progress_lines(capsys, monkeypatch):
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with RunProgress(10) as progress:
        for generation in range(10):
            progress.advance(generation, 12.5, -3.25, 200, 200 * (9 - generation), seconds=2.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "generation 1/10  best 12.5  mean -3.25  100 episodes/s  18s left"
    assert [line.split()[1] for line in lines] == ["1/10", "4/10", "7/10", "10/10"]
    with RunProgress(10, enabled=False) as progress:
        progress.advance(0, 0.0, 0.0, 1, 9, 1.0)
    assert capsys.readouterr().err == ""


def test_the_time_left_counts_episodes_and_not_generations(capsys):
    """Of successive halving: ten generations of 400 members, then thirty of 100."""
    with RunProgress(40) as progress:
        progress.advance(0, 1.0, 0.0, 400, 9 * 400 + 30 * 100, 4.0, "rung 1/2, 4 starts")
    line = capsys.readouterr().err
    assert line == (
        "generation 1/40  rung 1/2, 4 starts  best 1  mean 0  100 episodes/s  1m06s left\n"
    )


def test_durations():
    texts = [duration(s) for s in (0.2, 59.4, 59.6, 187, 3599.9, 3600, 3 * 3600 + 5 * 60)]
    assert texts == ["0s", "59s", "1m00s", "3m07s", "1h00", "1h00", "3h05"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudoterminals")
def test_a_terminal_that_goes_away_ends_no_run(monkeypatch):
    terminal, stderr = os.openpty()
    with open(stderr, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        with RunProgress(10) as progress:
            assert progress._bar is not None
            progress.advance(0, 0.0, 0.0, 1, 9, 1.0)
            shown = os.read(terminal, 1 << 16)
            os.close(terminal)
            with pytest.raises(OSError, match="Input/output"):
                os.write(stderr, b"x")
            for generation in range(1, 5):
                progress.scouted(3)
                progress.advance(generation, 0.0, 0.0, 1, 9, 1.0)
                progress._bar.refresh()
            progress.scoring()
        monkeypatch.setattr(sys, "stderr", None)
        with suppress(OSError):
            stream.close()
    assert b"1/10" in shown or b"0/10" in shown


CELLS = (
    "import conncore as cc\nworm, task = cc.load('celegans-haspel2011'), cc.make_task('swimmer6')",
    "run = cc.evolve(cc.Network(worm, task), task, cc.ES(population_size=8), generations=3)",
    "run",
    "found = cc.compare(worm, task, ['degree'], 2, out='nulls', generations=1,\n"
    "                   optimizer=cc.ES(population_size=4))\nprint(found)",
    "found",
    "ax = cc.plot.comparison(found)",
)


def test_in_a_notebook(tmp_path):
    """Executed as `jupyter nbconvert --execute` does it."""
    nbformat = pytest.importorskip("nbformat", reason="needs nbconvert and ipykernel")
    nbconvert = pytest.importorskip("nbconvert.preprocessors", reason="needs nbconvert")
    pytest.importorskip("ipykernel", reason="needs ipykernel")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own packages
        execute = nbconvert.ExecutePreprocessor(timeout=120, kernel_name="python3")
        execute.preprocess(notebook, {"metadata": {"path": str(tmp_path)}})
    outputs = [
        [output.get("data", {}) | {output["output_type"]: output.get("text", "")} for output in o]
        for o in (cell["outputs"] for cell in notebook.cells)
    ]
    (bar,) = outputs[1]
    assert "<progress value='3' max='3'>" in bar["text/html"]
    assert "3/3&ensp;best " in bar["text/html"]
    assert "<table>" in outputs[2][0]["text/html"]
    printed = "".join(output.get("stream", "") for output in outputs[3])
    assert any(line.startswith("degree ") for line in printed.splitlines())
    assert (tmp_path / "nulls" / "compare.txt").stat().st_size > 500
    assert "<table>" in outputs[4][0]["text/html"]
    assert "image/png" in outputs[5][-1]
