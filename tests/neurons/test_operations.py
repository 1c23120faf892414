"""The functions that equations use: NumPy and PyTorch agree, and tanh is exact."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conncore.neurons.models import NEURONS
from conncore.neurons.operations import NUMPY, tanh


def test_a_spike_is_a_condition_and_a_number():
    x = np.array([[0.5, 1.0, 2.0, np.nan, -np.inf]], dtype=np.float32)
    spikes, z = NUMPY.spike(x, 1.0, width=1.0)
    np.testing.assert_array_equal(spikes, [[False, True, True, False, False]])
    np.testing.assert_array_equal(z, [[0, 1, 1, 0, 0]])
    assert z.dtype == np.float32


@pytest.mark.parametrize("neuron", NEURONS)
def test_float32_stays_float32(neuron):
    model = NEURONS[neuron]
    constants = {name: constant.default for name, constant in model.constants.items()}
    state = model.reset((2, 3), constants, NUMPY)
    state = {name: array.astype(np.float32) for name, array in state.items()}
    for _ in range(3):
        z = model.step(state, np.ones((2, 3), np.float32), constants, NUMPY)
        assert {array.dtype for array in (z, *state.values())} == {np.dtype(np.float32)}


def test_pytorch_computes_what_numpy_computes():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from conncore.export.torch_module import TorchOperations

    ops = TorchOperations(torch.zeros(1, dtype=torch.float64))
    x = np.array([[-2.0, 0.0, 1.0, 1.0 + 2**-52, 30.0, np.nan]])
    y = torch.tensor(x)
    np.testing.assert_array_equal(ops.full((2, 3), -58.0), NUMPY.full((2, 3), -58.0))
    np.testing.assert_array_equal(ops.clip(y, 0.0, 1.0), NUMPY.clip(x, 0.0, 1.0))
    for threshold in (1.0, 30.0):
        spikes, z = NUMPY.spike(x, threshold, width=threshold)
        there = ops.spike(y, threshold, width=threshold)
        np.testing.assert_array_equal(there[0], spikes)
        np.testing.assert_array_equal(there[1], z)
        np.testing.assert_array_equal(ops.where(there[0], 0.0, y), NUMPY.where(spikes, 0.0, x))


def test_tanh_is_within_5_ulp():
    x = np.concatenate([np.linspace(0, 25, 200_001), np.geomspace(5e-324, 1e308, 100_001)])
    exact = np.array([math.tanh(value) for value in x])
    found = tanh(x)
    np.testing.assert_array_equal(tanh(-x), -found)
    assert np.max(np.abs(found - exact) / np.spacing(exact)) <= 5
    assert found.max() == 1.0
    np.testing.assert_array_equal(tanh(np.array([np.inf, -np.inf, 0.0])), [1.0, -1.0, 0.0])
    assert np.signbit(tanh(np.array([-0.0]))).all()
    assert np.isnan(tanh(np.array([np.nan]))).all()
