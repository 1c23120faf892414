"""Screens: every row agrees with a simulation of one's own; planted types come first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import conncore as cc
from conncore.connectome.labels import Labels
from conncore.errors import UsageError
from random_brains import connectome_of

# Receptors c0 and c1 drive the relays c2 and c3, which drive c4; c5 and c6 are a path of their own.
PAIRS = np.array([(0, 2), (1, 3), (2, 4), (3, 4), (5, 6)])
TYPES = ["receptor", "receptor", "relay", "relay", "output", "other", ""]


@pytest.fixture(scope="module")
def circuit():
    chain = connectome_of(*PAIRS.T, np.full(5, 400.0), 7)
    return replace(chain, attributes={"type": Labels.of(TYPES)})


OPTIONS = {"activate": ["c0", "c1"], "trials": 6, "duration": 0.1, "seed": 2}


def test_silencing_each_type(circuit):
    found = cc.screen_rates(cc.Simulator(circuit), "silence", ["c4"], **OPTIONS)
    rows = {row.type: row for row in found.rows}
    assert set(rows) == {"receptor", "relay", "output", "other"}
    assert {found.rows[0].type, found.rows[1].type} == {"receptor", "relay"}
    before = cc.simulate(circuit, **OPTIONS).rates()[:, 4]
    after = cc.simulate(circuit, silence=["c2", "c3"], **OPTIONS).rates()[:, 4]
    relay = rows["relay"]
    assert (relay.n_cells, relay.group) == (2, "c4")
    assert (relay.before, relay.after) == pytest.approx((before.mean(), after.mean()))
    assert relay.effect == pytest.approx((after - before).mean())
    test = stats.ttest_rel(after, before).confidence_interval()
    assert (relay.low, relay.high) == pytest.approx(tuple(test))
    exact = stats.permutation_test(
        (after - before,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert relay.p == pytest.approx(exact.pvalue)
    assert (rows["other"].effect, rows["other"].p) == (0.0, 1.0)
    q = stats.false_discovery_control([row.p for row in found.rows])
    assert [row.q for row in found.rows] == pytest.approx(q.tolist())


def test_activating_each_type_adds_to_the_input(circuit):
    simulator = cc.Simulator(circuit)
    options = {**OPTIONS, "activate": {"c0": 50.0}, "rate": 200.0}
    found = cc.screen_rates(simulator, "activate", ["c4", "c6"], among=["c1", "c5"], **options)
    rows = {(row.type, row.group): row for row in found.rows}
    assert set(rows) == {(a, b) for a in ("other", "receptor") for b in ("c4", "c6")}
    driven = {"c5": 200.0, "c0": 50.0}
    after = cc.simulate(circuit, **{**OPTIONS, "activate": driven}).rates()
    assert rows["other", "c6"].after == pytest.approx(after[:, 6].mean())
    assert rows["other", "c6"].before == 0.0
    nothing = {**OPTIONS, "activate": None}
    quiet = cc.screen_rates(simulator, "activate", ["c4"], **nothing)
    assert {row.before for row in quiet.rows} == {0.0}
    assert quiet.rows[0].effect > 50


def test_a_screen_resumes_to_the_same_rows(circuit, tmp_path):
    simulator = cc.Simulator(circuit)
    options = {**OPTIONS, "keep": tmp_path / "kept.jsonl"}

    def stop(n_done, n_all):
        assert n_all == 5
        if n_done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cc.screen_rates(simulator, "silence", ["c4"], progress=stop, **options)
    n_kept = len(options["keep"].read_bytes().splitlines())
    assert 1 < n_kept < 6
    found = cc.screen_rates(simulator, "silence", ["c4"], **options)
    assert found == cc.screen_rates(simulator, "silence", ["c4"], n_threads=1, **OPTIONS)
    with pytest.raises(UsageError, match="with other types; give another path"):
        cc.screen_rates(simulator, "silence", ["c4"], among=["c2"], **options)


def test_wrong_use_is_one_line(circuit):
    simulator = cc.Simulator(circuit)
    for action, more, message in (
        ("kill", {}, "unknown action 'kill'; choose one of: activate, silence"),
        ("silence", {"types": "colour"}, "cell property 'colour'"),
        ("silence", {"among": ["c6"]}, "no cell has a word of property 'type'"),
        ("silence", {"among": ["c9"]}, "c9"),
        ("activate", {"rate": -1.0}, "rate is -1.0"),
        ("silence", {"activate": "c0"}, "activate is 'c0'; give a list"),
    ):
        with pytest.raises(UsageError, match=message):
            cc.screen_rates(simulator, action, ["c4"], **{**OPTIONS, **more})
