"""The neuron model `lif_exp`: leaky integrate-and-fire with an exponential synaptic input."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from conncore.errors import choose, need, need_positive

REFRACTORY_RULES = ("drop", "keep")
_FORGOTTEN = 50  # time constants after which a cell is exactly at rest
_MOST_STEPS = 2**30


@dataclass(frozen=True)
class Tables:
    """The constants of `LifExp` in steps, as the simulator reads them.

    Attributes
    ----------
    decay_x, decay_g, rise : (n,) float64
        For d steps without an event: x <- x decay_x[d] + g rise[d], then g <- g decay_g[d]. The
        last entries are 0 and hold for all larger d.
    theta, reset : float
        Threshold and reset potential above the resting potential, mV.
    unit, kick : float
        What one synapse adds to g, and what one input spike adds to the potential, mV.
    refractory, delay : int
        Steps.
    keeps : bool
        The refractory rule is "keep".
    """

    decay_x: NDArray[np.float64]
    decay_g: NDArray[np.float64]
    rise: NDArray[np.float64]
    theta: float
    reset: float
    unit: float
    kick: float
    refractory: int
    delay: int
    keeps: bool


@dataclass(frozen=True, kw_only=True)
class LifExp:
    """Constants of the neuron model; the defaults are those of Shiu et al. 2024.

    ``tau_m dv/dt = v_rest - v + g + current`` and ``tau_s dg/dt = -g``, solved exactly. A cell
    spikes if v > v_th. Its potential is then v_reset, and g is 0. NEST calls this model
    iaf_psc_exp.

    Parameters
    ----------
    v_rest, v_th, v_reset : float
        Resting potential, threshold and potential after a spike, mV.
    tau_m, tau_s : float
        Time constants of the membrane and of the synaptic input, ms.
    t_ref : float
        Refractory time, ms, rounded to whole steps.
    delay : float
        Time from a spike to its arrival, ms, rounded to whole steps.
    w_syn : float
        What one synapse adds to g, mV.
    w_input : float
        What one input spike adds to v, mV. Default: 250 w_syn, as in the publication.
    refractory : {"drop", "keep"}
        In the refractory time, v stays at v_reset. "drop": what arrives has no effect, as in
        Brian2 if g is "unless refractory" (the published model). "keep": g sums what arrives and
        decays, as in NEST.

    Raises
    ------
    UsageError
        If a number is out of range, or v_rest or v_reset is not below v_th.

    References
    ----------
    Shiu et al. 2024, "A Drosophila computational brain model reveals sensorimotor processing",
    Nature 634, 210.

    Examples
    --------
    >>> neuron = cc.LifExp(w_syn=0.3, refractory="keep")
    >>> neuron.w_syn, neuron.tau_m
    (0.3, 20.0)
    """

    v_rest: float = -52.0
    v_th: float = -45.0
    v_reset: float = -52.0
    tau_m: float = 20.0
    tau_s: float = 5.0
    t_ref: float = 2.2
    delay: float = 1.8
    w_syn: float = 0.275
    w_input: float | None = None
    refractory: str = "drop"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            number = isinstance(value, Real) and math.isfinite(value)
            if field.name not in ("refractory", "w_input"):
                need(number, f"{field.name} is {value!r}; give a number")
        for name in ("tau_m", "tau_s", "delay", "w_syn"):
            need_positive(name, getattr(self, name))
        if self.w_input is not None:
            need_positive("w_input", self.w_input)
        need(self.t_ref >= 0, f"t_ref is {self.t_ref}; give a time of 0 ms or more")
        for name in ("v_rest", "v_reset"):
            value = getattr(self, name)
            need(value < self.v_th, f"{name} is {value} mV; give less than v_th, {self.v_th} mV")
        choose("refractory rule", self.refractory, REFRACTORY_RULES)

    def tables(self, dt: float) -> Tables:
        """Return the constants for steps of `dt` ms.

        Raises
        ------
        UsageError
            If `dt` is not above 0, is longer than a time constant, or the delay is below one step.
        """
        need_positive("dt", dt)
        shortest = min(self.tau_m, self.tau_s)
        need(dt <= shortest, f"dt is {dt} ms; give at most the time constant of {shortest} ms")
        longest = max(self.tau_m, self.tau_s)
        n = math.ceil(_FORGOTTEN * longest / dt)
        need(n < _MOST_STEPS, f"dt is {dt} ms, too short for a time constant of {longest} ms")
        times = [dt * d for d in range(n)]
        decay_x = np.array([math.exp(-time / self.tau_m) for time in times] + [0.0])
        decay_g = np.array([math.exp(-time / self.tau_s) for time in times] + [0.0])
        if self.tau_m == self.tau_s:
            rise = np.array([*times, 0.0]) / self.tau_m * decay_x
        else:
            rise = self.tau_s / (self.tau_s - self.tau_m) * (decay_g - decay_x)
        return Tables(
            decay_x=decay_x,
            decay_g=decay_g,
            rise=rise,
            theta=self.v_th - self.v_rest,
            reset=self.v_reset - self.v_rest,
            unit=self.w_syn,
            kick=250 * self.w_syn if self.w_input is None else self.w_input,
            refractory=steps("t_ref", self.t_ref, dt),
            delay=delay_steps(self.delay, dt),
            keeps=self.refractory == "keep",
        )


def steps(name: str, time: float, dt: float) -> int:
    """Return a time as a number of steps, rounded; both in ms."""
    number = round(time / dt)
    need(number < _MOST_STEPS, f"{name} is {time} ms, more than {_MOST_STEPS} steps")
    return number


def delay_steps(delay: float, dt: float) -> int:
    """Return a delay as a number of steps, at least 1; both in ms."""
    number = steps("delay", delay, dt)
    need(number >= 1, f"delay is {delay} ms; give at least one step of {dt} ms")
    return number
