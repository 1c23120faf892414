"""The experiments of arXiv 2209.14406: their runs, the paper's numbers, and its claims.

docs/reproduction.md lists the choices that the paper leaves open, and the choices made here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conncore.catalog.shipped import load
from conncore.connectome import Connectome
from conncore.experiments.arms import circuit_arm, mlp_arm, null_arm
from conncore.experiments.claims import Claim, above, near, plateaus, reaches, similar
from conncore.experiments.study import Arm, Outcome, Stage
from conncore.neurons.models import NEURONS
from conncore.optimizers import ES, GA, SuccessiveHalving
from conncore.tasks import Task, make_task

START, END = Outcome.start, Outcome.end
BODY = "-anatomical"  # arms of figure 4 with the body plan's input/output
NAMES = {"izhikevich": "izhikevich", "alif": "alif", "relu": "artificial"}


@dataclass(frozen=True)
class Budget:
    """The length of the runs: `FULL` as in the paper, `QUICK` for a first look."""

    seeds: int
    pretrain_epochs: int
    pretrain_population: int
    generations: int
    population: int
    cheetah_generations: int
    cheetah_population: int
    mnist_generations: int
    best_generations: int
    cheetah_es_generations: int
    mnist_es_generations: int
    halving: SuccessiveHalving


FULL = Budget(10, 1000, 200, 200, 750, 100, 250, 200, 200, 120, 6000, SuccessiveHalving())
QUICK = Budget(
    5, 60, 64, 20, 96, 5, 48, 15, 20, 4, 30,
    SuccessiveHalving(population_size=64, n_episodes=20_000, n_scout=512),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Experiment:
    """One study.

    Attributes
    ----------
    name : str
        Name of its folder: the figure, and the variant of it.
    title : str
    task : callable
        Makes the task.
    arms : callable
        Makes the arms from the task and a budget.
    published : mapping of str to (start, end)
        The paper's population means by arm; None if the paper gives no number.
    claims : tuple of Claim
    variant : str
        The key of `CHOICES` that the name of the experiment answers.
    """

    name: str
    title: str
    task: Callable[[Mapping[str, Any]], Task]
    arms: Callable[[Task, Budget], list[Arm]]
    published: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    variant: str = ""


def worm() -> Connectome:
    """Return the paper's circuit: six repeating units, density 3.2%."""
    return load("celegans-haspel2011")


def pretrain(budget: Budget) -> Stage:
    """Return the paper's ES stage: plain steps at 0.1, from the best of some random genomes."""
    population = budget.pretrain_population
    optimizer = ES(population_size=population, update="sgd", n_scout=2 * population)
    return Stage("pretrain", optimizer, budget.pretrain_epochs)


def fine_tune(
    generations: int, population: int, sigma: float, decay: float, **slices: float
) -> Stage:
    """Return the GA stage on individual weights; `slices` have their own step sizes."""
    optimizer = GA(population_size=population, sigma=sigma, slice_sigma=slices, sigma_decay=decay)
    return Stage("evolve", optimizer, generations, expand=True)


def _figure3(task: Task, budget: Budget, io: str) -> list[Arm]:
    ga = fine_tune(budget.generations, budget.population, 0.01, 0.997)
    stages = (pretrain(budget), ga)

    def arm(name: str, neuron: str, **options: Any) -> Arm:
        tune = tuple(NEURONS[neuron].constants)
        return circuit_arm(name, worm(), task, stages, neuron=neuron, io=io, tune=tune, **options)

    return [
        *(arm(name, neuron) for neuron, name in NAMES.items()),
        arm("izhikevich-1", "izhikevich", steps_per_action=1, log_weights=(2.0, 1.0)),
    ]


def _figure4(task: Task, budget: Budget, pretrained: bool) -> list[Arm]:
    def stages(weights: str) -> tuple[Stage, ...]:
        ga = fine_tune(budget.generations, budget.population, 0.01, 0.997, **{weights: 0.02})
        return (pretrain(budget), ga) if pretrained else (ga,)

    signed, free = stages("log_weights"), stages("free_weights")

    def pair(io: str, suffix: str) -> list[Arm]:
        """Return the arms of the circuit and of its statistics."""
        options = {"neuron": "relu", "io": io}
        null = null_arm("statistics", worm(), task, signed, **options)
        return [
            circuit_arm(f"circuit{suffix}", worm(), task, signed, **options),
            replace(null, name=f"statistics{suffix}"),
        ]

    return [
        *pair("dense", ""),
        *pair("anatomical", BODY),
        mlp_arm("mlp", worm(), task, free),
        mlp_arm("sparse-mlp", worm(), task, signed),
    ]


def _figure5(task: Task, generations: int, population: int) -> list[Arm]:
    ga = (fine_tune(generations, population, 0.02, 0.998),)
    return [
        circuit_arm("circuit", worm(), task, ga, neuron="relu", io="dense"),
        mlp_arm("mlp", worm(), task, ga),
    ]


