"""PyTorch modules: the same spikes and actions as the kernels, gradients, files without code."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from conncore import _kernels
from conncore.errors import UsageError
from conncore.export import load_torch, save_torch, to_torch
from conncore.network.network import Network
from conncore.neurons.models import NEURONS
from exported import actions_of, active_genome, observations, trained

torch = pytest.importorskip(
    "torch", reason="torch is not installed: pip install 'conncore[export]'"
)

# torch's own lazy imports, where a test imported Norse before
pytestmark = pytest.mark.filterwarnings("ignore:PyTree type:UserWarning")


@pytest.mark.parametrize("io", ["anatomical", "dense"])
@pytest.mark.parametrize("neuron", NEURONS)
def test_1000_steps_are_those_of_the_kernels(worm, chain, neuron, io):
    network = Network(worm, chain, neuron, io)
    genome, seen = active_genome(network), observations(network)
    module = to_torch(network, genome)
    with torch.no_grad():
        actions, activity, _ = module.run(torch.tensor(seen))
    expected = network.simulate(genome, seen)
    assert expected.any()
    if not _kernels.load(neuron).SPIKES:
        np.testing.assert_allclose(activity, expected, rtol=0, atol=1e-9)
    else:
        np.testing.assert_array_equal(activity, expected)
    np.testing.assert_allclose(actions, actions_of(network, genome, seen), rtol=0, atol=1e-9)


def test_1000_steps_of_a_trained_network():
    network, genome, seen = trained()
    module = to_torch(network, genome)
    with torch.no_grad():
        actions, activity, _ = module.run(torch.tensor(seen))
    np.testing.assert_array_equal(activity, network.simulate(genome, seen))
    np.testing.assert_allclose(actions, actions_of(network, genome, seen), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"weights": "individual", "initial_weights": "counts"},
        {"weights": "shared", "initial_weights": "counts", "tune": ["beta", "gamma"]},
        {"weights": "free"},
        {"bias": "none", "decoder": "linear"},
        {"bias": "zero", "bias_cells": "all"},
        {"trace": 0.0, "steps_per_action": 3, "constants": {"v_th": 0.7}},
    ],
)
def test_every_kind_of_network(worm, chain, options):
    network = Network(worm, chain, "alif", **options)
    genome, seen = active_genome(network), observations(network, 200)
    module = to_torch(network, genome)
    with torch.no_grad():
        actions, activity, _ = module.run(torch.tensor(seen))
    np.testing.assert_array_equal(activity, network.simulate(genome, seen))
    np.testing.assert_allclose(actions, actions_of(network, genome, seen), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(module.genome(), genome)


def test_a_batch_and_single_steps_give_what_a_run_gives(segment, chain):
    network = Network(segment, chain)
    module = to_torch(network, active_genome(network))
    seen = torch.tensor(observations(network, 60)).reshape(20, 3, -1)
    with torch.no_grad():
        actions, activity, last = module.run(seen)
        state = None
        for t in range(20):
            now, state = module(seen[t], state)
            torch.testing.assert_close(now, actions[t], rtol=0, atol=0)
            torch.testing.assert_close(state["z"], activity[t], rtol=0, atol=0)
        alone, _, _ = module.run(seen[:, 1])
        torch.testing.assert_close(alone, actions[:, 1], rtol=0, atol=1e-12)
        assert module(seen[0, 0])[0].shape == (network.task.n_actions,)
    assert last["v"].shape == (3, segment.n_cells)


@pytest.mark.parametrize("neuron", NEURONS)
def test_training_lowers_a_loss_and_keeps_dales_law(segment, chain, neuron):
    network = Network(segment, chain, neuron, weights="individual")
    module = to_torch(network, active_genome(network))
    seen = torch.tensor(observations(network, 30))
    target = torch.sin(torch.arange(30.0))[:, None].expand(-1, network.task.n_actions)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        loss = (module.run(seen)[0] - target).square().mean()
        loss.backward()
        losses.append(loss.item())
        assert module.log_weights.grad.abs().sum() > 0
        optimizer.step()
    assert min(losses) < losses[0]
    trained = module.genome()
    assert (trained != active_genome(network)).any()
    weights = network.synapse_weights(trained[None])[0]
    np.testing.assert_array_equal(np.sign(weights), segment.sign)
    with torch.no_grad():  # a trained module is a genome again
        activity = module.run(seen)[1]
    np.testing.assert_allclose(activity, network.simulate(trained, seen.numpy()), atol=1e-9)


def test_a_file_holds_the_module_and_no_code(tmp_path, segment, chain):
    network = Network(segment, chain, tune=["beta"])
    module = to_torch(network, active_genome(network))
    file = tmp_path / "worm.pt"
    save_torch(module, file)
    again = load_torch(file)
    seen = torch.tensor(observations(network, 50))
    with torch.no_grad():
        for one, other in zip(module.run(seen)[:2], again.run(seen)[:2], strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)
    np.testing.assert_array_equal(again.genome(), module.genome())


@pytest.mark.parametrize("kind", ["bytes", "pickle", "empty", "other"])
def test_another_file_is_refused_in_one_line(tmp_path, kind):
    file = tmp_path / "other.pt"
    if kind == "other":
        torch.save({"weights": torch.zeros(3)}, file)
    else:
        content = {"bytes": b"not a module", "pickle": pickle.dumps(print), "empty": b""}
        file.write_bytes(content[kind])
    with pytest.raises(UsageError, match="is not a module that conncore saved") as error:
        load_torch(file)
    assert "\n" not in str(error.value)


def test_wrong_shapes_are_refused(segment, chain):
    network = Network(segment, chain)
    module = to_torch(network, active_genome(network))
    for shape in ((3,), (2, 11), (2, 2, 10)):
        with pytest.raises(UsageError, match="observations have shape"):
            module(torch.zeros(shape))
    with pytest.raises(UsageError, match="genomes have shape"):
        to_torch(network, np.zeros(3))
