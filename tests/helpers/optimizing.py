"""Functions to maximise, and a loop that does so."""

from __future__ import annotations


def sphere(x):
    return -(x**2).sum(axis=1)


def rosenbrock(x):
    a, b = x[:, :-1], x[:, 1:]
    return -(100 * (b - a**2) ** 2 + (1 - a) ** 2).sum(axis=1)


def advance(optimizer, state, function, n):
    for _ in range(n):
        members = optimizer.ask(state)
        state = optimizer.tell(state, members, function(members))
    return state
