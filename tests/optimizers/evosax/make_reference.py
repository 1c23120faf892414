"""How many evaluations evosax's OpenES and SimpleGA need, written to reference.npz.

evosax brings JAX, so it gets an environment of its own::

    python -m venv /tmp/evosax
    /tmp/evosax/bin/pip install "evosax==0.3.2"
    /tmp/evosax/bin/python tests/evosax/make_reference.py

The committed file comes from Python 3.11, evosax 0.3.2, JAX 0.10.2 and Optax 0.2.8, in double
precision; it records these versions. tests/test_evosax.py runs conncore's ES and GA on the same
functions, from the same starts and with the same settings, and needs no evosax; where evosax is
installed, it compares single steps with that as well.

evosax does the work: it draws the noise, picks parents, ranks, steps. Settings and algorithms
were matched where they differ:

- OpenES gets Optax's Adam with the learning rate as an exponential decay. conncore's scouts, which
  evosax does not have, are off (``n_scout`` 1).
- evosax reads its schedule of sigma before it counts the generation, so that the first two
  generations share a value. The schedules here run one or two generations ahead, and the first
  value is set by hand: then generation g has ``sigma * sigma_decay**g``, as in conncore.
- SimpleGA takes the best half as parents if not told otherwise; `elite_ratio` makes them the
  elites. It draws them uniformly, as conncore does, but keeps none: every member of a generation is
  a mutated child. conncore keeps its elites, as arXiv 2209.14406 does, so the loop here puts them
  back in place of the first children before it evaluates. Without that (main prints it too)
  SimpleGA needs 2.5 times the evaluations on the sphere, where sigma is large for the target and
  few children are as good as their parent, 1.2 times on Rosenbrock, and 0.7 times on Rastrigin,
  where elites stick to minima.
- Both minimise; conncore maximises.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
PACKAGES = ["evosax", "jax", "optax", "numpy"]
N_PARAMETERS = 10
N_SEEDS = 25
N_GENERATIONS = 300  # a run that needs more counts as infinite
N_TRACED = 4

_ES = {
    "population_size": 40,
    "sigma": 0.1,
    "sigma_decay": 0.99,
    "learning_rate": 0.1,
    "learning_rate_decay": 0.99,
    "update": "adam",
    "n_scout": 1,
}
_GA = {"population_size": 40, "n_elites": 8, "sigma": 0.3, "sigma_decay": 0.999}
# Rastrigin has its local minima 1 apart, so its steps are longer; neither algorithm solves it.
CASES: dict[str, dict[str, Any]] = {
    "es-sphere": _ES | {"target": 0.1},
    "es-rastrigin": _ES | {"sigma": 0.5, "target": 50.0},
    "es-rosenbrock": _ES | {"target": 10.0},
    "ga-sphere": _GA | {"target": 0.15},
    "ga-rastrigin": _GA | {"sigma": 0.5, "sigma_decay": 0.99, "target": 40.0},
    "ga-rosenbrock": _GA | {"sigma": 0.1, "target": 11.0},
}


def sphere(x: np.ndarray) -> np.ndarray:
    return (x**2).sum(axis=1)


def rastrigin(x: np.ndarray) -> np.ndarray:
    return (x**2 + 10 - 10 * np.cos(2 * np.pi * x)).sum(axis=1)


def rosenbrock(x: np.ndarray) -> np.ndarray:
    a, b = x[:, :-1], x[:, 1:]
    return (100 * (b - a**2) ** 2 + (1 - a) ** 2).sum(axis=1)


FUNCTIONS = {"sphere": sphere, "rastrigin": rastrigin, "rosenbrock": rosenbrock}
BOX = {"sphere": 5.12, "rastrigin": 5.12, "rosenbrock": 2.048}  # their usual domains


def start(case: str, seed: int) -> np.ndarray:
    """The mean to start from (1, 10), or for the GA the population, uniform in a box."""
    algorithm, function = case.split("-")
    n = 1 if algorithm == "es" else CASES[case]["population_size"]
    return np.random.default_rng(seed).uniform(-BOX[function], BOX[function], (n, N_PARAMETERS))


def evaluations(case: str, generations: Iterable[np.ndarray]) -> float:
    """Members evaluated until one reaches the target, in whole generations."""
    for generation, values in enumerate(itertools.islice(generations, N_GENERATIONS)):
        if values.min() <= CASES[case]["target"]:
            return (generation + 1) * CASES[case]["population_size"]
    return np.inf


def open_es(case: str, seed: int) -> tuple[Any, Any]:
    import jax
    import optax
    from evosax.algorithms import Open_ES

    s = CASES[case]
    algorithm = Open_ES(
        s["population_size"],
        np.zeros(N_PARAMETERS),
        optimizer=optax.adam(
            optax.exponential_decay(s["learning_rate"], 1, s["learning_rate_decay"])
        ),
        std_schedule=lambda count: s["sigma"] * s["sigma_decay"] ** (count + 1),
    )
    params = algorithm.default_params
    state = algorithm.init(jax.random.key(seed), start(case, seed)[0], params)
    return algorithm, state.replace(std=s["sigma"])


def simple_ga(case: str, seed: int) -> tuple[Any, Any]:
    import jax
    from evosax.algorithms import SimpleGA

    s = CASES[case]
    algorithm = SimpleGA(
        s["population_size"],
        np.zeros(N_PARAMETERS),
        std_schedule=lambda count: s["sigma"] * s["sigma_decay"] ** (count + 2),
    )
    algorithm.elite_ratio = s["n_elites"] / s["population_size"]
    assert algorithm.num_elites == s["n_elites"]
    population = start(case, seed)
    values = FUNCTIONS[case.split("-")[1]](population)
    params = algorithm.default_params
    state = algorithm.init(jax.random.key(seed), population, values, params)
    return algorithm, state.replace(std=s["sigma"] * s["sigma_decay"])


def generations(
    case: str, seed: int, algorithm: Any, state: Any, keep_elites: bool = True
) -> Iterator[tuple[np.ndarray, np.ndarray, Any]]:
    """Population, values, and the state that was told them, generation by generation."""
    import jax

    name, function = case.split("-")
    params = algorithm.default_params
    if name == "ga":
        yield np.asarray(state.population), np.asarray(state.fitness), state
    for count in itertools.count():
        for_ask, for_tell = jax.random.split(jax.random.fold_in(jax.random.key(seed), count))
        asked, state = algorithm.ask(for_ask, state, params)
        population = np.array(asked)
        if name == "ga" and keep_elites:
            n_elites = algorithm.num_elites
            best = np.argsort(np.asarray(state.fitness), kind="stable")[:n_elites]
            population[:n_elites] = np.asarray(state.population)[best]
        values = FUNCTIONS[function](population)
        state, _ = algorithm.tell(for_tell, population, values, state, params)
        yield population, values, state


def run(case: str, keep_elites: bool = True) -> list[float]:
    """Evaluations of each seed."""
    make = open_es if case.startswith("es") else simple_ga
    algorithm, _ = make(case, 0)  # shared by the seeds, for it compiles anew for each object
    found = []
    for seed in range(N_SEEDS):
        steps = generations(case, seed, algorithm, make(case, seed)[1], keep_elites)
        found.append(evaluations(case, (values for _, values, _ in steps)))
    return found


def traces() -> dict[str, np.ndarray]:
    """The first generations of one run each, and what evosax makes of scores that tie or fail."""
    from evosax.core.fitness_shaping import centered_rank_fitness_shaping_fn

    algorithm, state = open_es("es-rosenbrock", 0)
    es = list(itertools.islice(generations("es-rosenbrock", 0, algorithm, state), N_TRACED))
    algorithm, state = simple_ga("ga-sphere", 0)
    ga = list(itertools.islice(generations("ga-sphere", 0, algorithm, state), 2))
    scores = np.array([3.0, 1.0, np.nan, 2.0, 1.0, -5.0, 1.0, np.inf, 3.0])
    return {
        "es_population": np.array([population for population, _, _ in es]),
        "es_values": np.array([values for _, values, _ in es]),
        "es_mean": np.array([np.asarray(state.mean) for _, _, state in es]),
        "ga_population": np.array([population for population, _, _ in ga]),
        "ga_values": np.array([values for _, values, _ in ga]),
        "scores": scores,
        "ranks": np.asarray(centered_rank_fitness_shaping_fn(None, scores, None, None)),
    }


def main() -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    found = {}
    for case in CASES:
        found[case] = np.array(run(case))
        as_it_is = run(case, keep_elites=False) if case.startswith("ga") else found[case]
        median = np.median(found[case])
        print(f"{case}: median {median:g}, evosax as it is {np.median(as_it_is):g}", flush=True)
    np.savez_compressed(
        HERE / "reference.npz",
        cases=json.dumps(CASES),
        versions=np.array([f"{name} {version(name)}" for name in PACKAGES]),
        **traces(),
        **found,
    )


if __name__ == "__main__":
    main()
