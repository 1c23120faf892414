"""The registry of neuron models: constants, units and initial weights."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.neurons.models import NEURONS


def test_the_papers_constants():
    """arXiv 2209.14406: neuron constants and initial log weights, but for Izhikevich cells.

    Those start from weaker synapses than the paper's (2, 1); docs/reproduction.md says why.
    """
    defaults = {
        model: {name: constant.default for name, constant in NEURONS[model].constants.items()}
        for model in NEURONS
    }
    assert defaults["alif"] == pytest.approx(
        {"gamma": 0.951229424500714, "v_th": 1, "gamma_s": 0.9048374180359595, "beta": 0.5}
    )
    assert defaults["izhikevich"] == {
        "a": 0.02, "b": 0.25, "c": -58, "d": 0, "scale": 20, "dt": 0.2
    }  # fmt: skip
    for name, log_weights in {
        "relu": (-2.5, -3.0), "lif": (-1.0, -1.5), "alif": (-1.0, -1.5), "izhikevich": (0.0, -0.5),
    }.items():  # fmt: skip
        assert NEURONS[name].log_weights == log_weights


@pytest.mark.parametrize("neuron", NEURONS)
def test_constants_are_counted_in_their_own_size_and_nothing_is_rounded(neuron):
    for name, constant in NEURONS[neuron].constants.items():
        for value in (constant.default, constant.lower, constant.upper):
            assert value / constant.unit * constant.unit == value
        assert np.frexp(constant.unit)[0] == 0.5  # a power of two
        size = 1 - constant.default if name.startswith("gamma") else abs(constant.default)
        if size:
            assert 0.5 < size / constant.unit <= 2.0
