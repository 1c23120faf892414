"""A live run shows what the directory holds at the moment, and never writes to it."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.evolution.evolve import resume
from conncore.noise import start_seeds
from conncore.page.live import LiveRun


@pytest.fixture
def running(recorded_run, tmp_path):
    """The directory of a run that has not ended."""
    path = tmp_path / "run"
    shutil.copytree(recorded_run[0].path, path)
    (path / "best.npz").unlink()
    return path


def state(live, after=0):
    return json.loads(live.state(after))


def test_a_run_before_its_first_generation(running):
    (running / "metrics.jsonl").unlink()
    live = LiveRun(running)
    assert "being recorded" in state(live)["problem"]
    live.look()
    assert state(live)["version"] == 0
    assert "no solution yet" in state(live)["problem"]
    assert live.episode() == "null"
    assert "no solution yet" in live.page()


def test_a_running_run_and_its_end(running):
    before = sorted((file.name, file.stat().st_mtime_ns) for file in running.iterdir())
    live = LiveRun(running)
    live.look()
    assert sorted((file.name, file.stat().st_mtime_ns) for file in running.iterdir()) == before
    found = state(live)
    assert (found["version"], found["problem"]) == (1, "")
    assert found["run"]["summary"] == "generation 2 of 2"
    best = found["run"]["history"]["best"]
    assert found["run"]["shown"] == np.argmax(best)
    assert f"generation {np.argmax(best) + 1}" in found["run"]["chosen"]
    assert state(live, after=1)["from"] == 1
    assert state(live, after=1)["run"]["history"]["best"] == best[1:]
    assert state(live, after=99)["from"] == 0
    (start,) = start_seeds(0, "held-out", 1)
    assert json.loads(live.episode())["facts"]["start"] == f"held-out start {start}"

    live.look()  # nothing is new
    assert state(live)["version"] == 1
    ended = resume(running, generations=3, progress=False)
    live.look()
    found = state(live)
    assert found["version"] == 2
    assert found["run"]["held_out"] == ended.best.scores.tolist()
    assert len(found["run"]["history"]["best"]) == found["run"]["total"] == 3
    episode = json.loads(live.episode())
    assert episode["version"] == 2
    assert episode["facts"]["score"] == ended.best.scores[0]


def test_half_a_line_waits_for_its_other_half(running):
    file = running / "metrics.jsonl"
    line = (
        file.read_text().splitlines(keepends=True)[-1].replace('"generation": 1', '"generation": 2')
    )
    live = LiveRun(running)
    with open(file, "a") as stream:
        stream.write(line[:20])
        stream.flush()
        live.look()
        assert len(state(live)["run"]["history"]["best"]) == 2
        stream.write(line[20:])
    live.look()
    assert len(state(live)["run"]["history"]["best"]) == 3


def test_the_next_episode_waits_so_that_the_run_is_not_slowed(running):
    live = LiveRun(running)
    live.look()
    file = running / "metrics.jsonl"
    better = json.loads(file.read_text().splitlines()[-1]) | {"generation": 2, "best": 1e6}
    with open(file, "a") as stream:
        stream.write(json.dumps(better) + "\n")
    live.look()
    assert state(live)["run"]["history"]["best"][-1] == 1e6
    assert state(live)["version"] == 1


def test_damage_is_said_in_the_page_and_ends_with_it(running):
    live = LiveRun(running)
    file = running / "metrics.jsonl"
    whole = file.read_bytes()
    file.write_text("{}\n")
    live.look()
    assert "metrics.jsonl is damaged" in state(live)["problem"]
    os.replace(shutil.copy(file, running / "copy"), file)
    file.write_bytes(whole)
    live.look()
    assert state(live)["problem"] == ""


def test_something_else_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no such directory"):
        LiveRun(tmp_path / "none")
