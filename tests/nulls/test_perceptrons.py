"""Perceptrons of the size of a connectome."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import conncore as cc
from conncore.connectome import Connectome
from conncore.errors import UsageError
from conncore.nulls.perceptrons import BASELINES, full_mlp, mlp_ends, signed_mlp
from random_connectomes import same

SIZES = st.integers(2, 12).map(lambda n: Connectome.from_edges("few", [0], [n - 1]))


def make(name, connectome, seed=0):
    return BASELINES[name](connectome, seed)


@pytest.mark.parametrize("name", BASELINES)
@given(source=SIZES, seed=st.integers(0, 2**63 - 1))
def test_two_layers_with_as_many_cells(name, source, seed):
    mlp = make(name, source, seed)
    inputs, outputs = mlp_ends(mlp)
    assert mlp.n_cells == source.n_cells == len(inputs) + len(outputs)
    assert 0 <= len(inputs) - len(outputs) <= 1
    assert mlp.names == (*inputs, *outputs)
    assert (inputs[0], outputs[0]) == ("h1.000", "h2.000")
    assert mlp.n_edges >= 1
    assert mlp.pre.max() < len(inputs) <= mlp.post.min()
    assert set(mlp.weight) == {1.0}
    assert mlp.body is None
    assert mlp.name == f"few ({name}, seed {seed})"
    assert same(make(name, source, seed), mlp)


def test_the_full_one_has_all_edges_and_no_signs(worm):
    mlp = make("mlp", worm)
    assert mlp.n_edges == mlp.n_unknown == 51 * 51


def test_the_sparse_one_says_what_was_drawn(worm):
    drawn, excited_first = [], 0
    for seed in range(200):
        mlp = make("sparse-mlp", worm, seed)
        density, share = map(
            float, re.search(r"density ([\d.]+), excitatory share ([\d.]+)", mlp.source).groups()
        )
        drawn.append((density, share))
        assert mlp.n_edges / 51**2 == pytest.approx(density, abs=1 / 51**2)
        assert mlp.n_unknown == 0
        assert mlp.dale_violations() == ()
        if density > 0.5:  # every cell of the first layer has edges
            excites = len(set(mlp.pre[mlp.sign == 1]))
            assert excites / 51 == pytest.approx(share, abs=0.51 / 51)
            excited_first += mlp.sign[0] == 1
    assert 25 <= excited_first <= 75  # of about 100: which cells excite is drawn too
    # Two uniform numbers: their deciles (20 expected in each), and no correlation.
    for values in np.transpose(drawn):
        assert 8 <= np.histogram(values, 10, (0, 1))[0].min() <= 20
        assert np.histogram(values, 10, (0, 1))[0].max() <= 35
    assert abs(np.corrcoef(np.transpose(drawn))[0, 1]) < 0.2


def test_networks_take_baselines(worm, chain):
    mlp = make("mlp", worm)
    inputs, outputs = mlp_ends(mlp)
    network = cc.Network(
        mlp, chain, neuron="relu", io="dense", weights="free", inputs=inputs, outputs=outputs
    )
    assert network.layout.n_parameters > 51 * 51
    sparse = make("sparse-mlp", worm)
    inputs, outputs = mlp_ends(sparse)
    cc.Network(sparse, chain, neuron="alif", io="dense", inputs=inputs, outputs=outputs)


def test_wrong_use_is_one_line(worm):
    with pytest.raises(UsageError, match="no cells of classes hidden1 and hidden2"):
        mlp_ends(worm)
    for classes in (["hidden1", "hidden1"], ["hidden2", "hidden2"]):
        with pytest.raises(UsageError, match="no cells of classes hidden1 and hidden2"):
            mlp_ends(Connectome.from_edges("half", [0], [1], classes=classes))
    one = Connectome.from_edges("one", [0], [0])
    for name in BASELINES:
        with pytest.raises(UsageError, match="'one' has one cell"):
            make(name, one)
    with pytest.raises(UsageError, match="seed is -1; give a whole number"):
        make("sparse-mlp", worm, -1)


def test_half_of_the_first_layer_excites_and_half_inhibits(worm):
    layers = full_mlp(worm, 0)
    inputs, _ = mlp_ends(layers)
    made = [signed_mlp(layers, seed) for seed in (0, 0, 1)]
    for mlp in made:
        assert mlp.dale_violations() == ()
        signs = {i: int(s) for i, s in zip(mlp.pre, mlp.sign, strict=True)}
        assert sorted(signs) == list(range(len(inputs)))
        assert sum(s > 0 for s in signs.values()) == (len(inputs) + 1) // 2
        assert (mlp.names, mlp.n_edges) == (layers.names, layers.n_edges)
    assert made[0].checksum == made[1].checksum != made[2].checksum
