"""Simulations from the connectome to the spikes: threads, silence, stops, and the fly's brain."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import conncore as cc
from conncore.simulation.simulator import Simulator
from random_brains import connectome_of

DATA = Path(os.environ.get("CONNCORE_DATA", "nowhere"), "validation")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="set CONNCORE_DATA")


def random_fly(n_cells=200, seed=0, scale=1.0, name="random"):
    rng = np.random.default_rng(seed)
    pre, post = np.nonzero(rng.random((n_cells, n_cells)) < 0.1)
    weight = np.ceil(scale * rng.lognormal(2.5, 1.0, pre.size))
    weight *= np.where(rng.random(n_cells) < 0.3, -1, 1)[pre]
    return connectome_of(pre, post, weight, n_cells, name)


def spikes(found):
    return found.trial.tolist(), found.step.tolist(), found.cell.tolist()


DRIVEN = [f"c{i}" for i in range(20)]


def test_threads_order_and_neighbours_do_not_change_a_spike():
    simulator = Simulator(random_fly())
    options = {"activate": DRIVEN, "duration": 0.2, "seed": 3}
    one = simulator.run(trials=7, n_threads=1, **options)
    assert np.unique(one.cell).size > 30
    for n_threads in (2, 3, 64):
        assert spikes(simulator.run(trials=7, n_threads=n_threads, **options)) == spikes(one)
    fewer = simulator.run(trials=3, n_threads=2, **options)
    kept = one.trial < 3
    np.testing.assert_array_equal(fewer.step, one.step[kept])
    np.testing.assert_array_equal(fewer.cell, one.cell[kept])
    again = cc.simulate(random_fly(), trials=7, **options)
    assert spikes(again) == spikes(one)
    assert spikes(simulator.run(trials=7, **{**options, "seed": 4})) != spikes(one)


def test_runs_of_a_simulator_do_not_change_each_other():
    simulator = Simulator(random_fly())
    options = {"activate": DRIVEN, "duration": 0.1, "trials": 2}
    first = simulator.run(**options)
    simulator.run(silence=DRIVEN, silence_mode="both", current={"c7": 20.0}, **options)
    assert spikes(simulator.run(**options)) == spikes(first)


def test_silence():
    """A chain of c0 to c3: strong edges carry every spike."""
    chain = connectome_of([0, 1, 2], [1, 2, 3], [400.0] * 3, 4)
    simulator = Simulator(chain)
    options = {"input_spikes": {"c0": [0.0, 0.05]}, "duration": 0.1, "trials": 1}

    def counts(**silence):
        return simulator.run(**options, **silence).counts()[0].tolist()

    assert counts() == [2, 2, 2, 2]
    assert counts(silence=["c1"]) == [2, 2, 0, 0]
    assert counts(silence=["c1"], silence_mode="both") == [2, 0, 0, 0]
    assert counts(silence=["c0"], silence_mode="both") == [2, 0, 0, 0]


def test_delays_move_spikes_to_the_step():
    chain = connectome_of([0, 1], [1, 2], [400.0] * 2, 3)
    options = {"input_spikes": {"c0": [0.0]}, "duration": 0.1, "trials": 1}
    step = {}
    for name, delays in (("usual", None), ("longer", [5.0, 1.8])):
        step[name] = cc.simulate(chain, delays=delays, **options).step.tolist()
    assert step["usual"][0] == 1
    moved = [0, 32, 32]
    assert step["longer"] == [a + b for a, b in zip(step["usual"], moved, strict=True)]


def test_a_current_makes_a_cell_fire_at_the_rate_of_the_equation():
    """From reset, v reaches the threshold after tau_m log(I / (I - 7)); see Gerstner's book."""
    alone = connectome_of([], [], np.zeros(0), 1)
    found = cc.simulate(alone, current={"c0": 10.0}, duration=2.0, trials=1)
    period = 20.0 * np.log(10.0 / 3.0) + 2.2
    assert found.step.size == pytest.approx(2000 / period, abs=1)
    quiet = cc.simulate(alone, current={"c0": 6.999}, duration=2.0, trials=1)
    assert quiet.step.size == 0


def test_input_ends_and_activity_that_goes_on_is_reported():
    ring = connectome_of([0, 1, 2], [1, 2, 0], [400.0] * 3, 3)
    options = {"activate": ["c0"], "duration": 1.0, "trials": 2}
    going = cc.simulate(ring, input_until=0.1, **options)
    (problem,) = going.problems
    assert problem == (
        "activity goes on after the input has stopped: 2 of 2 trials still spike 900 ms later"
    )
    chain = connectome_of([0, 1], [1, 2], [400.0] * 2, 3)
    assert cc.simulate(chain, input_until=0.1, **options).problems == ()
    assert cc.simulate(chain, **options).problems == ()


def test_stop_above():
    wild = random_fly(100, scale=4.0)
    options = {"activate": DRIVEN[:2], "duration": 2.0, "trials": 2, "rate": 20.0}
    found = cc.simulate(wild, **options)
    assert any(line.startswith("activity may run away") for line in found.problems)
    stopped = cc.simulate(wild, stop_above=30.0, **options)
    assert stopped.n_steps.max() < 20_000
    assert set(stopped.n_steps.tolist()) <= set(range(1000, 20_000, 1000))
    assert stopped.problems[0].startswith("2 trials were stopped at the rate limit, the first at")
    kept = found.trial == 0
    n_kept = (stopped.trial == 0).sum()
    np.testing.assert_array_equal(found.cell[kept][:n_kept], stopped.cell[stopped.trial == 0])
    assert cc.simulate(wild, stop_above=1e6, **options).n_steps.tolist() == [20_000] * 2


