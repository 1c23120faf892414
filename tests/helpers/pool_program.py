"""Run by test_parallel.py: threads in this process, then in the workers of a pool.

python pool_program.py fork|spawn|forkserver before|after: workers are started before or after
this process has used threads. Prints a JSON object of what each of them computed.
"""

from __future__ import annotations

import json
import multiprocessing
import sys

import numpy as np

from conncore.errors import ConncoreError
from random_networks import random_network


def step(n_threads):
    """Actions of 50 members (several blocks, so that threads are used), or the error's name."""
    rng = np.random.default_rng(0)
    try:
        population = random_network(rng, "alif", 50).population(n_threads)
        return [population.act(rng.normal(size=(50, 4))).tolist() for _ in range(5)]
    except ConncoreError as error:
        return f"{type(error).__name__}: {error}"


def main(method, order):
    context = multiprocessing.get_context(method)
    if order == "after":
        parent = step(2)
        pool = context.Pool(2)
    else:
        pool = context.Pool(2)
        pool.map(step, [1, 1])  # the workers are up
        parent = step(2)
    with pool:
        threaded, serial = pool.map(step, [2] * 3), pool.map(step, [1] * 3)
    print(json.dumps({"parent": parent, "threaded": threaded, "serial": serial, "again": step(2)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
