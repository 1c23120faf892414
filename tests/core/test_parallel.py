"""Results do not depend on threads, lanes or neighbours, and forked workers do not hang."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from conncore._parallel import has_openmp
from conncore.errors import UsageError
from conncore.network.network import Network
from conncore.neurons.models import NEURONS
from conncore.tasks import make_task
from conncore.threads import resolve_threads
from random_networks import assert_same_bits, random_network, run

TESTS = Path(__file__).parents[1] / "helpers"
TIMEOUT = 120  # seconds until a program counts as hanging

each_neuron = pytest.mark.parametrize("neuron", NEURONS)


@each_neuron
@pytest.mark.parametrize("n_members", [1, 15, 16, 17, 37])
def test_threads_do_not_change_a_bit(neuron, n_members):
    rng = np.random.default_rng(n_members)
    network = random_network(rng, neuron, n_members, n_neurons=30)
    observations = rng.normal(size=(40, n_members, 4))
    serial = run(network.population(1), observations)
    for n_threads in (2, 3, 64):
        for actual, desired in zip(
            run(network.population(n_threads), observations), serial, strict=True
        ):
            assert_same_bits(actual, desired)


@each_neuron
def test_lane_and_neighbours_do_not_change_a_bit(neuron):
    rng = np.random.default_rng(0)
    network = random_network(rng, neuron, 37, n_neurons=30)
    observations = rng.normal(size=(40, 37, 4))
    together = run(network.population(2), observations)
    shuffled = rng.permutation(37)
    for members in (shuffled, shuffled[:20], [36], [5, 5, 5, 36, 0]):
        alone = run(network.take(members).population(2), observations[:, members])
        for actual, desired in zip(alone, together, strict=True):
            assert_same_bits(actual, desired[:, members])


@pytest.mark.parametrize("io", ["anatomical", "dense"])
def test_a_network_of_the_worm_in_threads(worm, chain, io):
    network = Network(worm, chain, io=io)
    genomes = network.random_genomes(37, seed=1)
    observations = np.random.default_rng(0).normal(size=(30, 37, chain.n_obs))
    serial = run(network.policy(genomes, n_threads=1), observations)
    for n_threads in (2, 3, None):
        for actual, desired in zip(
            run(network.policy(genomes, n_threads), observations), serial, strict=True
        ):
            assert_same_bits(actual, desired)
    for actual, desired in zip(
        run(network.policy(genomes[20:23]), observations[:, 20:23]), serial, strict=True
    ):
        assert_same_bits(actual, desired[:, 20:23])


def test_resolve_threads():
    assert resolve_threads(3) == 3
    assert resolve_threads(np.int64(2)) == 2
    assert 1 <= resolve_threads(None) <= (os.cpu_count() or 1)
    for wrong in (0, -1, 1.5, "2"):
        with pytest.raises(UsageError, match="n_threads"):
            resolve_threads(wrong)


def run_program(*command):
    """Standard output of a Python program in tests/; it and its children are killed on timeout."""
    program = subprocess.Popen(
        [sys.executable, *command],
        cwd=TESTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = program.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)  # workers too, or their pipes stay open
        program.communicate()
        pytest.fail(f"{command} hangs")
    assert program.returncode == 0, f"{command} ends with {program.returncode}: {errors}"
    return output


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_pool_of_workers_does_not_hang(method, order):
    result = json.loads(run_program("pool_program.py", method, order))
    expected = result["parent"]
    assert len(expected) == 5
    assert result["again"] == expected
    assert result["serial"] == [expected] * 3
    if method == "fork" and order == "after" and has_openmp():
        for error in result["threaded"]:
            assert error.startswith("ConncoreError")
            assert "'spawn'" in error
            assert "n_threads=1" in error
    else:
        assert result["threaded"] == [expected] * 3


def test_more_threads_than_the_system_can_start():
    run_program(
        "-c",
        "import numpy as np; from random_networks import random_network; "
        "network = random_network(np.random.default_rng(0), 'lif', 50); "
        "network.population(n_threads=1_000_000).act(np.zeros((50, 4)))",
    )


INTERRUPTED = """
import os, signal, sys, threading, time
import conncore as cc
task = cc.make_task("swimmer6")
network = cc.Network(cc.load("celegans-haspel2011"), task)
n_members, n_threads = map(int, sys.argv[1:])
genomes = network.random_genomes(n_members)
task.evaluate(network, genomes[:16], 0)
sent = []
def interrupt():
    time.sleep(0.5)
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)
sender = threading.Thread(target=interrupt)
sender.start()
try:
    while True:
        task.evaluate(network, genomes, 0, n_threads)
except KeyboardInterrupt:
    caught = time.perf_counter()
sender.join()
print(caught - sent[0])
print(task.evaluate(network, genomes[:32], 0, n_threads).tobytes().hex())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal to itself")
def test_ctrl_c_ends_a_long_evaluation(worm):
    """Of 4000 members, which take seconds; and of three blocks, where one thread must wait."""
    task = make_task("swimmer6")
    network = Network(worm, task)
    for n_members, n_threads in ((4000, 1), (4000, 2), (48, 2)):
        command = [sys.executable, "-c", INTERRUPTED, str(n_members), str(n_threads)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
        assert done.returncode == 0, done.stderr
        seconds, later = done.stdout.split()
        assert float(seconds) < 0.2
        expected = task.evaluate(network, network.random_genomes(n_members)[:32], 0)
        assert later == expected.tobytes().hex()  # threads and kernels still work


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such timer")
def test_any_exception_of_a_handler_ends_an_evaluation(worm):
    class Alarm(Exception):
        pass

    def ring(number, frame):
        raise Alarm

    task = make_task("swimmer6")
    network = Network(worm, task)
    before = signal.signal(signal.SIGALRM, ring)
    genomes = network.random_genomes(4000)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Alarm):
            task.evaluate(network, genomes, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("representation", ["lanes", "events"])
def test_a_second_thread_on_the_same_networks_is_refused(representation, worm, monkeypatch):
    monkeypatch.setattr(Network, "representation", lambda self, n_members: representation)
    task = make_task("swimmer6")
    network = Network(worm, task)
    policy = network.policy(network.random_genomes(2000), n_threads=1)
    observations = np.random.default_rng(0).normal(size=(2000, task.n_obs))
    uses = (
        lambda: policy.act(observations),
        policy.reset,
        policy.activity,
        lambda: policy.state("v"),
        lambda: policy.status,
    )
    refused = set()
    steps = threading.Event()

    def step():
        while not steps.is_set():
            with suppress(UsageError):  # the other thread was first
                policy.act(observations)

    for use in uses:
        use()  # alone
    stepper = threading.Thread(target=step, daemon=True)
    try:
        stepper.start()
        deadline = time.monotonic() + TIMEOUT
        while len(refused) < len(uses) and time.monotonic() < deadline:
            for number, use in enumerate(uses):
                time.sleep(0)
                try:
                    use()
                except UsageError as error:
                    assert "in use by another thread" in str(error)  # noqa: PT017
                    refused.add(number)
    finally:
        steps.set()
        stepper.join()
    assert len(refused) == len(uses)
    policy.reset()  # free again


def test_two_threads_may_use_one_network_and_one_task(worm):
    task = make_task("swimmer6")
    network = Network(worm, task)
    genomes = network.random_genomes(40, seed=3)
    alone = [task.evaluate(network, genomes, seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda seed: task.evaluate(network, genomes, seed), range(6)))
    for actual, desired in zip(together, alone, strict=True):
        assert_same_bits(actual, desired)
