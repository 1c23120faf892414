"""Times networks that each answer many inputs, as on MNIST, beside PyTorch and NumPy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import conncore as cc
from conncore.bench.harness import Harness, Work
from conncore.bench.sizes import Sizes
from conncore.experiments.arms import mlp_arm
from conncore.network.topology import SparseMap
from conncore.threads import one_blas_thread

TITLE = "many inputs to each network (MNIST)"

N_IMAGES, N_PIXELS, N_STEPS = 1024, 196, 4
DIGITS = 0.25  # share of pixels that are not black, in MNIST averaged over 2 x 2 pixels
IMAGES = Sizes(N_PIXELS, 10)  # of MNIST at 14 x 14 pixels
Array = NDArray[np.float32]
Matrices = dict[str, Array]


def networks() -> dict[str, cc.Network]:
    """The worm's circuit, the whole worm, and a perceptron with as many cells as the circuit."""
    worm = cc.load("celegans-haspel2011")
    whole = cc.load("celegans-cook2019").settle_signs("drop")
    options: dict[str, Any] = {"neuron": "relu", "io": "dense", "weights": "individual"}
    # A signal moves by one synapse per step, from the input cells to the output cells, as in
    # fig5-mnist-es.
    found = {
        name: cc.Network(connectome, IMAGES, steps_per_action=N_STEPS, **options)
        for name, connectome in (("circuit", worm), ("whole worm", whole))
    }
    return found | {"perceptron": mlp_arm("mlp", worm, IMAGES, ()).build(0)}


def matrices(net: cc.Network, genomes: NDArray[np.float64]) -> Matrices:
    """Dense float32 matrices of all members, which a program without a kernel would multiply."""
    values, topology, m = net.values(genomes), net.topology, len(genomes)

    def dense(rows: SparseMap, weights: NDArray[np.float64]) -> Array:
        matrix = np.zeros((m, rows.n_rows, rows.n_source), dtype=np.float32)
        matrix[:, rows.rows, rows.indices] = weights
        return matrix

    n = topology.n_neurons
    drive = np.zeros((m, n, N_PIXELS), dtype=np.float32)  # the encoder, one row per cell
    drive[:, topology.inputs] = dense(topology.encoder, values["encoder_weights"])
    drive_bias = np.zeros((m, n, 1), dtype=np.float32)
    drive_bias[:, topology.inputs, 0] = values["encoder_bias"]
    read = np.zeros((m, net.task.n_actions, n), dtype=np.float32)
    read[:, :, topology.outputs] = dense(topology.decoder, values["decoder_weights"])
    bias = values["decoder_bias"].astype(np.float32)[:, :, None]
    synapses = dense(topology.synapses, values["synapse_weights"])
    return {"drive": drive, "drive_bias": drive_bias, "synapses": synapses, "read": read,
            "bias": bias}  # fmt: skip


def numpy_answers(net: cc.Network, dense: Matrices, images: Array) -> Callable[[], Array]:
    """One member after another, one matrix product per step."""
    limit, columns = net.constants["z_max"], np.ascontiguousarray(images.T)

    def member(drive: Array, drive_bias: Array, synapses: Array, read: Array, bias: Array) -> Array:
        x = np.tanh(drive @ columns + drive_bias)
        z = np.clip(x, 0.0, limit)
        for _ in range(net.steps_per_action - 1):
            z = np.clip(synapses @ z + x, 0.0, limit)
        answer: Array = (read @ z + bias).T
        return answer

    return lambda: np.array([member(*parts) for parts in zip(*dense.values(), strict=True)])


def torch_answers(
    harness: Harness, net: cc.Network, dense: Matrices, images: Array
) -> Callable[[], Any] | None:
    """All members at once, with batched matrix products."""
    torch = harness.peer("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)
    limit, m = net.constants["z_max"], len(dense["bias"])
    there = {name: torch.from_numpy(array) for name, array in dense.items()}
    columns = torch.from_numpy(np.ascontiguousarray(images.T)).expand(m, -1, -1)

    def answers() -> Any:
        x = torch.tanh(torch.baddbmm(there["drive_bias"], there["drive"], columns))
        z = x.clamp(0.0, limit)
        for _ in range(net.steps_per_action - 1):
            z = torch.baddbmm(x, there["synapses"], z).clamp_(0.0, limit)
        return torch.baddbmm(there["bias"], there["read"], z).transpose(1, 2)

    return answers


def against_peers(
    harness: Harness, name: str, net: cc.Network, n_members: int, images: Array, share: float
) -> None:
    genomes = net.random_genomes(n_members)
    dense = matrices(net, genomes)

    def ours() -> Array:
        return net.respond(genomes, images, 1, n_threads=1)

    peers = {"NumPy, dense": numpy_answers(net, dense, images)}
    batched = torch_answers(harness, net, dense, images)
    if batched is not None:
        peers["PyTorch, dense, batched"] = batched
    for peer in peers.values():
        np.testing.assert_allclose(np.asarray(peer()), ours(), rtol=1e-3, atol=1e-3)
    units = n_members * len(images)
    table = harness.measure(
        f"{name}: {net.topology.n_neurons} cells, {net.topology.synapses.n_values} synapses, "
        f"{net.steps_per_action} steps, {len(images)} inputs of {N_PIXELS}, {share:.0%} of which "
        "are not background",
        "us/input/member",
        [Work("conncore", ours, units), *(Work(k, call, units) for k, call in peers.items())],
        1e6,
        clock=time.process_time,
    )
    best = min(row.median for row in table.rows[1:])
    title = f"{name}, {share:.0%} of the inputs: the best peer over ours"
    harness.claim(title, best / table["conncore"], 1.0)


def run(harness: Harness) -> None:
    """Measure; see TITLE. All use one thread, and the answers must agree."""
    n_members, n_images = (2, 64) if harness.quick else (64, N_IMAGES)
    rng = np.random.default_rng(0)
    images = rng.uniform(-0.3, 0.7, (n_images, N_PIXELS)).astype(np.float32)
    digits = np.where(rng.random(images.shape) < DIGITS, images, np.float32(-0.1))
    with one_blas_thread():
        for name, net in networks().items():
            against_peers(harness, name, net, n_members, digits, DIGITS)
            against_peers(harness, name, net, n_members, images, 1.0)
