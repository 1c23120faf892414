"""Counts, rates and files of a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.errors import ConncoreError, UsageError
from conncore.simulation.result import Rate, Simulation
from small_connectomes import eye


def simulation(connectome=None, **changes):
    """Trials 0, 1 and 4; the last one was stopped after 0.5 s."""
    given = dict(
        connectome=connectome or eye(), dt=0.1,
        trials=np.array([0, 1, 4], np.int32), n_steps=np.array([10_000, 10_000, 5000], np.int32),
        step=np.array([5, 7, 9999, 3, 3], np.int32), cell=np.array([0, 1, 0, 2, 4], np.int32),
        trial=np.array([0, 0, 0, 1, 4], np.int32),
    )  # fmt: skip
    return Simulation(**{**given, **changes})


def test_counts_rates_and_times():
    found = simulation()
    np.testing.assert_array_equal(
        found.counts(), [[2, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1]]
    )
    np.testing.assert_allclose(found.rates()[:, 4], [0.0, 0.0, 2.0])
    np.testing.assert_allclose(found.seconds, [1.0, 1.0, 0.5])
    assert found.time[0] == 5 * 1e-4
    assert repr(found) == "<Simulation of 'eye': 3 trials, 5 spikes of 4 cells>"


def test_tables_have_the_spread_over_trials():
    found = simulation()
    rows = {row.group: row for row in found.table("class")}
    assert rows["R"] == Rate("R", 2, pytest.approx(0.5), pytest.approx(np.std([1.5, 0, 0], ddof=1)))
    assert rows["O"].mean == pytest.approx(2 / 3)
    assert [row.group for row in found.table("class")] == ["O", "R", "T"]
    assert found.table("class", ["R1", "OUT"])[0] == Rate(
        "R", 1, pytest.approx(2 / 3), pytest.approx(np.std([2, 0, 0], ddof=1))
    )
    assert [row.group for row in found.table()] == ["R1", "OUT", "R2", "T_L", "T_R"]
    one = simulation(
        trials=np.array([0], np.int32), n_steps=np.array([10_000], np.int32),
        step=np.zeros(1, np.int32), cell=np.zeros(1, np.int32), trial=np.zeros(1, np.int32),
    )  # fmt: skip
    assert one.table("region")[0] == Rate("eye", 2, 0.5, 0.0)
    with pytest.raises(UsageError, match="unknown cell property 'type'"):
        found.table("type")
    with pytest.raises(UsageError, match="has no cell 'R9'"):
        found.table(cells=["R9"])


def test_parquet_is_the_published_layout(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "spikes.parquet"
    fly = Connectome.from_edges(
        "fly", [], [], names=[str(720575940600000000 + i) for i in range(5)]
    )
    simulation(fly).to_parquet(path, "sugar")
    table = parquet.read_table(path).to_pydict()
    assert list(table) == ["t", "trial", "flywire_id", "exp_name"]
    assert table["t"] == [step * 1e-4 for step in (5, 7, 9999, 3, 3)]
    assert table["trial"] == [0, 0, 0, 1, 4]
    assert table["flywire_id"] == [720575940600000000 + i for i in (0, 1, 0, 2, 4)]
    assert table["exp_name"] == ["sugar"] * 5
    simulation().to_parquet(path)
    table = parquet.read_table(path).to_pydict()
    assert table["flywire_id"] == ["R1", "R2", "R1", "T_L", "OUT"]
    assert table["exp_name"] == [""] * 5
    nothing = np.zeros(0, np.int32)
    simulation(step=nothing, cell=nothing, trial=nothing).to_parquet(path)
    assert parquet.read_table(path).num_rows == 0
    with pytest.raises(ConncoreError, match=r"cannot write .*: .*; give another path"):
        simulation().to_parquet(tmp_path / "nowhere" / "spikes.parquet")