def test_gap_junctions_are_left_out_and_said(worm):
    found = cc.simulate(worm, activate=worm.select(match="^DB"), duration=0.1, trials=1)
    assert "161 gap junctions are left out" in found.problems


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration": 0.0}, "duration is 0.0; give a number above 0"),
        ({"duration": 1e-9}, "duration is 1e-09 s; give 1 to"),
        ({"duration": 1e12}, r"duration is 1.* s; give 1 to"),
        ({"input_until": 2.0}, r"input_until is 2.0 s, after the end \(1.0 s\)"),
        ({"trials": 0}, "trials is 0; give a whole number from 1 up"),
        ({"seed": -1}, "seed is -1"),
        ({"silence": []}, "silence names no cell"),
        ({"silence": ["x"]}, "has no cell 'x'"),
        ({"silence": ["c1"], "silence_mode": "incoming"}, "unknown silence mode 'incoming'"),
        ({"activate": ["c1"], "rate": -5.0}, "rate is -5.0"),
        ({"stop_above": 0.0}, "stop_above is 0.0; give a number above 0"),
        ({"n_threads": 0}, "n_threads is 0"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(cc.UsageError, match=message):
        Simulator(connectome_of([0], [1], [1.0], 2)).run(**options)


def test_unknown_signs_are_refused():
    unsigned = cc.Connectome.from_edges("u", [0], [1])
    with pytest.raises(cc.UsageError, match="the sign of 1 of 1 chemical edges is unknown"):
        cc.simulate(unsigned)


def test_ctrl_c_keeps_finished_trials():
    simulator = Simulator(random_fly(100, scale=4.0))
    options = {"activate": DRIVEN, "duration": 3.0, "n_threads": 2}
    done = []

    def progress(n_done, n_trials):
        assert n_trials == 10_000
        done.append(n_done)
        if n_done == 3:
            threading.Timer(0.01, signal.raise_signal, [signal.SIGINT]).start()

    started = time.monotonic()
    found = simulator.run(trials=10_000, progress=progress, **options)
    assert time.monotonic() - started < 60
    assert 3 <= len(found.trials) < 1000
    assert done == list(range(1, len(found.trials) + 1))
    assert found.problems[0] == f"interrupted: {len(found.trials)} of 10000 trials finished"
    whole = simulator.run(trials=int(found.trials.max()) + 1, **options)
    kept = np.isin(whole.trial, found.trials)
    np.testing.assert_array_equal(whole.cell[kept], found.cell)


def test_errors_in_progress_are_raised():
    with pytest.raises(ZeroDivisionError):
        cc.simulate(
            random_fly(30), duration=0.1, activate=["c0"], progress=lambda done, _: done / 0
        )


@pytest.fixture(scope="module")
def brain():
    parquet = pytest.importorskip("pyarrow.parquet")
    with np.load(DATA / "flywire783_ge5_within_hemisphere.npz") as file:
        ids, sign, pre, post, counts = (
            file[name] for name in ("root_id", "sign", "pre", "post", "syn")
        )
    nodes = parquet.read_table(DATA / "flywire783_ge5_nodes.parquet")
    types = [word or "" for word in nodes["cell_type_any"].to_pylist()]
    return Simulator(
        cc.Connectome.from_edges(
            "flywire783_ge5", pre, post, weight=counts, sign=sign[pre],
            names=[str(number) for number in ids], attributes={"type": types},
        )
    )  # fmt: skip


@needs_data
def test_lplc2_gives_every_spike_of_brian2(brain):
    from pyarrow import parquet

    def spikes_of(name):
        table = parquet.read_table(DATA / f"fixture_LPLC2_{name}_spikes.parquet").to_pydict()
        return list(zip(table["step"], map(str, table["root_id"]), strict=True))

    times = {}
    for step, name in spikes_of("input"):
        times.setdefault(name, []).append(step * 1e-4)
    found = brain.run(input_spikes=times, duration=0.5, trials=1)
    names = brain.connectome.names
    ours = [(step, names[cell]) for step, cell in zip(found.step, found.cell, strict=True)]
    assert len(ours) == 23_840
    assert ours == sorted(spikes_of("brian2"))


@needs_data
def test_looming_detectors_drive_the_giant_fibre(brain):
    """Brian2: 143.5 Hz (right) and 108 Hz (left)."""
    circuit = brain.connectome
    found = brain.run(activate=circuit.select(where={"type": "LPLC2"}), trials=10)
    right, left = found.table(cells=circuit.select(where={"type": "DNp01"}))
    assert abs(right.mean - 143.5) < 3 * right.sd
    assert abs(left.mean - 108) < 3 * left.sd
    assert max(right.sd, left.sd) < 5
    assert found.problems == ()
    member = brain._idle[0]
    assert member.nbytes < 8e6
