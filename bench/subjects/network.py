"""Times one step of an alif population, beside sparse and dense algebra and the machine's limit."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import conncore as cc
from conncore.bench import graphs
from conncore.bench.harness import Harness, Work, repeat
from conncore.bench.subjects import limits
from conncore.neurons.models import NEURONS

TITLE = "propagation and neuron step, every member with its own weights, CPU time of one thread"

ALIF = {name: constant.default for name, constant in NEURONS["alif"].constants.items()}
Array = NDArray[np.floating]
Ints = NDArray[np.int32]


class NumpyAlif:
    """The alif step in NumPy, for all members at once and in place. SciPy has no such step."""

    def __init__(self, n_members: int, n_neurons: int, dtype: type) -> None:
        shape = (n_members, n_neurons)
        self.v: Array = np.zeros(shape, dtype)
        self.a: Array = np.zeros(shape, dtype)
        self.z: Array = np.zeros(shape, dtype)

    def step(self, current: Array) -> None:
        self.v *= ALIF["gamma"]
        self.v += current
        spikes = self.v >= self.a + ALIF["v_th"]
        self.v[spikes] = 0.0
        self.z[:] = spikes
        self.a *= ALIF["gamma_s"]
        self.a[spikes] += ALIF["beta"]


def scipy_works(harness: Harness, graph: graphs.Graph, weights: Array, units: float) -> list[Work]:
    """SciPy: a loop over one matrix per member, and all members in one block-diagonal matrix."""
    sparse = harness.peer("scipy.sparse")
    if sparse is None:
        return []
    n_members, n = len(weights), graph.n_neurons
    synapses = graph.topology.synapses
    matrices = [
        sparse.csr_array((w, synapses.indices, synapses.indptr), shape=(n, n)) for w in weights
    ]
    whole = sparse.csr_array(block_diagonal(graph, weights), shape=(n_members * n,) * 2)
    cells = NumpyAlif(n_members, n, np.float64)

    def one_by_one() -> None:
        cells.step(np.array([m @ z for m, z in zip(matrices, cells.z, strict=True)]))

    def at_once() -> None:
        cells.step((whole @ cells.z.ravel()).reshape(n_members, n))

    return [
        Work("SciPy CSR a member, NumPy alif", one_by_one, units),
        Work("SciPy CSR block-diagonal, NumPy alif", at_once, units),
    ]


def block_diagonal(graph: graphs.Graph, weights: Array) -> tuple[Array, Ints, Ints]:
    """Values, columns and row pointers of all members' matrices along one diagonal."""
    synapses = graph.topology.synapses
    member = np.arange(len(weights))[:, None]
    columns = (synapses.indices + member * graph.n_neurons).astype(np.int32).ravel()
    starts = (synapses.indptr[:-1] + member * graph.n_synapses).ravel()
    return weights.ravel(), columns, np.append(starts, weights.size).astype(np.int32)


def torch_works(harness: Harness, graph: graphs.Graph, weights: Array, units: float) -> list[Work]:
    """PyTorch in float32: block-diagonal CSR, dense batched products, and neurons of packages."""
    torch = harness.peer("torch")
    if torch is None:
        return []
    torch.set_num_threads(1)
    n_members, n = len(weights), graph.n_neurons
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the warning that CSR is in beta
        values, columns, starts = (torch.from_numpy(x) for x in block_diagonal(graph, weights))
        sparse = torch.sparse_csr_tensor(starts, columns, values.float(), (n_members * n,) * 2)
    v, a, z = (torch.zeros(n_members, n) for _ in range(3))

    def alif(current: object) -> None:
        v.mul_(ALIF["gamma"]).add_(current)
        torch.ge(v, a + ALIF["v_th"], out=spikes)
        v.masked_fill_(spikes, 0.0)
        z.copy_(spikes)
        a.mul_(ALIF["gamma_s"]).add_(z, alpha=ALIF["beta"])

    spikes = torch.zeros(n_members, n, dtype=torch.bool)
    works = [
        Work(
            "PyTorch CSR block-diagonal, float32",
            lambda: alif((sparse @ z.view(-1, 1)).view(n_members, n)),
            units,
        )
    ]
    # one dense matrix per member: as many members as fit into 1 GB
    n_dense = min(n_members, int(1e9 / 4 / n**2))
    dense = torch.zeros(n_dense, n, n)
    synapses = graph.topology.synapses
    dense[:, torch.from_numpy(synapses.rows), torch.tensor(synapses.indices).long()] = (
        torch.from_numpy(weights[:n_dense]).float()
    )

    def batched() -> None:
        v[:n_dense] += torch.bmm(dense, z[:n_dense, :, None])[:, :, 0]

    works.append(Work("PyTorch dense bmm, float32, alone", batched, units * n_dense / n_members))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings of Norse about PyTorch
        snntorch, norse = harness.peer("snntorch"), harness.peer("norse.torch")

    def alone(name: str, cell: Callable[..., tuple[Any, Any]], start: object) -> Work:
        """A neuron of another package, which leaks and spikes but does not adapt."""
        state = {"z": torch.zeros(n_members, n), "cell": start}

        def step() -> None:
            with torch.no_grad():
                current = (sparse @ state["z"].view(-1, 1)).view(n_members, n)
                state["z"], state["cell"] = cell(current, state["cell"])

        return Work(f"{name} on PyTorch CSR (no adaptation)", step, units)

    if snntorch is not None:
        cell = snntorch.Leaky(beta=ALIF["gamma"])
        works.append(alone("snnTorch Leaky", cell, cell.init_leaky()))
    if norse is not None:
        works.append(alone("Norse LIFBoxCell", norse.LIFBoxCell(), None))
    return works


