"""A multiverse of small studies: verdicts, resuming, growing, reading earlier generations."""

from __future__ import annotations

import json
import os
import shutil
import signal

import numpy as np
import pytest

from conncore.errors import CheckpointError, UsageError
from conncore.evolution.stopping import RunStopped
from conncore.experiments.claims import judge
from conncore.experiments.study import Curve, Outcome, run_study
from conncore.experiments.study_files import save_outcome
from conncore.robustness.multiverse import read
from small_multiverses import CLAIMS, GRID, build, go


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """`test_report` draws them."""
    monkeypatch.setattr("conncore.robustness.report.draw_specifications", lambda *a, **o: None)


def files(out):
    return {p: p.stat().st_mtime_ns for p in out.rglob("seed-*.json")}


def test_cells_have_the_numbers_and_verdicts_of_separate_studies(tmp_path):
    found, _ = go(tmp_path / "all", {"lift": [0.0, 50.0], "noise": [2]}, seeds=5)
    assert [cell.combinations[0] for cell in found.cells][1] == {"lift": 50.0, "noise": 2}
    for cell in found.cells:
        task, arms = build(**cell.combinations[0])
        alone = run_study(arms, task, range(5), tmp_path / str(cell.combinations[0]), 1)
        high, low = ([run.end() for run in alone[arm]] for arm in ("high", "low"))
        np.testing.assert_array_equal(cell.values[0], np.array(high) - low)
        assert cell.verdicts == judge(CLAIMS, alone)
    words = [[v.verdict for v in cell.verdicts] for cell in found.cells]
    assert words[1] == ["holds", "refuted"]  # a lift of 50 decides
    shares = found.shares()
    assert [sum(word[place] == "holds" for word in words) for place in (0, 1)] == [
        share.counts["holds"] for share in shares
    ]
    (lift,) = found.effects(0)
    assert (lift.key, lift.reference, lift.value, lift.n_pairs) == ("lift", 0.0, 50.0, 1)
    assert lift.effect == pytest.approx(50, abs=1e-3)  # outcomes round to four digits


def test_runs_are_shared_and_resumed_and_grow(tmp_path):
    found, lines = go(tmp_path)
    assert lines[0] == "8 cells; 6 different arms, 2 seeds: 12 runs"
    assert len(lines) == 13
    assert lines[-1].startswith("12/12  low, lift=1, noise=2, seed 1; about")
    before = files(tmp_path)
    assert len(before) == 12

    again, lines = go(tmp_path)
    assert len(lines) == 1
    assert files(tmp_path) == before
    for one, other in zip(found.cells, again.cells, strict=True):
        np.testing.assert_array_equal(one.values, other.values)

    # More values, another choice of reading and a seed: what is there stays.
    grown, lines = go(tmp_path, {**GRID, "lift": [0.0, 1.0, 2.0], "read_at": [2, 3, 5]}, seeds=3)
    assert lines[0] == "18 cells; 9 different arms, 3 seeds: 27 runs"
    assert len(lines) == 1 + 27 - 12
    assert before.items() <= files(tmp_path).items()
    np.testing.assert_array_equal(grown.cells[0].values[0][:2], found.cells[0].values[0])


def test_an_earlier_generation_is_that_of_a_shorter_run(tmp_path):
    """An optimiser does not know how long it will run."""
    long, _ = go(tmp_path / "long", {"read_at": [2]})

    def short(**options):
        task, arms = build(**options)
        for arm in arms:
            (stage,) = arm.stages
            object.__setattr__(stage, "generations", 2)
        return task, arms

    expected, _ = go(tmp_path / "short", {"noise": [1]}, build=short)
    np.testing.assert_array_equal(long.cells[0].values[0], expected.cells[0].values[0])
    # The held-out score belongs to the end of the run.
    assert np.isnan(long.cells[0].values[1]).all()


def test_reading_cuts_the_last_stage_alone():
    curves = [Curve("pretrain", [1.0] * 4, [1.0] * 4), Curve("evolve", [1.0, 2.0, 3.0], [0.5] * 3)]
    run = Outcome("a", 0, curves, 7.0, 1, 1, 1.0)
    assert read(run, None) is run
    cut = read(run, 2)
    assert cut.curves == [curves[0], Curve("evolve", [1.0, 2.0], [0.5] * 2)]
    assert np.isnan(cut.score)
    assert run.score == 7.0


