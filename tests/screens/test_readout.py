"""Rates of groups equal those of the simulation's own table."""

from __future__ import annotations

import numpy as np
import pytest

import conncore as cc
from conncore.errors import UsageError
from conncore.screens.readout import Readout
from random_brains import connectome_of


def test_rates_equal_the_table():
    chain = connectome_of([0, 1, 2], [1, 2, 3], [400.0] * 3, 4)
    found = cc.simulate(chain, activate=["c0", "c3"], trials=3, duration=0.1)
    for by, names in (("name", ["c0", "c1", "c3"]), ("flow", ["c3", "c1", "c2", "c0"])):
        readout = Readout(chain, names, by)
        table = {row.group: row for row in found.table(by, names)}
        assert set(readout.names) == set(table)
        rates = readout.rates(found).T
        for name, size, rate in zip(readout.names, readout.sizes, rates, strict=True):
            assert size == table[name].n_cells
            assert rate.mean() == pytest.approx(table[name].mean)
            assert np.std(rate, ddof=1) == pytest.approx(table[name].sd)
    with pytest.raises(UsageError, match="c9"):
        Readout(chain, ["c9"], "name")
