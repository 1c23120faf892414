"""resume: the same bytes however a run is interrupted."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from conncore import storage
from conncore.errors import CheckpointError, ConncoreError, UsageError
from conncore.evolution.evolve import resume
from fake_runs import FakeNetwork, SphereTask, tiny_connectome
from small_runs import (
    N_GENERATIONS,
    crash_at,
    go,
    go_on,
    interrupt_at,
    over_both,
    reproducible,
)


@over_both
def test_every_interruption_resumes_to_the_same_bytes(name, tmp_path):
    task = SphereTask()
    whole = go(name, task, out=tmp_path / "whole")
    expected = reproducible(tmp_path / "whole")
    for number in range(1, len(task.calls)):
        path = tmp_path / str(number)
        with pytest.raises(RuntimeError, match="crash"):
            go(name, SphereTask(crash_at(number)), out=path)
        with pytest.raises(RuntimeError, match="crash"):  # and again in what is left, one later
            go_on(path, SphereTask(crash_at(1 if number < len(task.calls) - 1 else 0)))
        run = go_on(path)
        assert reproducible(path) == expected
        assert np.array_equal(run.history, whole.history)


@over_both
def test_every_failed_write_resumes_to_the_same_bytes(name, tmp_path, monkeypatch):
    go(name, out=tmp_path / "whole")
    expected = reproducible(tmp_path / "whole")
    real, calls = os.fsync, []

    def fails_at(number):
        def fsync(handle):
            calls.append(handle)
            if len(calls) == number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(handle)

        return fsync

    n_failed = 0
    for number in range(1, 40):
        path = tmp_path / str(number)
        calls.clear()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fails_at(number))
            message = ""
            try:
                go(name, out=path)
            except ConncoreError as error:
                message = str(error)
        if message:
            n_failed += 1
            assert "No space left on device" in message
            assert "\n" not in message
            assert not list(tmp_path.glob(f".{number}.*"))
            if not path.exists():  # it never began
                continue
            assert f"conncore resume {path}" in message
            assert not list(path.glob(".*.tmp"))
        go_on(path)
        assert reproducible(path) == expected
    assert n_failed > 10


@pytest.mark.parametrize("name", ["metrics.jsonl", "timing.jsonl"])
def test_a_line_that_does_not_fit_is_written_again(name, tmp_path, monkeypatch):
    go(out=tmp_path / "whole")
    import conncore.evolution.run_directory as room

    def full_open(file, mode="r", **options):
        stream = open(file, mode, **options)  # noqa: SIM115
        if str(file).endswith(name) and stream.tell() > 200:
            stream.write('{"gener')
            stream.close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return stream

    with monkeypatch.context() as patch:
        patch.setattr(room, "open", full_open, raising=False)
        with pytest.raises(ConncoreError, match=rf"cannot write .*{name}: No space left"):
            go(out=tmp_path / "run")
    go_on(tmp_path / "run")
    assert reproducible(tmp_path / "run") == reproducible(tmp_path / "whole")


def test_more_generations_are_those_a_longer_run_has(tmp_path):
    go(out=tmp_path / "run", generations=3)
    short = go_on(tmp_path / "run")  # nothing left to do
    assert len(short.history) == 3
    longer = go_on(tmp_path / "run", generations=N_GENERATIONS)
    whole = go(out=tmp_path / "whole")
    assert np.array_equal(longer.best.genome, whole.best.genome)
    assert reproducible(tmp_path / "run") == reproducible(tmp_path / "whole")
    assert longer.config["run"]["generations"] == N_GENERATIONS
    with pytest.raises(UsageError, match="has done 6 generations"):
        go_on(tmp_path / "run", generations=5)


def test_a_finished_run_is_not_evaluated_again(tmp_path):
    run = go(out=tmp_path / "run")
    task = SphereTask()
    again = go_on(tmp_path / "run", task)
    assert task.calls == []
    assert np.array_equal(again.best.scores, run.best.scores)


def test_a_kill_before_an_old_checkpoint_is_removed_leaves_nothing(tmp_path):
    """A kill may come between writing the last checkpoint and removing the oldest."""
    path = tmp_path / "run"
    go(out=path)
    (path / "checkpoint-4.npz").write_bytes((path / "checkpoint-5.npz").read_bytes())
    go_on(path)
    assert sorted(f.name for f in path.glob("checkpoint-*")) == [
        "checkpoint-5.npz",
        "checkpoint-6.npz",
    ]


def test_a_resume_that_fails_at_once_removes_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        go(task=SphereTask(interrupt_at(0)), out=tmp_path / "run")
    with pytest.raises(RuntimeError, match="crash"):
        go_on(tmp_path / "run", SphereTask(crash_at(0)))
    assert len(go_on(tmp_path / "run").history) == N_GENERATIONS


def test_resume_refuses_another_network(tmp_path):
    go(out=tmp_path / "run")
    other = FakeNetwork(tiny_connectome(weight=9.0))
    with pytest.raises(CheckpointError, match="another connectome"):
        resume(tmp_path / "run", network=other, task=SphereTask())
    shorter = FakeNetwork()
    shorter.layout.n_parameters = 5
    with pytest.raises(CheckpointError, match=r"genomes of 6 parameters.* network 5"):
        resume(tmp_path / "run", network=shorter, task=SphereTask())


def test_a_full_disk_at_a_checkpoint_keeps_the_older_one(tmp_path, monkeypatch):
    real = storage.write_atomically

    def write(file, content):
        if file.name == "checkpoint-3.npz":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file, content)

    monkeypatch.setattr("conncore.evolution.run_directory.write_atomically", write)
    with pytest.raises(ConncoreError, match=r"cannot write .*checkpoint-3.npz: No space left"):
        go(out=tmp_path / "run")
    names = sorted(file.name for file in (tmp_path / "run").glob("checkpoint*"))
    assert names == ["checkpoint-1.npz", "checkpoint-2.npz"]
