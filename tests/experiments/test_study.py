"""Studies resume, refuse what is not theirs, and lose nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal

import numpy as np
import pytest

from conncore import Network, storage
from conncore.errors import CheckpointError, ConncoreError, UsageError
from conncore.evolution.run_directory import read_timing
from conncore.evolution.stopping import RunStopped
from conncore.experiments.results import write_results
from conncore.experiments.study import Stage, describe, restore_study
from conncore.provenance import commit
from fake_runs import tiny_connectome
from small_studies import ES_STAGE, GA_STAGE, SmallTask, files, go, make_arms, numbers


def test_a_study_runs_every_arm_from_every_seed(tmp_path):
    outcomes, lines = go(tmp_path / "study")
    assert {arm: [run.seed for run in runs] for arm, runs in outcomes.items()} == {
        "one": [0, 1],
        "two": [0, 1],
    }
    assert [line.split()[0] for line in lines] == ["1/4", "2/4", "3/4", "4/4"]
    run = outcomes["one"][1]
    assert [curve.stage for curve in run.curves] == ["pretrain", "evolve"]
    assert [len(curve.mean) for curve in run.curves] == [3, 4]
    shared = Network(tiny_connectome(), SmallTask(), "relu", "dense")
    assert run.n_parameters == shared.with_individual_weights().layout.n_parameters
    # The GA starts where the ES ended, with every member the expanded solution.
    best = np.load(tmp_path / "study/one/seed-1/pretrain/best.npz")["genome"]
    expanded = shared.expand(best[None])
    assert run.start() == pytest.approx(SmallTask().evaluate(None, expanded, 0)[0], abs=1e-4)
    assert run.end() == run.curves[-1].mean[-1]


def test_a_finished_study_runs_nothing_again(tmp_path):
    first, _ = go(tmp_path / "study")
    task = SmallTask()
    again, lines = go(tmp_path / "study", task)
    assert not task.calls
    assert not lines
    assert numbers(again) == numbers(first)
    more, lines = go(tmp_path / "study", seeds=(0, 1, 2))
    assert len(lines) == 2
    assert numbers(more)["one"][:2] == numbers(first)["one"]


@pytest.mark.parametrize("call", [1, 9, 14, 30])
def test_an_interrupted_study_goes_on_to_the_same_numbers(tmp_path, call):
    whole, _ = go(tmp_path / "whole")

    def stop(number):
        if number == call:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(RunStopped, match="run the same command again"):
        go(tmp_path / "study", SmallTask(before=stop))
    finished = files(tmp_path / "study")
    task = SmallTask()
    outcomes, _ = go(tmp_path / "study", task)
    assert numbers(outcomes) == numbers(whole)
    assert all((tmp_path / "study" / name).read_bytes() == old for name, old in finished.items())
    whole_task = SmallTask()
    go(tmp_path / "third", whole_task)
    assert len(task.calls) < len(whole_task.calls)


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    whole, _ = go(tmp_path / "whole")
    replace, count = os.replace, iter(range(1000))

    def full(*paths):
        if next(count) == 25:
            raise OSError(28, "No space left on device")
        replace(*paths)

    monkeypatch.setattr(storage.os, "replace", full)
    with pytest.raises(ConncoreError, match="No space left on device; make room and run"):
        go(tmp_path / "study")
    monkeypatch.undo()
    assert numbers(go(tmp_path / "study")[0]) == numbers(whole)


def test_a_study_may_grow_by_an_arm(tmp_path):
    arms = make_arms(SmallTask())
    whole, _ = go(tmp_path / "whole", arms=arms)
    go(tmp_path / "study", arms=arms[:1])
    outcomes, lines = go(tmp_path / "study", arms=arms)
    assert len(lines) == 2  # of the new arm alone
    assert numbers(outcomes) == numbers(whole)
    assert set(json.loads((tmp_path / "study/study.json").read_text())["arms"]) == {"one", "two"}
    assert numbers(go(tmp_path / "study", arms=arms[1:])[0])["two"] == numbers(whole)["two"]
    assert set(json.loads((tmp_path / "study/study.json").read_text())["arms"]) == {"one", "two"}


def test_a_study_goes_on_from_the_json_that_reports_it(tmp_path):
    """Results are kept without their run directories."""
    out, task = tmp_path / "study", SmallTask()
    first, _ = go(out, seeds=(0,))
    report = tmp_path / "study.json"
    write_results(report, "", describe(make_arms(task), task), first)
    shutil.rmtree(out)
    restore_study(report, out)
    again, lines = go(out, task, seeds=(0,))
    assert not task.calls
    assert not lines
    assert again == first
    more, lines = go(out, seeds=(0, 1))
    assert len(lines) == 2
    whole, _ = go(tmp_path / "whole", seeds=(0, 1))
    assert numbers(more) == numbers(whole)
    kept = files(out)
    report.write_text("{")
    restore_study(report, out)  # the study itself comes first
    assert files(out) == kept
    for damaged in ("{", "[]", json.dumps({"settings": {}, "outcomes": [{"arm": "one"}]})):
        report.write_text(damaged)
        with pytest.raises(CheckpointError, match=r"study.json"):
            restore_study(report, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_an_outcome_says_what_made_it_and_how_long_all_of_it_took(tmp_path):
    def stop(number):
        if number == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(RunStopped):
        go(tmp_path / "study", SmallTask(before=stop), seeds=(0,))
    runs = tmp_path / "study" / "one" / "seed-0"
    before = sum(line["seconds"] for line in read_timing(runs / "pretrain"))
    assert before > 0
    run = go(tmp_path / "study", seeds=(0,))[0]["one"][0]
    assert run.commit == commit()
    assert run.date
    lines = read_timing(runs / "pretrain") + read_timing(runs / "evolve")
    assert len(lines) == 7
    assert run.seconds == round(sum(line["seconds"] for line in lines), 1)


def test_another_study_and_strange_files_are_refused(tmp_path):
    go(tmp_path / "study", seeds=(0,))
    task = SmallTask()
    shorter = make_arms(task, (Stage("pretrain", ES_STAGE.optimizer, 2), GA_STAGE))
    with pytest.raises(UsageError, match=r"settings \(arms.one.stages.*choose another directory"):
        go(tmp_path / "study", task, arms=shorter)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(UsageError, match="holds files but no study"):
        go(tmp_path / "other")
    file = tmp_path / "study/one/seed-0.json"
    for damaged in ("{", "{}", json.dumps({"curves": [{"a": 1}]})):
        file.write_text(damaged)
        with pytest.raises(CheckpointError, match=r"seed-0.json.*delete it to run it again"):
            go(tmp_path / "study", seeds=(0,))
    (tmp_path / "study/study.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"study.json is damaged"):
        go(tmp_path / "study")


def test_a_study_of_an_older_version_is_refused_by_its_format(tmp_path):
    out, task = tmp_path / "study", SmallTask()
    outcomes, _ = go(out, seeds=(0,))
    report = tmp_path / "report.json"
    write_results(report, "", describe(make_arms(task), task), outcomes)
    for file in (out / "study.json", report):
        text = file.read_text()
        assert re.search(r'"format": ?2', text)
        file.write_text(re.sub(r'"format": ?2', '"format": 1', text))
    for old in (lambda: go(out), lambda: restore_study(report, tmp_path / "other")):
        with pytest.raises(UsageError, match=r"has format 1, but conncore \S+ reads format 2") as e:
            old()
        assert "\n" not in str(e.value)
    assert not (tmp_path / "other").exists()
