"""Constants of `lif_exp`: the closed form solves the equations, and wrong constants are refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from conncore.errors import UsageError
from conncore.simulation.lif_exp import LifExp


@pytest.mark.parametrize("tau_s", [5.0, 20.0, 40.0])
def test_tables_solve_the_equations(tau_s):
    """SciPy integrates tau_m dx/dt = g - x, tau_s dg/dt = -g."""
    tables = LifExp(tau_s=tau_s).tables(0.1)
    steps = np.array([0, 1, 7, 100, 2000])
    found = solve_ivp(
        lambda _, y: [(y[1] - y[0]) / 20.0, -y[1] / tau_s], (0.0, 200.0), [-3.0, 11.0],
        t_eval=steps * 0.1, method="DOP853", rtol=1e-12, atol=1e-12,
    )  # fmt: skip
    x = -3.0 * tables.decay_x[steps] + 11.0 * tables.rise[steps]
    np.testing.assert_allclose(x, found.y[0], atol=1e-9)
    np.testing.assert_allclose(11.0 * tables.decay_g[steps], found.y[1], atol=1e-9)


def test_defaults_are_shius():
    tables = LifExp().tables(0.1)
    assert (tables.theta, tables.reset, tables.unit) == (7.0, 0.0, 0.275)
    assert (tables.refractory, tables.delay, tables.keeps) == (22, 18, False)
    assert tables.kick == 68.75
    assert tables.rise.max() == pytest.approx(0.1575, abs=1e-4)
    for table, tau in ((tables.decay_x, 20.0), (tables.decay_g, 5.0)):
        assert table[1] == math.exp(-0.1 / tau)
        assert table[-1] == 0.0
    assert LifExp(w_syn=0.3).tables(0.1).kick == pytest.approx(75.0)
    assert LifExp(w_syn=0.3, w_input=2.0).tables(0.1).kick == 2.0


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({"tau_m": 0.0}, "tau_m is 0.0; give a number above 0"),
        ({"w_syn": -1.0}, "w_syn is -1.0; give a number above 0"),
        ({"w_input": 0.0}, "w_input is 0.0; give a number above 0"),
        ({"v_th": math.nan}, "v_th is nan; give a number"),
        ({"t_ref": -1.0}, "t_ref is -1.0; give a time of 0 ms or more"),
        ({"v_rest": -45.0}, "v_rest is -45.0 mV; give less than v_th, -45.0 mV"),
        ({"v_reset": -40.0}, "v_reset is -40.0 mV; give less than v_th"),
        ({"refractory": "lose"}, "unknown refractory rule 'lose'; choose one of: drop, keep"),
    ],
)
def test_wrong_constants_are_refused(constants, message):
    with pytest.raises(UsageError, match=message):
        LifExp(**constants)


@pytest.mark.parametrize(
    ("constants", "dt", "message"),
    [
        ({"delay": 0.04}, 0.1, "delay is 0.04 ms; give at least one step of 0.1 ms"),
        ({}, 0.0, "dt is 0.0; give a number above 0"),
        ({}, 6.0, "dt is 6.0 ms; give at most the time constant of 5.0 ms"),
        ({}, 1e-7, "too short"),
        ({"t_ref": 1e12}, 0.1, "more than"),
    ],
)
def test_wrong_steps_are_refused(constants, dt, message):
    with pytest.raises(UsageError, match=message):
        LifExp(**constants).tables(dt)
