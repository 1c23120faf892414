"""A run that is there already goes on; a run with other settings is refused."""

from __future__ import annotations

import re
import tomllib

import numpy as np
import pytest

from conncore.errors import CheckpointError
from conncore.evolution.takeover import check_run, evolve_or_resume
from conncore.optimizers import ES, GA
from fake_runs import FakeNetwork, SphereTask
from small_runs import OPTIMIZERS, crash_at, go, reproducible

START = np.linspace(-1.0, 1.0, 6)


def take(out, task=None, optimizer=OPTIMIZERS["es"], generations=6, seed=3, **options):
    options = {"progress": False} | options
    network, task = FakeNetwork(), task or SphereTask()
    return evolve_or_resume(network, task, optimizer, generations, seed, out, **options)


def test_a_new_run_is_that_of_evolve(tmp_path, capsys):
    run = take(tmp_path / "taken", n_threads=1)
    go(out=tmp_path / "evolved")
    assert reproducible(tmp_path / "taken") == reproducible(tmp_path / "evolved")
    assert run.path == tmp_path / "taken"
    config = tomllib.loads((run.path / "config.toml").read_text())
    assert config["run"]["threads"] == 1
    assert "start" not in config["run"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("start", [None, START])
def test_an_interrupted_run_ends_with_the_same_bytes(tmp_path, start, capsys):
    whole = take(tmp_path / "whole", start=start)
    with pytest.raises(RuntimeError, match="crash"):
        take(tmp_path / "run", SphereTask(crash_at(5)), start=start)
    rest = SphereTask()
    run = take(str(tmp_path / "run"), rest, start=start)
    assert reproducible(tmp_path / "run") == reproducible(tmp_path / "whole")
    assert np.array_equal(run.history, whole.history)
    assert len([split for _, split, _ in rest.calls if split == "train"]) < 6
    assert capsys.readouterr().err == ""


def test_a_finished_run_is_not_run_again(tmp_path):
    first, task = take(tmp_path / "run"), SphereTask()
    again = take(tmp_path / "run", task)
    assert np.array_equal(again.best.genome, first.best.genome)
    assert not [split for _, split, _ in task.calls if split == "train"]


def test_progress_is_reported_of_both_parts(tmp_path, capsys):
    with pytest.raises(RuntimeError, match="crash"):
        take(tmp_path / "run", SphereTask(crash_at(5)), progress=True)
    assert capsys.readouterr().err
    arguments = FakeNetwork(), SphereTask(), OPTIMIZERS["es"], 6, 3, tmp_path / "run"
    evolve_or_resume(*arguments)  # progress is the default
    assert capsys.readouterr().err


def test_both_parts_take_the_number_of_threads(tmp_path):
    class Noting(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, **which):
            noted.append(n_threads)
            return super().evaluate(network, genomes, seed, n_threads, **which)

    noted = []
    with pytest.raises(RuntimeError, match="crash"):
        take(tmp_path / "run", Noting(crash_at(5)), n_threads=1)
    take(tmp_path / "run", Noting(), n_threads=2)
    assert noted == [1] * noted.count(1) + [2] * noted.count(2)
    assert set(noted) == {1, 2}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": 4}, "seed is 3 there and 4 here"),
        ({"generations": 7}, "generations is 6 there and 7 here"),
        ({"generations": 5}, "generations is 6 there and 5 here"),
        ({"optimizer": ES(population_size=12, n_scout=24)}, "optimizer.population_size is 10"),
        ({"optimizer": GA(population_size=10)}, "optimizer.name is 'es' there and 'ga' here"),
        ({"start": START}, "start is None there and 'sha256:"),
        ({"episodes": 2}, "episodes is None there and 2 here"),
        ({"common_starts": False}, "common_starts is None there and False here"),
    ],
)
def test_other_settings_are_refused_before_any_work(tmp_path, options, words):
    take(tmp_path / "run")
    task, before = SphereTask(), reproducible(tmp_path / "run")
    pattern = f"{re.escape(str(tmp_path / 'run'))} is a run with other settings: {words}"
    with pytest.raises(CheckpointError, match=pattern) as refused:
        take(tmp_path / "run", task, **options)
    assert refused.value.flag == "--out"
    assert not task.calls
    assert reproducible(tmp_path / "run") == before


@pytest.mark.parametrize("start", [None, START + 1e-9])
def test_another_start_is_refused(tmp_path, start):
    take(tmp_path / "run", start=START)
    with pytest.raises(CheckpointError, match=r"start is 'sha256:\w+' there and .* here"):
        take(tmp_path / "run", start=start)


def test_a_run_that_another_process_runs_can_be_checked(tmp_path):
    """A study checks all its runs before it takes over the first: the check takes no lock."""

    def check(call):
        if call == 5:
            check_run(tmp_path / "run", OPTIMIZERS["es"], 6, 3, {})(None)

    task = SphereTask(check)
    take(tmp_path / "run", task)
    assert len(task.calls) > 6


def test_settings_of_another_version_are_one_line(tmp_path, monkeypatch):
    """An optimiser that this version cannot make names the version that made the run."""
    take(tmp_path / "run")

    def refuse(self):
        raise TypeError("no such\nsetting")

    optimizer = OPTIMIZERS["es"]
    monkeypatch.setattr(ES, "__post_init__", refuse)
    pattern = "cannot be restored: no such setting; the run was made by conncore"
    with pytest.raises(CheckpointError, match=pattern):
        check_run(tmp_path / "run", optimizer, 6, 3, {})
