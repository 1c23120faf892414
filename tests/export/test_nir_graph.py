"""NIR graphs: by the definitions of their nodes, in snnTorch and in Norse, the same spikes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import conncore as cc
from conncore.cli.app import app
from conncore.connectome import Connectome
from conncore.errors import UsageError
from conncore.export import export_run, nir_actions, nir_inputs, nir_spikes, to_nir
from conncore.export.nir_graph import DT, MAX_NEURONS
from conncore.network.network import Network
from exported import N_STEPS, actions_of, active_genome, observations, trained

nir = pytest.importorskip("nir", reason="nir is not installed: pip install 'conncore[export]'")

DEFINITIONS = {
    nir.Linear: lambda node, x, v: (node.weight @ x, v),
    nir.Affine: lambda node, x, v: (node.weight @ x + node.bias, v),
    nir.Output: lambda node, x, v: (x, v),
    nir.LIF: lambda node, x, v: _lif(node, x, v),
}


def _lif(node, current, v):
    v = v + DT / node.tau * (node.v_leak - v + node.r * current)
    z = (v > node.v_threshold).astype(float)
    return z, np.where(z > 0, node.v_reset, v)


def interpret(graph, rows):
    """Spikes of "b_neurons" and outputs, a row a step: NIR's definitions by forward Euler.

    A node adds up what its edges bring. An edge from a node that is computed later closes a loop,
    and brings what that node had a step ago.
    """
    order = [*sorted(set(graph.nodes) - {"input", "output"}), "output"]
    sources = {name: [a for a, b in graph.edges if b == name] for name in order}
    sizes = {name: graph.nodes[name].input_type["input"][0] for name in order}
    states = {name: np.zeros(sizes[name]) for name in order}
    values = {name: np.zeros(graph.nodes[name].output_type["output"][0]) for name in order}
    spikes, outputs = [], []
    for row in rows:
        values["input"] = row
        for name in order:
            node = graph.nodes[name]
            total = sum((values[source] for source in sources[name]), np.zeros(sizes[name]))
            values[name], states[name] = DEFINITIONS[type(node)](node, total, states[name])
        spikes.append(values["b_neurons"])
        outputs.append(values["output"])
    return np.array(spikes), np.array(outputs)


def assert_same(network, genome, seen, run, atol):
    """`run` takes the graph's inputs to its spikes and outputs."""
    spikes, outputs = run(nir_inputs(network, genome, seen))
    expected = network.simulate(genome, seen)
    np.testing.assert_array_equal(nir_spikes(network, spikes), expected)
    actions = actions_of(network, genome, seen)
    np.testing.assert_allclose(nir_actions(network, outputs), actions, rtol=0, atol=atol)
    return expected


def interpreter(network, genome):
    return lambda rows: interpret(to_nir(network, genome), rows)


@pytest.mark.parametrize("io", ["anatomical", "dense"])
@pytest.mark.parametrize("neuron", ["lif", "alif"])
def test_1000_steps_from_a_file_by_definition(tmp_path, worm, chain, neuron, io):
    network = Network(worm, chain, neuron, io)
    genome = active_genome(network)
    to_nir(network, genome, tmp_path / "worm.nir")
    graph = nir.read(tmp_path / "worm.nir")
    seen = observations(network)
    run = assert_same(network, genome, seen, lambda rows: interpret(graph, rows), atol=1e-12)
    assert 0.05 < run.mean() < 0.5
    assert run.any(axis=0).mean() > 0.5


def test_1000_steps_of_a_trained_network_by_definition():
    network, genome, seen = trained()
    assert len(seen) == N_STEPS
    assert_same(network, genome, seen, interpreter(network, genome), atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"weights": "individual", "initial_weights": "counts"},
        {"weights": "free", "tune": ["gamma"]},
        {"trace": 0.0},
        {"steps_per_action": 3, "constants": {"gamma": 0.0, "v_th": 0.3}},
    ],
)
@pytest.mark.parametrize("neuron", ["lif", "alif"])
def test_every_kind_of_network(segment, chain, neuron, options):
    network = Network(segment, chain, neuron, **options)
    genome = active_genome(network)
    seen = observations(network, 150)
    assert assert_same(network, genome, seen, interpreter(network, genome), atol=1e-12).any()


@settings(max_examples=15)
@given(
    gamma=st.floats(0.0, 0.999),
    v_th=st.floats(0.01, 10.0),
    gamma_s=st.floats(0.0, 0.999),
    beta=st.floats(0.0, 10.0),
    strength=st.floats(-3.0, 3.0),
    seed=st.integers(0, 100),
)
def test_any_constants(segment, chain, gamma, v_th, gamma_s, beta, strength, seed):
    constants = {"gamma": gamma, "v_th": v_th, "gamma_s": gamma_s, "beta": beta}
    network = Network(segment, chain, constants=constants, log_weights=(strength, strength - 0.5))
    genome = active_genome(network, seed)
    assert_same(network, genome, observations(network, 60), interpreter(network, genome), atol=1e-9)


@pytest.mark.parametrize("neuron", ["lif", "alif"])
def test_a_potential_equal_to_the_threshold_spikes(segment, chain, neuron):
    network = Network(segment, chain, neuron)
    genome = network.random_genomes(1)[0]
    genome[network.layout.slices["encoder_bias"]] = 900.0  # every input is exactly v_th
    spikes = assert_same(
        network, genome, observations(network, 20), interpreter(network, genome), atol=1e-12
    )
    assert spikes[0].any()