def _strong(task: Task, generations: int, optimizer: ES, steps_per_action: int = 1) -> list[Arm]:
    """Return the circuit and the MLP, with the same ES on all weights."""
    stages = (Stage("evolve", optimizer, generations, expand=True),)
    return [
        circuit_arm(
            "circuit",
            worm(),
            task,
            stages,
            neuron="relu",
            io="dense",
            weights="individual",
            steps_per_action=steps_per_action,
        ),
        mlp_arm("mlp", worm(), task, stages),
    ]


def _best_swimmer6(task: Task, budget: Budget) -> list[Arm]:
    """Return arms with ES on shared weights, then a GA on individual weights."""
    generations, members = budget.best_generations, budget.pretrain_population
    es = ES(population_size=members, n_scout=8 * members)
    stages = (Stage("shared", es, generations), _refine(budget))
    return [
        circuit_arm(neuron, worm(), task, stages, neuron=neuron, io="anatomical")
        for neuron in ("relu", "alif", "izhikevich")
    ]


def _best_swimmer_v5(task: Task, budget: Budget) -> list[Arm]:
    stages = (_explore(budget, 80, 0.2, 0.97), _refine(budget))
    return [circuit_arm("relu", worm(), task, stages, neuron="relu", io="dense")]


def _best_dm(task: Task, budget: Budget) -> list[Arm]:
    stages = (_explore(budget, 40, 0.1, 0.98),)
    return [circuit_arm("relu", worm(), task, stages, neuron="relu", io="anatomical")]


