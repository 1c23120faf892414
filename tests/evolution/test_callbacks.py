"""Callbacks get what the history has, and cannot change a run; their errors lose no generation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from small_runs import REPRODUCIBLE, go, go_on, reproducible


def test_an_event_per_generation_with_the_numbers_of_the_history():
    events = []
    run = go("es", callback=events.append)
    assert [event.generation for event in events] == run.history["generation"].tolist()
    for event, record in zip(events, run.history, strict=True):
        for name in run.history.dtype.names:
            assert getattr(event, name) == record[name], name
        assert event.n_generations == len(run.history)
        assert event.title == run.title
        assert event.seconds > 0
    highest = np.maximum.accumulate([event.best_fitness for event in events])
    assert [event.best_fitness for event in events] == highest.tolist()
    assert all(event.best_fitness >= event.best for event in events)
    last = events[-1]
    assert repr(last) == f"<GenerationEvent 6 of 6: best {last.best:.4g}, mean {last.mean:.4g}>"
    fields = {field.name for field in dataclasses.fields(last)}
    assert last.numbers.keys() < fields
    assert all(isinstance(value, (int, float)) for value in last.numbers.values())


def test_the_stage_of_a_search_in_parts():
    stages = []
    go("halving", generations=None, callback=lambda event: stages.append(event.stage))
    assert len(set(stages)) > 1


def test_a_callback_changes_no_bit(tmp_path):
    def meddle(event):
        np.random.default_rng(0).normal()
        with pytest.raises(ValueError, match="read-only"):
            event.best_genome[:] = 0.0

    go("es", out=tmp_path / "a")
    go("es", out=tmp_path / "b", callback=meddle)
    assert reproducible(tmp_path / "a") == reproducible(tmp_path / "b")


def test_an_error_ends_the_run_and_resume_goes_on(tmp_path):
    def fail(event):
        if event.generation == 2:
            raise RuntimeError("the logger is away")

    with pytest.raises(RuntimeError, match="the logger is away") as caught:
        go("es", out=tmp_path / "a", callback=fail)
    (note,) = caught.value.__notes__
    assert note == (
        "raised by the callback after generation 3 of 6; the run is saved; resume it with: "
        f"conncore resume {tmp_path / 'a'}"
    )
    seen = []
    go_on(tmp_path / "a", callback=lambda event: seen.append(event.generation))
    assert seen == [3, 4, 5]
    go("es", out=tmp_path / "b")
    for name in REPRODUCIBLE:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_an_error_in_the_first_generation_keeps_the_directory(tmp_path):
    def fail(event):
        raise ValueError(event.title)

    with pytest.raises(ValueError, match="tiny"):
        go("es", out=tmp_path / "a", callback=fail)
    assert len(go_on(tmp_path / "a").history) == 6
    with pytest.raises(ValueError, match="tiny") as caught:
        go("es", callback=fail)
    assert "in memory only" in caught.value.__notes__[0]