def seconds_at_least(graph: graphs.Graph, n_members: int, flops: float) -> tuple[float, float]:
    """The least time that one core needs for a step: to move its bytes, and for its arithmetic.

    For each member, a step must move one float32 weight per synapse, and must read and write v and
    a (float64) of each cell.
    """
    n_bytes = n_members * (4 * graph.n_synapses + 32 * graph.n_neurons)
    operations = n_members * (graph.n_synapses + 6 * graph.n_neurons)
    return n_bytes / limits.bandwidth(n_bytes, 0.5), operations / flops


def against_peers(harness: Harness, graph: graphs.Graph, n_members: int, flops: float) -> None:
    weights = graph.weights(n_members)
    units = n_members * graph.n_synapses
    ours = graph.population(weights)
    observations = np.ones((n_members, 1))
    n_steps = max(1, int(2e7 / units))

    table = harness.measure(
        f"{graph.name}: {graph.n_neurons} cells, {graph.n_synapses} synapses, {n_members} members",
        "ns/synapse/member/step",
        [
            Work("conncore", repeat(ours.act, observations, n_steps), units * n_steps),
            *scipy_works(harness, graph, weights, units),
            *torch_works(harness, graph, weights, units),
        ],
        1e9,
        clock=time.process_time,
    )
    mine = table["conncore"]
    for peer, needed in (("SciPy", 5.0), ("PyTorch", 3.0)):
        found = [row.median for row in table.rows if row.name.startswith(peer)]
        if found:
            harness.claim(f"{graph.name}: {peer}'s best over ours", min(found) / mine, needed)
    moving, computing = seconds_at_least(graph, n_members, flops)
    for what, seconds in (("bandwidth", moving), ("flops", computing)):
        harness.note(f"{graph.name}: least ns/synapse by {what}", seconds / units * 1e9)
    harness.claim(
        f"{graph.name}: share of the roofline", max(moving, computing) / units * 1e9 / mine, 0.5
    )


def with_input_and_output(harness: Harness, n_members: int) -> None:
    """The worm's whole step, with encoder and decoder."""
    worm = cc.load("celegans-haspel2011", split_muscles=True)
    task = cc.make_task("swimmer6")
    observations = np.random.default_rng(0).normal(size=(n_members, task.n_obs))
    works = []
    for neuron in NEURONS:
        for io in ("anatomical", "dense"):
            net = cc.Network(worm, task, neuron, io, weights="individual")
            policy = net.policy(net.random_genomes(n_members), n_threads=1)
            works.append(
                Work(
                    f"{neuron}, {io}",
                    repeat(policy.act, observations, 20),
                    20 * n_members,
                )
            )
    title = "Haspel with encoder and decoder for swimmer6"
    harness.measure(title, "ns/member/step", works, 1e9, clock=time.process_time)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    n_members = 96 if harness.quick else graphs.N_MEMBERS
    flops = limits.peak_flops()
    against_peers(harness, graphs.haspel(), n_members, flops)
    against_peers(harness, graphs.random_graph(*graphs.WINDING), n_members, flops)
    with_input_and_output(harness, n_members)
