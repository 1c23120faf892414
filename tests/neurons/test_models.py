"""The registry of neuron models: constants, units and initial weights."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.neurons.models import NEURONS
from conncore.neurons.operations import NUMPY


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
    adaptive = dict(defaults["adaptive_izhikevich"])
    assert adaptive.pop("beta") == 15
    assert adaptive == {**defaults["izhikevich"], "gamma_s": defaults["alif"]["gamma_s"]}
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


@pytest.mark.parametrize("beta", [0.0, 15.0])
def test_an_adaptive_threshold_makes_spikes_rarer(beta):
    """Without beta it is the model of Izhikevich, spike by spike."""
    spikes = {}
    for name in ("izhikevich", "adaptive_izhikevich"):
        model = NEURONS[name]
        constants = {key: constant.default for key, constant in model.constants.items()}
        constants |= {"dt": 0.5, "d": 2.0} | ({"beta": beta} if name.startswith("adap") else {})
        state = model.reset((1, 1), constants, NUMPY)
        current = np.full((1, 1), 1.0)
        spikes[name] = [model.step(state, current, constants, NUMPY).item() for _ in range(2000)]
    plain, adaptive = spikes.values()
    assert sum(plain) > 20
    if beta:
        assert state["th"] > 0.0
        assert plain != adaptive
    else:
        assert plain == adaptive


def test_tanh_neurons():
    x = np.array([[-3.0, 0.0, 0.7]])
    z = NEURONS["tanh"].step({}, x, {"gain": 2.0}, NUMPY)
    np.testing.assert_allclose(z, np.tanh(2.0 * x), rtol=1e-14)
