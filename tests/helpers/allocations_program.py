"""Run by test_allocations.py, under failing_malloc.c: work of the compiled core whose n-th
allocation fails, for n = 1, 2, ... until the work makes fewer.

python allocations_program.py <work>: prints how many allocations failed. Every failure must end in
MemoryError or in success. NumPy and CPython say SystemError at some places, which passes, too.
"""

from __future__ import annotations

import ctypes
import faulthandler
import itertools
import sys

import mujoco
import numpy as np

from conncore import _kernels
from conncore._events import EventPopulation
from conncore._noise import fill_children, fill_normal, fill_uniform
from conncore._population import Population
from conncore._rewiring import Chain
from conncore._sorting import _unsafe_lexical_order
from conncore._swimmers import Swimmers
from conncore.network.topology import SparseMap, Topology
from conncore.neurons.models import NEURONS
from conncore.tasks.chain import read_chain
from conncore.tasks.mjcf import gymnasium_swimmer
from conncore.tasks.native import Scoring

N_MEMBERS = 17  # two blocks
N_OBS, N_ACTIONS = 4, 2
N_THREADS = 2


def population(neuron, rows, n_neurons):
    """Work: make a population, run one step, ask for all it can answer. Returns it, and answers."""
    kernels = [_kernels.load(name) for name in ({"post": "network", "pre": "events"}[rows], neuron)]
    rng = np.random.default_rng(0)

    def sparse(n_rows, n_source):
        pairs = np.flatnonzero(rng.random(n_rows * n_source) < 0.2)
        return SparseMap.from_pairs(*np.divmod(pairs, n_source), n_rows, n_source)[0]

    inputs, outputs = rng.permutation(n_neurons)[:6], rng.permutation(n_neurons)[:5]
    topology = Topology(
        inputs.astype(np.int32),
        outputs.astype(np.int32),
        sparse(6, N_OBS),
        sparse(n_neurons, n_neurons),
        sparse(N_ACTIONS, 5),
        rows,
    )
    sizes = {
        "encoder_weights": topology.encoder.n_values,
        "encoder_bias": 6,
        "synapse_weights": topology.synapses.n_values,
        "decoder_weights": topology.decoder.n_values,
        "decoder_bias": N_ACTIONS,
    }
    values = {name: rng.normal(size=(N_MEMBERS, size)) for name, size in sizes.items()}
    constants = [NEURONS[neuron].constants[name].default for name in kernels[1].CONSTANTS]
    values["constants"] = np.tile(constants, (N_MEMBERS, 1))
    kind = Population if rows == "post" else EventPopulation

    def work():
        made = kind(topology, *kernels, values, trace=0.5, n_threads=N_THREADS, n_repeats=2)
        actions = made.act(np.ones((N_MEMBERS, N_OBS)))
        repr(made)
        states = [made.state(name) for name in kernels[1].STATE]
        return [made, actions, made.activity(), made.status, *states]

    return work


def swimmers():
    """As `population`, with steps and an episode of bodies."""
    chain = read_chain(mujoco.MjModel.from_xml_string(gymnasium_swimmer(3)))
    kernels = _kernels.load("swimmer"), _kernels.load("episode")
    network = population("alif", "post", 12)()[0]
    scoring = Scoring(np.arange(N_OBS), np.ones(N_OBS), 0.04, control_cost=1e-4)
    script = np.ones((N_MEMBERS, 3, N_ACTIONS))
    start = np.zeros((N_MEMBERS, 5))

    def work():
        bodies = Swimmers(*kernels, chain, N_MEMBERS, 4, N_THREADS)
        bodies.reset(start, start)
        bodies.step(script[:, 0])
        network.reset()
        returns = [bodies.run(policy, scoring, 3) for policy in (network, script)]
        return [*returns, bodies.qpos, bodies.qvel, bodies.failed]

    return work


def edges():
    """Rewire some edges, and sort them."""
    heads = np.repeat(np.arange(20), 3)
    tails = (heads + np.tile([1, 5, 9], 20)) % 20
    rng = np.random.default_rng(0)
    draws = *rng.integers(60, size=(2, 500)), rng.random(500)

    def work():
        chain = Chain(heads, tails, np.zeros(20, np.intp), np.arange(0, 61, 3))
        chain.walk(*draws, 0.25)
        return [chain.tails, _unsafe_lexical_order(tails, heads, 20, 20)]

    return work


def noise():
    """Draw random numbers, and the children of a parent."""

    def work():
        normal, uniform, children = np.empty((3, 5, 40))
        place, ones = (1, 2, 3), np.ones(40)
        fill_normal(normal, range(5), place, N_THREADS)
        fill_uniform(uniform, range(5), place)
        chosen = np.zeros(5, np.intp)
        fill_children(children, range(5), place, normal, chosen, ones, -ones, ones, N_THREADS)
        return [normal, uniform, children]

    return work


WORKS = {
    "cells in lanes": lambda: population("relu", "post", 12),
    "spiking cells in lanes": lambda: population("lif", "post", 12),
    "events": lambda: population("izhikevich", "pre", 300),
    "swimmers": swimmers,
    "edges": edges,
    "noise": noise,
}


def fail_everywhere(work):
    """The number of allocations that were made to fail, one in each run of `work`."""
    shim = ctypes.CDLL(None)
    fail_at, stop_failing = shim.fail_at, shim.stop_failing
    fail_at.argtypes, fail_at.restype, stop_failing.restype = [ctypes.c_long], None, ctypes.c_long
    wanted = work()
    for n in itertools.count(1):
        print(n, file=sys.stderr)  # the last one is where a crash was
        fail_at(n)
        found = None
        try:
            found = work()
        except (MemoryError, SystemError):
            found = None
        try:
            n_left = stop_failing()
        except (MemoryError, SystemError, ctypes.ArgumentError):  # the call itself was hit
            n_left = stop_failing()
        for answers in (found, work()):  # what was half made has harmed nothing
            if answers is not None:
                for one, other in zip(answers, wanted, strict=True):
                    if isinstance(other, np.ndarray):
                        np.testing.assert_array_equal(one, other)
        if n_left:
            return n - 1


if __name__ == "__main__":
    faulthandler.enable()
    print(fail_everywhere(WORKS[sys.argv[1]]()))
