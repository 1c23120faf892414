"""The benchmark's harness, and that every subject is there; `make bench` itself is not a test."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest

from conncore.bench import SUBJECTS, graphs
from conncore.bench.harness import Harness, Row, Table, Work, run
from conncore.bench.markdown import MARK
from conncore.bench.paper import NumpyAlifNetwork
from conncore.bench.subjects.network import NumpyAlif, block_diagonal
from conncore.catalog.shipped import load
from conncore.network.network import Network
from conncore.tasks import make_task


@pytest.mark.parametrize("name", SUBJECTS)
def test_subjects_can_be_run(name):
    subject = importlib.import_module(f"conncore.bench.subjects.{name}")
    assert subject.TITLE
    assert callable(subject.run)


def test_works_are_timed_in_turn_and_the_first_round_is_not_counted(capsys):
    clock, called = [0.0], []

    def work(name, seconds):
        def call():
            called.append(name)
            clock[0] += seconds if len(called) > 2 else 1000.0

        return Work(name, call, units=2)

    harness = Harness(rounds=3)
    table = harness.measure(
        "title", "ms", [work("a", 1.0), work("b", 3.0)], 1e3, clock=lambda: clock[0]
    )
    assert called == ["a", "b"] * 4
    assert table.rows == [Row("a", 500.0, 500.0, 500.0), Row("b", 1500.0, 1500.0, 1500.0)]
    assert harness.tables == [table]
    assert "3x" in capsys.readouterr().out


def test_claims_and_missing_peers_are_reported(tmp_path, monkeypatch, capsys):
    harness = Harness(rounds=1)
    harness.add(Table("t", "s", [Row("ours", 1.0, 1.0, 1.0)]))
    harness.claim("fast", 5.0, 4.0)
    harness.claim("linear", 1.2, 0.9, 1.1)
    assert harness.peer("no_such_peer") is None
    assert harness.tables[0].get("theirs") is None
    file = tmp_path / "figures.json"
    tables = tmp_path / "RESULTS.md"
    tables.write_text(f"By hand.\n{MARK}\nold figures")
    harness.note("points", [(10, 0.5, 2e6)])
    assert not run([], harness, file, tables)
    by_hand, _, generated = tables.read_text().partition(MARK)
    assert by_hand == "By hand.\n"
    for part in ("| linear | 1.2 | 0.9 to 1.1 | **no** |", "1 of 2 hold", "| 10 | 500 | 2 |"):
        assert part in generated
    assert "old figures" not in generated
    report = json.loads(file.read_text())
    assert [claim["holds"] for claim in report["claims"]] == [True, False]
    assert report["skipped"] == ["no_such_peer"]
    assert report["about"]["versions"]["numpy"] == np.__version__
    assert "missed: linear" in capsys.readouterr().out


def test_peers_do_the_same_work():
    """The NumPy networks that ours is compared with spike where ours does."""
    task = make_task("swimmer6")
    net = Network(load("celegans-haspel2011"), task, weights="individual")
    genome = net.random_genomes(1, seed=3)
    ours, paper = net.policy(genome, n_threads=1), NumpyAlifNetwork(net, genome[0])
    n_spikes = 0
    for observation in np.random.default_rng(0).normal(0, 2, (100, task.n_obs)):
        action = ours.act(observation[None])[0]
        np.testing.assert_allclose(paper.act(observation), action, atol=1e-4)
        np.testing.assert_array_equal(paper.z, ours.activity()[0])
        n_spikes += int(paper.z.sum())
    assert n_spikes > 100


def test_block_diagonal_matrix_is_every_members():
    graph = graphs.random_graph(9, 30)
    weights = graph.weights(3)
    values, columns, starts = block_diagonal(graph, weights)
    synapses = graph.topology.synapses
    z = np.random.default_rng(0).integers(0, 2, (3, 9)).astype(float)
    flat = np.add.reduceat(np.append(values * z.ravel()[columns], 0.0), starts[:-1])
    flat[starts[:-1] == starts[1:]] = 0.0
    expected = np.zeros((3, 9))
    for row, source, w in zip(synapses.rows, synapses.indices, weights.T, strict=True):
        expected[:, row] += w * z[:, source]
    np.testing.assert_allclose(flat.reshape(3, 9), expected)
    cells = NumpyAlif(3, 9, np.float64)
    cells.step(expected)
    np.testing.assert_array_equal(cells.z, expected >= 1.0)


def test_random_graphs_have_distinct_pairs():
    graph = graphs.random_graph(50, 300, seed=1)
    synapses = graph.topology.synapses
    assert len({*zip(synapses.rows, synapses.indices, strict=True)}) == 300
    assert graphs.of_degree(4840).n_neurons == 1380
