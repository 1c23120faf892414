"""The tanh of networks."""

from __future__ import annotations

import math

import numpy as np

from conncore.network.arithmetic import tanh


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
