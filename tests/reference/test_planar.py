"""The NumPy twin of the planar bodies against MuJoCo."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.reference.planar import step
from conncore.tasks.planar import read_planar
from planar_models import (
    NAMES,
    gymnasium_model,
    mujoco_steps,
    random_model,
    random_states,
    relative_error,
)


def twin_steps(model, states):
    body = read_planar(model)
    after = [step(body, *state) for state in zip(*states, strict=True)]
    return (np.array(values) for values in zip(*after, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_one_step_from_random_states_equals_mujoco(name):
    model = gymnasium_model(name)
    states = random_states(model, 200)
    expected_qpos, expected_qvel, (contacts, limits) = mujoco_steps(model, *states)
    qpos, qvel = twin_steps(model, states)
    least = 1.0 if name == "Hopper-v5" else 1.5  # it has fewer links
    assert contacts > least
    assert limits > least
    assert relative_error(qvel, expected_qvel) < 1e-11
    assert relative_error(qpos, expected_qpos) < 1e-11


def test_random_bodies_equal_mujoco():
    contacts = limits = 0.0
    for seed in range(60):
        model = random_model(seed)
        states = random_states(model, 5, seed)
        _, expected, counts = mujoco_steps(model, *states)
        _, qvel = twin_steps(model, states)
        assert relative_error(qvel, expected) < 1e-9, seed
        contacts, limits = contacts + counts[0] / 60, limits + counts[1] / 60
    assert contacts > 1.0
    assert limits > 1.0