def _explore(budget: Budget, n_elites: int, sigma: float, decay: float) -> Stage:
    """Return a GA stage on shared weights, with larger steps and more parents than the paper's."""
    ga = GA(population_size=budget.population, n_elites=n_elites, sigma=sigma, sigma_decay=decay)
    return Stage("shared", ga, budget.best_generations // 2)


def _refine(budget: Budget) -> Stage:
    ga = GA(population_size=budget.population, n_elites=40, sigma=0.03, sigma_decay=0.98)
    return Stage("individual", ga, budget.best_generations // 3, expand=True)


def _izhikevich(task: Task, budget: Budget) -> list[Arm]:
    """Return arms that vary initial log weights, dt (ms) and steps per control step."""
    members = budget.pretrain_population
    es = ES(population_size=members, n_scout=8 * members)
    stages = (Stage("evolve", es, 3 * budget.best_generations // 4),)
    settings = (
        ((2.0, 1.0), 0.2, 1),
        ((0.0, -0.5), 0.2, 1),
        ((-1.0, -1.5), 0.2, 1),
        ((0.0, -0.5), 0.5, 1),
        ((0.0, -0.5), 1.0, 1),
        ((-1.0, -1.5), 1.0, 1),
        ((0.0, -0.5), 0.2, 5),
        ((2.0, 1.0), 0.2, 5),
        ((-1.0, -1.5), 0.2, 5),
        ((0.0, -0.5), 0.5, 4),
        ((2.0, 1.0), 0.2, 10),
        ((0.0, -0.5), 0.2, 10),
        ((0.0, -0.5), 1.0, 4),
    )
    split = worm().split_muscles()
    return [
        circuit_arm(
            f"{weights[0]:g},{weights[1]:g} dt {dt:g} x{steps}", split, task, stages,
            neuron="izhikevich", io="anatomical", log_weights=weights, constants={"dt": dt},
            steps_per_action=steps,
        )
        for weights, dt, steps in settings
    ]  # fmt: skip


def _swimmer(options: Mapping[str, Any]) -> Task:
    return make_task("swimmer6")


def _figure3_claims() -> tuple[Claim, ...]:
    return (
        above("Izhikevich starts above ALIF", "izhikevich", "alif", START),
        above("ALIF starts above the artificial network", "alif", "artificial", START),
        similar("Izhikevich and ALIF end alike", "izhikevich", "alif", END),
        above("artificial ends lower than Izhikevich", "izhikevich", "artificial", END),
        above("artificial ends lower than ALIF", "alif", "artificial", END),
    )


def _figure4_claims() -> tuple[Claim, ...]:
    orders = [
        claim
        for suffix, io in (("", ""), (BODY, ", anatomical"))
        for claim in (
            above(f"the statistics' network{io} starts above the MLP", f"statistics{suffix}", "mlp",
                  START),
            above(f"the statistics' network{io} ends above the MLP", f"statistics{suffix}", "mlp",
                  END),
            above(f"the exact circuit{io} ends above the MLP", f"circuit{suffix}", "mlp", END),
        )
    ]  # fmt: skip
    return (
        *orders,
        above("the MLP ends above the sparse MLP", "mlp", "sparse-mlp", END),
        near("the statistics' network ends at 146.4 +- 3.5", "statistics", END, 146.4, 3.5),
        near("the exact circuit ends at 146.4 +- 3.5", "circuit", END, 146.4, 3.5),
        near("the MLP ends at 96.2 +- 13.6", "mlp", END, 96.2, 13.6),
        near("the sparse MLP ends at 63.7 +- 17.2", "sparse-mlp", END, 63.7, 17.2),
    )


def _figure5_claims() -> tuple[Claim, ...]:
    return (
        plateaus("the circuit plateaus early", "circuit"),
        above("the MLP ends above the circuit", "mlp", "circuit", END),
    )


_STARTS = {"izhikevich": (130.0, None), "alif": (100.0, None), "artificial": (50.0, None)}
_ENDS = {
    **{f"{arm}{io}": (22.0, 146.4) for io in ("", BODY) for arm in ("circuit", "statistics")},
    "mlp": (0.0, 96.2),
    "sparse-mlp": (0.0, 63.7),
}


def _three(io: str) -> Experiment:
    return Experiment(
        f"fig3-{io}",
        f"Figure 3: the circuit as three kinds of neurons, {io} input/output, ES then GA",
        _swimmer,
        lambda task, budget: _figure3(task, budget, io),
        _STARTS,
        _figure3_claims(),
        variant="io",
    )


def _four(name: str, pretrained: bool) -> Experiment:
    how = "ES then GA" if pretrained else "GA alone"
    return Experiment(
        name,
        f"Figure 4: the circuit, its statistics and MLPs, {how}; dense input/output if not said",
        _swimmer,
        lambda task, budget: _figure4(task, budget, pretrained),
        _ENDS,
        _figure4_claims(),
    )


PAPER = ("fig3", "fig4", "fig5")  # the other experiments go beyond the paper

EXPERIMENTS: Mapping[str, tuple[Experiment, ...]] = {
    "best": (
        Experiment(
            "best-swimmer6",
            "Beyond the paper: the circuit on swimmer6, anatomical input/output",
            _swimmer,
            _best_swimmer6,
            claims=(reaches("relu", 450), reaches("alif", 400), reaches("izhikevich", 400)),
        ),
        Experiment(
            "best-Swimmer-v5",
            "Beyond the paper: the circuit on Swimmer-v5, dense input/output",
            lambda options: make_task("Swimmer-v5"),
            _best_swimmer_v5,
            claims=(reaches("relu", 355),),
        ),
        Experiment(
            "best-dm-swimmer6",
            "Beyond the paper: the circuit on dm-swimmer6, anatomical input/output",
            lambda options: make_task("dm-swimmer6"),
            _best_dm,
            claims=(reaches("relu", 950),),
        ),
    ),
    "izhikevich": (
        Experiment(
            "izhikevich",
            "What Izhikevich cells need: initial log weights, dt (ms), steps per control step",
            _swimmer,
            _izhikevich,
        ),
    ),
    "fig3": (_three("dense"), _three("anatomical")),
    "fig4": (_four("fig4-ga", False), _four("fig4-pretrained", True)),
    "fig5": (
        Experiment(
            "fig5-cheetah",
            "Figure 5: the circuit and an MLP on HalfCheetah-v5, GA alone",
            lambda options: make_task("HalfCheetah-v5"),
            lambda task, budget: _figure5(
                task, budget.cheetah_generations, budget.cheetah_population
            ),
            claims=_figure5_claims(),
        ),
        Experiment(
            "fig5-cheetah-es",
            "Figure 5 with a strong optimiser: HalfCheetah-v5, ES",
            lambda options: make_task("HalfCheetah-v5"),
            lambda task, budget: _strong(
                task,
                budget.cheetah_es_generations,
                ES(population_size=32, sigma=0.05, learning_rate=0.03, n_scout=1),
            ),
            claims=(*_figure5_claims(), reaches("mlp", 2400)),
        ),
        Experiment(
            "fig5-mnist",
            "Figure 5: the circuit and an MLP on MNIST, GA alone",
            lambda options: make_task("mnist", **options),
            lambda task, budget: _figure5(task, budget.mnist_generations, budget.population),
            claims=_figure5_claims(),
        ),
        Experiment(
            "fig5-mnist-es",
            "Figure 5 with a strong optimiser: MNIST at 14 x 14 pixels, ES",
            lambda options: make_task(
                "mnist", batch=1024, hold=1, score="likelihood", pool=2, **options
            ),
            lambda task, budget: _strong(
                task,
                budget.mnist_es_generations,
                ES(
                    sigma=0.05,
                    sigma_decay=1.0,
                    learning_rate=0.004,
                    learning_rate_decay=0.9998,
                    n_scout=1,
                ),
                steps_per_action=4,  # from the input cells to the output cells
            ),
            claims=(*_figure5_claims(), reaches("mlp", 96)),
        ),
    ),
}
