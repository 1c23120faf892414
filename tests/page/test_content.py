"""The page shows the episode to the bit that its number formats hold."""

from __future__ import annotations

import numpy as np
import pytest

import conncore as cc
from conncore.page.content import arrays_of, episode_facts, page_rows, run_facts, wiring_of
from conncore.plot.rows import rows_of
from drawn import classed_connectome, episode_of


def test_body_and_spikes_are_those_of_the_episode(recorded_run):
    run, episode = recorded_run
    rows = page_rows(episode.connectome)
    arrays, facts = arrays_of(episode, rows), episode_facts(episode, rows)
    np.testing.assert_array_equal(arrays["links"], episode.body.links[..., :2].astype(np.float32))
    np.testing.assert_array_equal(arrays["angles"], episode.body.angles.astype(np.float32))
    bits = np.unpackbits(arrays["activity"], bitorder="little")[: episode.activity.size]
    order = [episode.connectome.names.index(name) for name in facts["rows"]["names"]]
    np.testing.assert_array_equal(bits.reshape(2000, 102), episode.activity[:, order])
    assert facts["score"] == episode.fitness == run.best.scores[0]
    of_run = run_facts(run)
    assert of_run["history"]["best"] == run.history["best"].tolist()
    assert of_run["held_out"] == run.best.scores.tolist()
    assert not facts["graded"]


def test_activity_without_spikes_is_in_255_steps():
    episode = episode_of(classed_connectome(12, 3), spiking=False, body=False)
    rows = page_rows(episode.connectome)
    facts, shown = episode_facts(episode, rows), arrays_of(episode, rows)["activity"]
    order = np.concatenate(rows.cells)
    exact = episode.activity[:, order]
    np.testing.assert_allclose(shown / 255 * facts["largest"], exact, atol=facts["largest"] / 509)
    assert facts["graded"]
    assert facts["unit"] == "activity"


def test_a_task_without_a_body_shows_observations_and_actions():
    episode = episode_of(classed_connectome(12, 3), body=False)
    arrays = arrays_of(episode, page_rows(episode.connectome))
    assert set(arrays) == {"activity", "observations", "actions"}


def test_a_large_network_has_a_row_per_type(monkeypatch):
    monkeypatch.setattr("conncore.page.content.MOST_CELLS", 100)
    episode = episode_of(classed_connectome(300, 7), 10)
    rows = page_rows(episode.connectome)
    facts, arrays = episode_facts(episode, rows), arrays_of(episode, rows)
    assert arrays["activity"].shape == (20, 7)
    assert facts["rows"]["label"] == "7 cell types"
    assert facts["unit"] == "spikes per step"
    assert facts["wiring"]["node"] == list(range(7))


def test_every_edge_is_in_the_wiring():
    worm = cc.load("celegans-haspel2011")
    found = wiring_of(worm, rows_of(worm))
    assert found["map"]
    edges = {
        (found["names"][pre], found["names"][post]): weight for pre, post, weight in found["edges"]
    }
    signed = (worm.weight * worm.sign).tolist()
    names = worm.names
    pairs = zip(worm.pre, worm.post, signed, strict=True)
    assert edges == {(names[a], names[b]): pytest.approx(w) for a, b, w in pairs}
    assert [found["names"][node] for node in found["node"]] == list(rows_of(worm).names)


def test_a_connectome_without_a_body_map_is_a_circle_of_types():
    connectome = classed_connectome(90, 5)
    found = wiring_of(connectome, rows_of(connectome))
    assert not found["map"]
    assert found["names"] == [f"k{i}" for i in range(5)]
    np.testing.assert_allclose(np.hypot(found["x"], found["y"]), 1.0, atol=1e-3)
    total = np.zeros((5, 5))
    for pre, post, weight in found["edges"]:
        total[pre, post] = weight
    expected = np.zeros((5, 5))
    np.add.at(expected, (connectome.pre % 5, connectome.post % 5), connectome.sign)
    np.testing.assert_array_equal(total, expected)
    assert found["left_out"] == "5 cell types"
