"""The simulator's kernel equals its twin to the spike, and Brian2 on the fly's brain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conncore._brain import SYNAPSE, BrainMember
from conncore.reference.brain import BrainMember as Twin
from conncore.simulation.lif_exp import LifExp
from conncore.simulation.wiring import wire
from random_brains import DT, connectome_of, random_brain

BRIAN2 = Path(__file__).parent / "brian2" / "reference_brain.npz"


def assert_same_spikes(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32),
    refractory=st.sampled_from(["drop", "keep"]),
    n_delays=st.sampled_from([1, 2, 40]),
    strength=st.sampled_from([0.0, 3.5, 4.5]),
    constants=st.sampled_from(
        [
            {},
            {"tau_s": 20.0},
            {"tau_s": 30.0, "t_ref": 0.0},
            {"v_reset": -60.0, "v_rest": -55.0, "t_ref": 5.0},
            {"v_reset": -46.0, "w_input": 5.0},
        ]
    ),
)
def test_kernel_equals_twin(seed, refractory, n_delays, strength, constants):
    brain = random_brain(
        seed, refractory=refractory, n_delays=n_delays, strength=strength, **constants
    )
    expected = brain.run(Twin)
    assert_same_spikes(brain.run(BrainMember), expected)
    # Where every step is an event, rounding differs, but the spikes do not.
    assert_same_spikes(brain.run(Twin, every_step=True), expected)


@pytest.mark.parametrize("refractory", ["drop", "keep"])
def test_random_brains_spike_by_all_their_means(refractory):
    """The comparison above sees recurrent spikes: with fewer events, the spikes differ."""
    brain = random_brain(1, refractory=refractory)
    steps, cells = brain.run(BrainMember)
    assert steps.size > 250
    assert np.unique(cells).size > 15
    alone = random_brain(1, refractory=refractory)
    alone.member[0]["weight"] = 0.0
    assert alone.run(BrainMember)[0].size < 0.8 * steps.size
    other = random_brain(1, refractory={"drop": "keep", "keep": "drop"}[refractory])
    assert other.run(BrainMember)[0].size != steps.size


def test_a_member_runs_again_and_stops_between():
    brain, other = random_brain(5), random_brain(6)
    expected = brain.run(Twin)
    member = BrainMember(*brain.member)
    member.prepare(*other.shared)
    member.start(other.n_steps, *other.kicks)
    member.advance(other.n_steps)
    member.prepare(*brain.shared)
    for _ in range(2):
        member.start(brain.n_steps, *brain.kicks)
        member.advance(brain.n_steps // 3)
        member.start(brain.n_steps, *brain.kicks)
        for end in (1, 57, 57, brain.n_steps):
            n_spikes = member.advance(end)
        assert n_spikes == expected[0].size
        assert_same_spikes(member.spikes(), expected)


def test_many_spikes_of_one_step():
    """Spikes need more room than a member begins with, and more than insertion sort takes."""
    n_cells, n_steps = 5000, 3
    tables = LifExp().tables(DT)
    member = BrainMember(
        np.zeros(0, SYNAPSE), np.zeros(n_cells + 1, np.int32), np.array([18], np.int32), tables
    )
    member.prepare(np.zeros(n_cells, np.int32), np.ones(n_cells, np.int32), np.zeros(n_cells))
    everyone = np.random.default_rng(0).permutation(n_cells).astype(np.int32)
    sizes = np.full(n_cells, tables.kick)
    member.start(n_steps, np.zeros(n_cells, np.int32), everyone, sizes)
    assert member.advance(n_steps) == n_cells
    assert_same_spikes(member.spikes(), (np.ones(n_cells), np.arange(n_cells)))
    assert member.nbytes > 40 * n_cells


@pytest.mark.parametrize("refractory", ["drop", "keep"])
def test_refractory_rule_to_the_step(refractory):
    """A spike in step s drops what arrives in s to s + 21, and takes what arrives in s + 22."""
    pair = connectome_of([0], [1], [200.0], 2)
    tables = LifExp(refractory=refractory, delay=0.1).tables(DT)
    synapses = wire(pair, tables.delay, DT, None)
    for after in range(40):
        member = BrainMember(synapses.synapses, synapses.splits, synapses.delays, tables)
        member.prepare(np.zeros(2, np.int32), np.array([1, 22], np.int32), np.zeros(2))
        # Kicks spike in the next step: cell 1 in 11. The spike of cell 0 arrives in 11 + after.
        steps, cells = np.array([10, 9 + after], np.int32), np.array([1, 0], np.int32)
        order = np.argsort(steps, kind="stable")
        member.start(200, steps[order], cells[order], np.full(2, tables.kick))
        member.advance(200)
        steps, cells = member.spikes()
        assert steps[cells == 1][0] == 11
        again = (cells == 1).sum() > 1
        if refractory == "drop":
            assert again == (after >= 22), after
        elif after == 0 or after > 15:  # what arrives in between may decay too far
            assert again == (after > 0), after


def test_bound_lets_no_spike_pass():
    """Inputs whose peak lies on the threshold, to the last bit, spike as in the twin."""
    tables = LifExp(w_syn=1.0).tables(DT)
    exact = tables.theta / tables.rise.max()
    pairs = connectome_of([0], [1], [1.0], 2)
    synapses = wire(pairs, 1, DT, None)
    fired = []
    for factor in (1 - 1e-7, 1 - 6e-8, 1.0, 1 + 6e-8, 1 + 1e-7):
        synapses.synapses["weight"] = np.float32(exact * factor)
        runs = []
        for kind in (BrainMember, Twin):
            member = kind(synapses.synapses, synapses.splits, synapses.delays, tables)
            member.prepare(np.zeros(2, np.int32), np.array([1, 22], np.int32), np.zeros(2))
            start = np.zeros(1, np.int32)
            member.start(400, start, start, np.array([tables.kick]))
            member.advance(400)
            runs.append(member.spikes())
        assert_same_spikes(*runs)
        fired.append(runs[0][0].size)
    assert fired[0] == 1
    assert fired[-1] == 2


@pytest.mark.parametrize("refractory", ["drop", "keep"])
@pytest.mark.parametrize("network", range(20))
def test_spikes_are_brian2s(network, refractory):
    with np.load(BRIAN2) as file:
        names = ("pre", "post", "weight", "delay", "kick_step", "kick_cell")
        pre, post, weight, delay, step, cell = (
            file[f"{name}_{network}"].astype(np.int32) for name in names
        )
        expected = file[f"steps_{refractory}_{network}"], file[f"cells_{refractory}_{network}"]
    n_cells = 60
    tables = LifExp(refractory=refractory).tables(DT)
    synapses = wire(connectome_of(pre, post, weight.astype(float), n_cells), 1, DT, delay * DT)
    period = np.where(np.arange(n_cells) < 8, 1, 22).astype(np.int32)
    member = BrainMember(synapses.synapses, synapses.splits, synapses.delays, tables)
    member.prepare(np.zeros(n_cells, np.int32), period, np.zeros(n_cells))
    member.start(2000, step, cell, np.full(step.size, tables.kick))
    member.advance(2000)
    assert (expected[1] >= 8).sum() > 25  # cells without input
    assert_same_spikes(member.spikes(), expected)