@pytest.mark.parametrize("moment", [0, 15])
def test_a_stopped_multiverse_resumes_to_the_same_numbers(tmp_path, moment):
    grid = {"lift": [0.0, 1.0], "read_at": [2, 5]}
    whole, _ = go(tmp_path / "whole", grid, 1)
    calls = []

    def before(call):
        calls.append(call)
        if len(calls) == moment + 1:
            os.kill(os.getpid(), signal.SIGINT)

    def interrupted(**options):
        return build(**options, before=before)

    with pytest.raises(RunStopped, match="run the same command again") as stopped:
        go(tmp_path / "parts", grid, 1, build=interrupted)
    assert stopped.value.exit_status == 130
    assert not (tmp_path / "parts" / "multiverse.json").exists()
    resumed, _ = go(tmp_path / "parts", grid, 1)
    for one, other in zip(whole.cells, resumed.cells, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        assert one.arms == other.arms


def test_a_signal_between_runs_stops_too(tmp_path, monkeypatch):
    """Here while the outcome of a finished run is written."""
    saved = []

    def save(*arguments):
        save_outcome(*arguments)
        saved.append(os.kill(os.getpid(), signal.SIGTERM))

    monkeypatch.setattr("conncore.experiments.study.save_outcome", save)
    with pytest.raises(RunStopped) as stopped:
        go(tmp_path)
    assert stopped.value.exit_status == 143
    assert len(saved) == 1


def test_a_failed_run_leaves_its_seed_out(tmp_path):
    def failing(**options):
        task, arms = build(**options)
        scored = task.evaluate

        def evaluate(network, *args, **kwargs):
            fitness = scored(network, *args, **kwargs)
            if network.neuron == "relu" and options["lift"] == 1.0:
                fitness[1:] = -np.inf
            return fitness

        task.evaluate = evaluate
        return task, arms

    found, _ = go(tmp_path, {"lift": [0.0, 1.0]}, build=failing)
    assert np.isfinite(found.cells[0].values[0]).all()
    report = json.loads((tmp_path / "multiverse.json").read_text())
    assert len(report["cells"]) == 2
    assert str(found)


def test_a_directory_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds files but no multiverse"):
        go(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    go(tmp_path / "a", {"lift": [0.0]}, seeds=1)
    with pytest.raises(UsageError, match="other claims or of another title"):
        go(tmp_path / "a", {"lift": [0.0]}, seeds=1, title="another")
    (tmp_path / "a" / "about.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"about\.json is damaged"):
        go(tmp_path / "a", {"lift": [0.0]}, seeds=1)


def test_the_report_alone_is_enough_to_go_on_from(tmp_path):
    grid = {"lift": [0.0], "noise": [1, 2]}
    found, _ = go(tmp_path, grid, seeds=2)
    text = (tmp_path / "multiverse.json").read_text()
    shutil.rmtree(tmp_path / "runs")
    (tmp_path / "about.json").unlink()
    grown, lines = go(tmp_path, grid | {"lift": [0.0, 1.0]}, seeds=3)
    assert len(lines) == 1 + 18 - 6
    np.testing.assert_array_equal(grown.cells[0].values[0][:2], found.cells[0].values[0])
    # A report of other claims, and damaged reports.
    shutil.rmtree(tmp_path / "runs")
    for damage, message in (
        (text.replace('"runs"', '"walks"'), "multiverse.json is damaged"),
        (text.replace('"score":', '"points":'), "multiverse.json is damaged"),
        (text[:-9], "multiverse.json is damaged"),
    ):
        (tmp_path / "multiverse.json").write_text(damage)
        with pytest.raises(CheckpointError, match=message):
            go(tmp_path, grid)
        assert not list(tmp_path.rglob("seed-*"))
    (tmp_path / "about.json").unlink()
    (tmp_path / "multiverse.json").write_text(text)
    with pytest.raises(UsageError, match="other claims or of another title"):
        go(tmp_path, grid, title="another")


def test_a_damaged_outcome_is_refused_and_other_files_stay(tmp_path):
    go(tmp_path, {"lift": [0.0]}, seeds=1)
    file = next(tmp_path.rglob("seed-0.json"))
    file.write_text("{}")
    with pytest.raises(CheckpointError, match="delete it to run it again"):
        go(tmp_path, {"lift": [0.0]}, seeds=1)


def test_wrong_arguments_are_refused_before_the_directory_is_made(tmp_path):
    out = tmp_path / "new"
    with pytest.raises(UsageError, match="seeds is 0"):
        go(out, seeds=0)
    with pytest.raises(UsageError, match="the grid is empty"):
        go(out, [])
    assert not out.exists()
