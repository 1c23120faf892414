"""How observations reach neurons and neurons reach actions, worked out by hand for the worm."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.connectome.body import BodyMap
from conncore.errors import UsageError
from conncore.network.network import Network
from conncore.network.wiring import WIRINGS, anatomical, dense, direct
from conncore.tasks import make_task
from conncore.tasks.base import JointMap

CLASSES = ("AS", "DA", "DB", "DD", "VA", "VB", "VD")


def matrix(sparse_map, values):
    """(n_rows, n_source) of one member; values of equal places add up."""
    full = np.zeros((sparse_map.n_rows, sparse_map.n_source))
    np.add.at(full, (sparse_map.rows, sparse_map.indices), values)
    return full


@pytest.fixture
def wired(worm, chain):
    """One genome whose numbers all differ, and the maps that it makes.

    Encoder gains are class 0..6 + 0.1 (front angle), 0.2 (own angle), 0.3 (front velocity), 0.4
    (own velocity); biases are the class, with 10 added in the head; muscles 2 dorsal, 3 ventral.
    """
    network = Network(worm, chain)
    genome = np.zeros((1, network.layout.n_parameters))
    parts = network.layout.split(genome)
    parts["encoder"][0] = (np.arange(7)[:, None] + [0.1, 0.2, 0.3, 0.4]).ravel()
    parts["encoder_bias"][0] = [*range(7), *range(10, 17)]
    parts["decoder"][0] = [2.0, 3.0]
    values = network.values(genome)
    topology = network.topology
    encoder = matrix(topology.encoder, values["encoder_weights"][0])
    decoder = matrix(topology.decoder, values["decoder_weights"][0])
    inputs = [worm.names[j] for j in topology.inputs]
    outputs = [worm.names[j] for j in topology.outputs]
    return {
        "hears": dict(zip(inputs, encoder, strict=True)),
        "bias": dict(zip(inputs, values["encoder_bias"][0], strict=True)),
        "moves": dict(zip(outputs, decoder.T, strict=True)),
        "action_bias": values["decoder_bias"][0],
    }


@pytest.mark.parametrize(("cell", "heard"), [
    # DB3 (class 2) sits in segment 2: joint 1 in front, joint 2 its own.
    ("DB3", {7: 2.1 * 1.1, 5: 2.2 * 1.2, 4: 2.3 * 0.3, 6: 2.4 * 0.4}),
    # AS1 (class 0) sits in the head: no joint in front, joint 0 its own.
    ("AS1", {9: 0.2 * 1.0, 2: 0.4 * 0.2}),
    # VD9 (class 6), segment 4: joints 3 and 4.
    ("VD9", {3: 6.1 * 1.3, 1: 6.2 * 1.4, 8: 6.3 * 0.5, 0: 6.4 * 0.6}),
    # VA11 (class 4) sits in the last segment, which has joint 4 in front and no other.
    ("VA11", {1: (4.1 + 4.2) * 1.4, 0: (4.3 + 4.4) * 0.6}),
])  # fmt: skip
def test_which_joints_a_motor_neuron_hears(wired, cell, heard):
    expected = np.zeros(10)
    expected[list(heard)] = list(heard.values())
    np.testing.assert_allclose(wired["hears"][cell], expected, rtol=1e-14)


@pytest.mark.parametrize(("cell", "bias"), [
    ("AS1", 10), ("AS2", 10), ("AS3", 0), ("DB1", 12), ("DB2", 2), ("VD2", 16), ("VD3", 6),
    ("VA12", 4), ("DD6", 3), ("VB2", 15), ("VB3", 5),
])  # fmt: skip
def test_bias_of_a_class_and_of_its_head_cells(wired, cell, bias):
    assert wired["bias"][cell] == bias


@pytest.mark.parametrize(("muscle", "action", "gain"), [
    ("MDlr01", 4, 2), ("MVlr03", 4, -3),  # segment 0, joint 0
    ("MVlr10", 1, -3), ("MDlr12", 1, 2),  # segment 3, joint 3
    ("MDlr13", 0, 2), ("MVlr15", 0, -3),  # segment 4, joint 4
    ("MDlr16", 0, 2), ("MVlr18", 0, -3),  # segment 5 shares joint 4
])  # fmt: skip
def test_which_joint_a_muscle_moves(wired, muscle, action, gain):
    expected = np.zeros(5)
    expected[action] = gain
    np.testing.assert_array_equal(wired["moves"][muscle], expected)


def test_every_motor_neuron_hears_and_every_muscle_moves(wired, worm):
    assert list(wired["hears"]) == [n for n in worm.names if not n.startswith("M")]
    assert list(wired["moves"]) == [n for n in worm.names if n.startswith("M")]
    assert (len(wired["hears"]), len(wired["moves"])) == (66, 36)
    heard = np.array([np.count_nonzero(row) for row in wired["hears"].values()])
    assert sorted(heard) == [2] * 22 + [4] * 44  # 11 cells at either end have one joint only
    muscles_per_action = np.count_nonzero(list(wired["moves"].values()), axis=0)
    np.testing.assert_array_equal(muscles_per_action, [12, 6, 6, 6, 6])
    np.testing.assert_array_equal(wired["action_bias"], np.zeros(5))


def test_the_anatomical_worm_has_46_numbers(worm, chain):
    for task in (chain, make_task("swimmer6")):
        layout = Network(worm, task, "alif", "anatomical").layout
        assert layout.n_parameters == 46
        sizes = {name: part.stop - part.start for name, part in layout.slices.items()}
        assert sizes == {
            "encoder": 28, "encoder_bias": 14, "log_weights": 2, "constants": 0,
            "decoder": 2, "decoder_bias": 0,
        }  # fmt: skip


def test_without_velocities_only_angles_are_heard(worm, chain):
    angles = copy.copy(chain)
    nothing = np.zeros(0)
    angles.joints = replace(chain.joints, velocity=nothing.astype(np.int64), velocity_scale=nothing)
    network = Network(worm, angles)
    assert network.layout.n_parameters == 32
    values = network.values(np.ones((1, 32)))
    row = worm.names.index("DB3")
    place = list(network.topology.inputs).index(row)
    heard = matrix(network.topology.encoder, values["encoder_weights"][0])[place]
    np.testing.assert_array_equal(np.flatnonzero(heard), [5, 7])


def test_segments_are_spread_over_a_body_with_fewer_links(worm, chain):
    """Six segments on three links: two each, and two joints."""
    short = copy.copy(chain)
    short.n_actions = 2
    joints = {name: array[:2] for name, array in vars(chain.joints).items()}
    short.joints = JointMap(**(joints | {"action": np.array([0, 1])}))
    wiring = anatomical(worm, short)
    moved = dict(
        zip(wiring.outputs, np.repeat([0, 1], np.diff(wiring.decoder.indptr)), strict=True)
    )
    by_name = {worm.names[j]: action for j, action in moved.items()}
    assert {by_name[f"MDlr{n:02}"] for n in range(1, 7)} == {0}
    assert {by_name[f"MVlr{n:02}"] for n in range(7, 19)} == {1}


def test_dense_connects_all_motor_neurons_and_all_muscles(worm, chain):
    network = Network(worm, chain, io="dense")
    sizes = {name: part.stop - part.start for name, part in network.layout.slices.items()}
    assert sizes == {
        "encoder": 66 * 10, "encoder_bias": 66, "log_weights": 2, "constants": 0,
        "decoder": 36 * 5, "decoder_bias": 5,
    }  # fmt: skip
    assert [worm.names[j] for j in network.topology.inputs[[0, -1]]] == ["AS1", "VA12"]
    assert [worm.names[j] for j in network.topology.outputs[[0, -1]]] == ["MDlr01", "MVlr18"]
    genome = np.arange(float(network.layout.n_parameters))[None]
    values = network.values(genome)
    encoder = matrix(network.topology.encoder, values["encoder_weights"][0])
    decoder = matrix(network.topology.decoder, values["decoder_weights"][0])
    np.testing.assert_array_equal(encoder, np.arange(660.0).reshape(66, 10))
    np.testing.assert_array_equal(decoder, 728 + np.arange(180.0).reshape(5, 36))
    np.testing.assert_array_equal(values["encoder_bias"][0], 660 + np.arange(66.0))
    np.testing.assert_array_equal(values["decoder_bias"][0], 908 + np.arange(5.0))


def test_dense_without_a_body_map_uses_every_cell(chain):
    ring = Connectome.from_edges("ring", [0, 1, 2], [1, 2, 0], sign=[1, -1, 1])
    wiring = dense(ring, chain)
    np.testing.assert_array_equal(wiring.inputs, [0, 1, 2])
    np.testing.assert_array_equal(wiring.outputs, [0, 1, 2])
    assert wiring.encoder.n_values == 30
    assert wiring.decoder.n_values == 15


def test_direct_gives_each_input_cell_its_own_observation(worm, chain):
    inputs = [worm.names[j] for j in (7, 0, 3, 50, 4, 6, 5, 2, 1, 9)]
    network = Network(worm, chain, "relu", "direct", inputs=inputs, outputs=worm.names[3:5])
    sizes = {name: part.stop - part.start for name, part in network.layout.slices.items()}
    assert sizes == {
        "encoder": 1, "encoder_bias": 1, "log_weights": 2, "constants": 0,
        "decoder": 2 * 5, "decoder_bias": 5,
    }  # fmt: skip
    again = Network(worm, chain, **network.describe())
    np.testing.assert_array_equal(again.topology.inputs, network.topology.inputs)
    genomes = network.random_genomes(3)
    np.testing.assert_array_equal(genomes[:, :2], [[1.0, 0.0]] * 3)
    genome = genomes[0]
    genome[:2] = 1.5, 0.25
    observed = np.linspace(-0.4, 0.9, 10)
    first = network.simulate(genome, observed[None])[0]  # relu cells, before any synapse
    expected = np.zeros(worm.n_cells)
    expected[network.topology.inputs] = np.maximum(np.tanh(1.5 * observed + 0.25), 0)
    np.testing.assert_allclose(first, expected, rtol=1e-6)
    decoder = matrix(network.topology.decoder, network.values(genomes)["decoder_weights"][1])
    np.testing.assert_array_equal(decoder.ravel(), genomes[1, network.layout.slices["decoder"]])


def test_direct_needs_an_observation_per_input_cell(worm, chain):
    with pytest.raises(UsageError, match="task 'chain' has 10, there are 66 input cells"):
        direct(worm, chain)


def test_anatomical_needs_a_body_map_and_joints(worm, chain):
    with pytest.raises(UsageError, match="no body map"):
        anatomical(replace(worm, body=None), chain)
    limp = copy.copy(chain)
    limp.joints = None
    with pytest.raises(UsageError, match="no chain of joints"):
        anatomical(worm, limp)


@pytest.mark.parametrize("io", WIRINGS)
@pytest.mark.parametrize("missing", ["motor", "muscle"])
def test_a_body_map_needs_motor_neurons_and_muscles(chain, io, missing):
    only = "muscle" if missing == "motor" else "motor"
    body = BodyMap(("DB", "DB"), (only, only), [0, 1], ("dorsal", "ventral"))
    pair = Connectome.from_edges("pair", [0], [1], sign=[1], body=body)
    with pytest.raises(UsageError, match=f"no cell with role '{missing}'"):
        WIRINGS[io](pair, chain)
