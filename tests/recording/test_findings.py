"""Locked joints and silent networks in a recorded episode."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import conncore as cc
from conncore.recording.findings import findings


@pytest.fixture(scope="module")
def episode():
    task = cc.make_task("swimmer6", max_steps=20)
    network = cc.Network(cc.load("celegans-haspel2011"), task, neuron="relu")
    return cc.record(network, network.random_genomes(1, 0)[0])


def test_limits_are_those_of_the_model(episode):
    assert episode.body.limits == pytest.approx(np.tile(np.deg2rad([-100, 100]), (5, 1)))
    assert findings(episode) == []


def test_a_joint_that_stays_at_its_limit_is_named(episode):
    for angle, n_steps, found in ((1.72, 11, True), (-1.8, 11, True), (1.72, 10, False),
                                  (1.5, 20, False)):  # fmt: skip
        angles = np.zeros_like(episode.body.angles)
        angles[:n_steps, 2] = angle
        locked = dataclasses.replace(episode, body=dataclasses.replace(episode.body, angles=angles))
        name = episode.body.joint_names[2]
        expected = [f"joint {name} is at its limit for 55% of the episode"] * found
        assert findings(locked) == expected
        free = dataclasses.replace(locked.body, limits=np.tile([-np.inf, np.inf], (5, 1)))
        assert findings(dataclasses.replace(locked, body=free)) == []


def test_a_silent_network_is_named(episode):
    silent = dataclasses.replace(episode, activity=np.zeros_like(episode.activity), body=None)
    assert findings(silent) == ["no cell is active in the episode"]
