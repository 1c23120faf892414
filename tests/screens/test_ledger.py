"""The file of finished simulations: resumes to the same bits, and refuses what is not its own."""

from __future__ import annotations

import numpy as np
import pytest

import conncore as cc
from conncore.errors import UsageError
from conncore.screens.ledger import Ledger, settings_of
from conncore.screens.readout import Readout
from random_brains import connectome_of

CHAIN = connectome_of([0, 1, 2], [1, 2, 3], [400.0] * 3, 4)
READOUT = Readout(CHAIN, ["c1", "c3"], "name")
OPTIONS = {"activate": ["c0"], "duration": 0.05}


def ledger(file, trials=3, **options):
    simulator = cc.Simulator(CHAIN)
    return Ledger(file, settings_of(simulator, OPTIONS | options), READOUT, trials)


def simulate(seed):
    return lambda: cc.simulate(CHAIN, trials=3, seed=seed, **OPTIONS)


def never():
    raise AssertionError("it is finished")


def test_what_is_finished_is_read_and_the_rest_is_simulated(tmp_path):
    file = tmp_path / "kept.jsonl"
    first = ledger(file)
    rates = [first.get(str(seed), simulate(seed)).rates for seed in range(3)]
    assert rates[0].shape == (3, 2)
    whole = file.read_bytes()
    file.write_bytes(whole[:-7])  # a kill cuts off the last line
    again = ledger(file)
    np.testing.assert_array_equal(again.get("0", never).rates, rates[0])
    np.testing.assert_array_equal(again.get("1", never).rates, rates[1])
    np.testing.assert_array_equal(again.get("2", simulate(2)).rates, rates[2])
    assert file.read_bytes() == whole
    assert ledger(file, n_threads=1).get("2", never).problems == ()


def test_another_file_is_refused(tmp_path):
    file = tmp_path / "kept.jsonl"
    ledger(file).get("0", simulate(0))
    whole = file.read_bytes()
    with pytest.raises(UsageError, match=r"kept.jsonl: has simulations with other options; give"):
        ledger(file, duration=0.06)
    with pytest.raises(UsageError, match=r"with other trials; give"):
        ledger(file, trials=4)
    for damaged in (
        b"text",
        b"text\n",
        b"[1]\n",
        whole + b"{}\n",
        whole.replace(b"[[", b"[[9,"),
        whole.replace(b"[[", b"[[NaN,", 1),
    ):
        file.write_bytes(damaged)
        with pytest.raises(UsageError, match=r"not a file of finished|with other"):
            ledger(file)
        assert file.read_bytes() == damaged


def test_an_interrupted_simulation_is_not_kept(tmp_path):
    file = tmp_path / "kept.jsonl"
    kept = ledger(file)
    with pytest.raises(KeyboardInterrupt):
        kept.get("0", lambda: cc.simulate(CHAIN, trials=2, **OPTIONS))
    assert len(file.read_bytes().splitlines()) == 1
