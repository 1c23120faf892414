"""Networks: options, the genomes that they take, and the activity of their neurons."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.errors import UsageError
from conncore.network.genome import GenomeLayout
from conncore.network.network import Network
from conncore.neurons.models import NEURONS
from conncore.reference import ReferencePopulation
from conncore.tasks import make_task

each_neuron = pytest.mark.parametrize("neuron", NEURONS)
each_io = pytest.mark.parametrize("io", ["anatomical", "dense"])  # those that take any task
both_weights = pytest.mark.parametrize("weights", ["shared", "individual"])


@each_neuron
@each_io
@pytest.mark.parametrize("initial_weights", ["sign", "counts"])
def test_an_expanded_genome_is_the_same_network(worm, chain, neuron, io, initial_weights):
    rng = np.random.default_rng(0)
    tune = tuple(NEURONS[neuron].constants)
    shared = Network(worm, chain, neuron, io, initial_weights=initial_weights, tune=tune)
    individual = shared.with_individual_weights()
    genomes = shared.random_genomes(5, seed=4)
    genomes += rng.normal(0, 0.01, genomes.shape)
    shared.layout.split(genomes)["log_weights"][4] = [-30.0, 12.0]  # beyond the range
    expanded = shared.expand(genomes)
    assert expanded.shape == (5, shared.layout.n_parameters - 2 + worm.n_edges)
    assert expanded.shape[1] == individual.layout.n_parameters
    policies = shared.policy(genomes), individual.policy(expanded)
    for observations in rng.normal(size=(20, 5, chain.n_obs)):
        np.testing.assert_array_equal(*(policy.act(observations) for policy in policies))
        np.testing.assert_array_equal(*(policy.activity() for policy in policies))
    with pytest.raises(UsageError, match="shared"):
        individual.expand(expanded)


@each_neuron
@each_io
def test_simulate_is_the_reference_stepped(worm, chain, neuron, io):
    rng = np.random.default_rng(1)
    network = Network(worm, chain, neuron, io)
    genome = network.random_genomes(1, seed=2)
    observations = rng.normal(0, 2, size=(200, chain.n_obs))
    reference = ReferencePopulation(
        network.topology, neuron, network.values(genome), network.neuron_constants(genome),
        trace=network.trace,
    )  # fmt: skip
    expected, actions = [], []
    for row in observations:
        for _ in range(network.steps_per_action):
            action = reference.act(row[None])[0]
            expected.append(reference.activity()[0])
        actions.append(action)
    activity = network.simulate(genome[0], observations)
    assert activity.shape == (200 * network.steps_per_action, 102)
    np.testing.assert_array_equal(activity, expected)
    muscles = [r == "muscle" for r in worm.body.role]
    assert np.count_nonzero(activity[:, muscles]) > 100  # spikes cross the network
    policy = network.policy(genome)
    np.testing.assert_array_equal([policy.act(row[None])[0] for row in observations], actions)
    with pytest.raises(UsageError, match="n_steps"):
        network.simulate(genome[0], observations[0])


@each_neuron
@each_io
@both_weights
def test_describe_rebuilds_the_network(worm, chain, neuron, io, weights):
    constants = NEURONS[neuron].constants
    name, constant = next(iter(constants.items()))
    network = Network(
        worm, chain, neuron, io, weights=weights, initial_weights="counts",
        log_weights=(-0.3, 0.7), constants={name: (constant.lower + constant.upper) / 2},
        tune=(name,), trace=0.5, steps_per_action=2,
    )  # fmt: skip
    described = json.loads(json.dumps(network.describe()))
    assert None not in described.values()  # TOML has no word for it
    again = Network(worm, chain, **described)
    assert again.describe() == network.describe()
    assert again.layout.slices == network.layout.slices
    genomes = network.random_genomes(3)
    np.testing.assert_array_equal(again.random_genomes(3), genomes)
    observations = np.random.default_rng(0).normal(size=(3, chain.n_obs))
    for _ in range(5):
        np.testing.assert_array_equal(
            *(n.policy(genomes).act(observations) for n in (network, again))
        )
    default = Network(worm, chain, neuron, io, weights=weights)
    assert Network(worm, chain, **default.describe()).describe() == default.describe()
    assert default.describe() != network.describe()


@pytest.mark.parametrize(("options", "message"), [
    ({"neuron": "lift"}, "neuron 'lift'.*alif"),
    ({"io": "sparse"}, "io 'sparse'.*dense"),
    ({"weights": "both"}, "weights 'both'.*individual"),
    ({"initial_weights": "random"}, "initial_weights 'random'.*counts"),
    ({"tune": ("beta", "bta")}, "'bta'.*beta"),
    ({"constants": {"gama": 0.5}}, "constant 'gama' of alif.*gamma"),
    ({"constants": {"gamma": 1.5}}, r"gamma of alif is 1.5, must lie in \[0, 1\]"),
    ({"constants": {"gamma": np.nan}}, "gamma of alif is nan"),
    ({"log_weights": (0.0,)}, "log_weights"),
    ({"log_weights": (0.0, 11.0)}, "log_weights"),
    ({"log_weights": (np.nan, 0.0)}, "log_weights"),
    ({"trace": 1.0}, "trace"),
    ({"trace": np.nan}, "trace"),
    ({"steps_per_action": 0}, "steps_per_action is 0"),
    ({"steps_per_action": 1.5}, "steps_per_action is 1.5"),
    ({"weights": "free", "initial_weights": "counts"}, "free weights start at random"),
])  # fmt: skip
def test_wrong_options(worm, chain, options, message):
    with pytest.raises(UsageError, match=message):
        Network(worm, chain, **options)


def test_unknown_signs_are_refused_until_settled(worm, chain):
    sign = worm.sign.copy()
    sign[[3, 5]] = 0
    unsure = replace(worm, sign=sign)
    with pytest.raises(UsageError, match=r"2 of 336 chemical edges is unknown.*settle_signs"):
        Network(unsure, chain)
    assert Network(unsure.settle_signs("excitatory"), chain).connectome.n_unknown == 0
    assert Network(unsure.settle_signs("drop"), chain).topology.synapses.n_values == 334


@pytest.mark.parametrize("initial_weights", ["sign", "counts"])
def test_a_connectome_without_synapses(chain, initial_weights):
    lonely = Connectome.from_edges("lonely", [], [], names=["A", "B"])
    network = Network(lonely, chain, io="dense", initial_weights=initial_weights)
    actions = network.policy(network.random_genomes(3)).act(np.ones((3, chain.n_obs)))
    assert actions.shape == (3, 5)
    assert np.isfinite(actions).all()


@pytest.mark.parametrize("name", ["swimmer6", "Swimmer-v5", "dm-swimmer6"])
@each_io
def test_every_swimmer_has_a_network(worm, name, io):
    task = make_task(name)
    network = Network(worm, task, io=io)
    actions = network.policy(network.random_genomes(2)).act(np.ones((2, task.n_obs)))
    assert actions.shape == (2, task.n_actions)
    assert np.all(np.abs(actions) <= 1)


class TestNamedCells:
    """Dense input/output on cells that the user names."""

    def test_they_are_driven_and_read(self, worm, chain):
        inputs = [worm.names[5], worm.names[3]]
        outputs = [worm.names[70], worm.names[0], worm.names[5]]
        network = Network(worm, chain, io="dense", inputs=inputs, outputs=tuple(outputs))
        assert network.topology.inputs.tolist() == [5, 3]
        assert network.topology.outputs.tolist() == [70, 0, 5]
        assert network.layout.n_parameters == 2 * 10 + 2 + 2 + 3 * 5 + 5
        described = json.loads(json.dumps(network.describe()))
        assert (described["inputs"], described["outputs"]) == (inputs, outputs)
        again = Network(worm, chain, **described)
        assert again.describe() == network.describe()
        np.testing.assert_array_equal(again.topology.inputs, network.topology.inputs)
        individual = network.with_individual_weights()
        np.testing.assert_array_equal(individual.topology.outputs, network.topology.outputs)

    def test_one_of_the_two_may_be_given(self, worm, chain):
        network = Network(worm, chain, io="dense", inputs=worm.names[:4])
        assert network.topology.inputs.tolist() == [0, 1, 2, 3]
        assert network.topology.outputs.size == 36
        assert "outputs" not in network.describe()

    @pytest.mark.parametrize(("options", "message"), [
        ({"inputs": ["AS1", "nobody"]}, "inputs: connectome .* has no cell 'nobody'"),
        ({"outputs": ["AS1", "AS2", "AS1"]}, "outputs: cell 'AS1' is given twice"),
        ({"inputs": []}, r"inputs is \[\]; give a list"),
        ({"inputs": "AS1"}, "inputs is 'AS1'; give a list"),
        ({"io": "anatomical", "inputs": ["AS1"]}, "takes its cells from the body map"),
    ])  # fmt: skip
    def test_wrong_names(self, worm, chain, options, message):
        with pytest.raises(UsageError, match=message):
            Network(worm, chain, **{"io": "dense", **options})


def test_layers_of_free_relu_cells_are_an_mlp(chain):
    """Two steps per action let a layered network act on what it sees now."""
    names = ("a0", "a1", "a2", "b0", "b1")
    layers = Connectome.from_edges("mlp", [0, 0, 1, 1, 2, 2], [3, 4, 3, 4, 3, 4], names=names)
    network = Network(
        layers, chain, "relu", "dense", weights="free", steps_per_action=2,
        inputs=names[:3], outputs=names[3:],
    )  # fmt: skip
    genomes = network.random_genomes(20, seed=3)
    assert genomes[:, network.layout.slices["free_weights"]].std() > 0.1
    parts = network.layout.split(genomes.astype(np.float32).astype(float))
    policy = network.policy(genomes)
    for seen in np.random.default_rng(2).normal(size=(4, chain.n_obs)):
        encoder = parts["encoder"].reshape(20, 3, -1)
        hidden = np.maximum(
            np.tanh(encoder @ seen + genomes[:, network.layout.slices["encoder_bias"]]), 0
        )
        hidden = np.maximum(
            np.einsum("mij,mi->mj", parts["free_weights"].reshape(20, 3, 2), hidden), 0
        )
        out = np.einsum("maj,mj->ma", parts["decoder"].reshape(20, chain.n_actions, 2), hidden)
        bias = genomes[:, network.layout.slices["decoder_bias"]]
        actions = policy.act(np.tile(seen, (20, 1)))
        np.testing.assert_allclose(actions, np.tanh(out + bias), rtol=0, atol=1e-12)
    assert network.synapse_weights(genomes).min() < 0 < network.synapse_weights(genomes).max()


@pytest.mark.parametrize(
    "call",
    [
        lambda network, genomes, seen: network.policy(genomes),
        lambda network, genomes, seen: network.respond(genomes, seen, 2),
        lambda network, genomes, seen: network.simulate(genomes[0], seen),
        lambda network, genomes, seen: network.values(genomes),
        lambda network, genomes, seen: network.neuron_constants(genomes),
        lambda network, genomes, seen: network.synapse_weights(genomes),
        lambda network, genomes, seen: network.expand(genomes),
    ],
)
def test_a_genome_is_checked_once_on_its_way_in(segment, chain, call, monkeypatch):
    network = Network(segment, chain)
    genomes = network.random_genomes(20)
    checked = []

    def check(self, genomes):
        checked.append(genomes)
        return genomes

    monkeypatch.setattr(GenomeLayout, "check", check)
    call(network, genomes, np.zeros((3, chain.n_obs)))
    assert len(checked) == 1


def test_a_network_needs_sizes_and_joints_of_a_task_alone(segment, chain):
    task = SimpleNamespace(name="any", n_obs=chain.n_obs, n_actions=5, joints=chain.joints)
    network, same = Network(segment, task), Network(segment, chain)
    np.testing.assert_array_equal(network.random_genomes(3), same.random_genomes(3))
    assert network.describe() == same.describe()


@pytest.mark.parametrize(
    "copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, copy.copy]
)
def test_a_network_can_be_pickled_and_copied(worm, copied):
    task = make_task("swimmer6")
    options = {"tune": ["gamma"], "weights": "individual", "constants": {"v_th": 0.9}}
    network = Network(worm, task, "lif", "dense", inputs=["AS1", "DA1"], **options)
    genomes = network.random_genomes(3)
    network.policy(genomes)  # what it computes once is no hindrance
    other = copied(network)
    assert other.describe() == network.describe()
    assert not other.connectome.weight.flags.writeable
    assert not other.connectome.classes.codes.flags.writeable
    assert not other.connectome.body.segment.flags.writeable
    assert other.connectome.checksum == worm.checksum
    np.testing.assert_array_equal(
        other.task.evaluate(other, genomes, 1), task.evaluate(network, genomes, 1)
    )
    assert len(pickle.dumps(network)) < 2 * len(pickle.dumps((network.connectome, task)))
    with pytest.raises(UsageError, match="cannot be pickled or copied"):
        copied(network.policy(genomes))