def test_the_file_alone_tells_the_inputs_and_the_actions(tmp_path, worm, chain):
    network = Network(worm, chain, "lif", constants={"v_th": 0.9})
    genome, seen = active_genome(network), observations(network, 40)
    to_nir(network, genome, tmp_path / "worm.nir")
    known = nir.read(tmp_path / "worm.nir").metadata
    rows = np.zeros((40, worm.n_cells))
    rows[:, known["input_cells"]] = np.tanh(
        seen @ known["encoder_weight"].T + known["encoder_bias"]
    )
    np.testing.assert_allclose(rows, nir_inputs(network, genome, seen), rtol=0, atol=1e-12)
    assert known["cells"].split("\n") == list(worm.names)
    assert known["nir_steps_per_action"] == 1


def played(module, rows, batched):
    """Run a simulator's module row by row; its cells are in a submodule "b_neurons"."""
    import torch

    spikes, outputs, state = [], [], None

    def record(_module, _inputs, output):
        spikes.append((output if isinstance(output, torch.Tensor) else output[0]).flatten().clone())

    module.get_submodule("b_neurons").register_forward_hook(record)
    with torch.no_grad():
        for row in torch.tensor(rows, dtype=torch.float32):
            output, state = module(row[None] if batched else row, state)
            outputs.append(output.flatten())
    return torch.stack(spikes).numpy(), torch.stack(outputs).numpy()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("simulator", ["snntorch", "norse"])
@pytest.mark.parametrize("case", ["lif", "alif", "trained alif"])
def test_1000_steps_in_a_simulator(tmp_path, worm, chain, case, simulator):
    pytest.importorskip(simulator, reason=f"{simulator} is not installed")
    if case == "trained alif":
        network, genome, seen = trained()
    else:
        network = Network(worm, chain, case, "dense")
        genome, seen = active_genome(network), observations(network)
    to_nir(network, genome, tmp_path / "worm.nir")
    graph = nir.read(tmp_path / "worm.nir")
    if simulator == "snntorch":
        from snntorch.import_nir import import_from_nir

        module = import_from_nir(graph)
    else:
        import norse.torch

        module = norse.torch.from_nir(graph, dt=DT)

    def run(rows):
        return played(module, rows, batched=simulator == "snntorch")

    assert assert_same(network, genome, seen, run, atol=1e-5).sum() > N_STEPS


@pytest.mark.parametrize(
    ("neuron", "constants", "message"),
    [
        ("relu", {}, "no nodes for relu neurons"),
        ("izhikevich", {}, "no nodes for izhikevich neurons"),
        ("lif", {"gamma": 1.0}, "without a leak"),
        ("alif", {"gamma_s": 1.0}, "grows beyond"),
    ],
)
def test_what_nir_cannot_say_is_refused(segment, chain, neuron, constants, message):
    network = Network(segment, chain, neuron, constants=constants)
    with pytest.raises(UsageError, match=message):
        to_nir(network, network.random_genomes(1)[0])


def test_a_large_network_is_refused(chain):
    names = [f"cell{i}" for i in range(MAX_NEURONS + 1)]
    large = Connectome.from_edges("large", [0], [1], names=names, sign=[1])
    network = Network(large, chain, "lif", "dense", inputs=names[:1], outputs=names[1:2])
    with pytest.raises(UsageError, match="too many for NIR"):
        to_nir(network, network.random_genomes(1)[0])


def test_wrong_arguments_are_refused(segment, chain):
    network = Network(segment, chain, "lif")
    with pytest.raises(UsageError, match="genomes have shape"):
        to_nir(network, np.zeros(3))
    with pytest.raises(UsageError, match="observations have shape"):
        nir_inputs(network, network.random_genomes(1)[0], np.zeros((4, 3)))


def test_a_run_is_exported(tmp_path, segment):
    task = cc.make_task("swimmer6")
    network = Network(segment, task)
    run = cc.evolve(
        network, task, cc.GA(population_size=8, n_elites=2), generations=1, out=tmp_path / "run",
        progress=False,
    )  # fmt: skip
    result = CliRunner().invoke(app, ["export", str(run.path), str(tmp_path / "worm.nir")])
    assert result.exit_code == 0, result.output
    assert "alif neurons" in result.output
    graph = nir.read(tmp_path / "worm.nir")
    seen = observations(network, 20)
    assert_same(network, run.best.genome, seen, lambda rows: interpret(graph, rows), atol=1e-12)
    with pytest.raises(UsageError, match="end the name in"):
        export_run(run.path, tmp_path / "worm.txt")
    with pytest.raises(cc.CheckpointError, match="not a run directory"):
        export_run(tmp_path, tmp_path / "worm.nir")


@pytest.mark.parametrize("package", ["nir", "torch"])
def test_a_missing_package_is_named(monkeypatch, segment, chain, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    network = Network(segment, chain)
    export = {"nir": cc.to_nir, "torch": cc.to_torch}[package]
    with pytest.raises(UsageError, match=rf"{package} is not.*pip install 'conncore\[export\]'"):
        export(network, network.random_genomes(1)[0])
