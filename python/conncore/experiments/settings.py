"""Apply choices to a study: its task, its arms' networks and its stages."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conncore.catalog.shipped import open_connectome
from conncore.errors import UsageError
from conncore.experiments.choices import CHOICES, Choice, read_value, settings_text
from conncore.experiments.study import Arm, Stage, describe
from conncore.network.network import Network
from conncore.neurons.models import NEURONS
from conncore.nulls.perceptrons import is_perceptron, signed_mlp
from conncore.optimizers import make_optimizer
from conncore.tasks import make_task

if TYPE_CHECKING:
    from conncore.tasks import Task

_OF_THE_MODEL = ("constants", "tune", "log_weights", "trace", "steps_per_action")
Options = dict[str, Any]


@dataclasses.dataclass(frozen=True, eq=False)
class Study:
    """A task and its arms, and the choices that were made for it.

    Attributes
    ----------
    task : Task
    arms : list of Arm
    settings : mapping of str to value
        The choices that were made, in the order of `CHOICES`.
    exempt : mapping of str to list of str
        By key, the names of the arms that a choice does not apply to.
    """

    task: Task
    arms: list[Arm]
    settings: Mapping[str, Any]
    exempt: Mapping[str, list[str]]


def apply_settings(task: Task, arms: Sequence[Arm], settings: Mapping[str, Any]) -> Study:
    """Return the study with other choices. Without settings, it is the same to the bit.

    Parameters
    ----------
    task : Task
    arms : sequence of Arm
    settings : mapping of str to value
        By key of `CHOICES`; texts are read as `read_value` does.

    Returns
    -------
    Study

    Raises
    ------
    UsageError
        A key or value is unknown; a key applies to nothing in this study, and the message says
        why; a value is out of range; or arms that differed would be equal.
    """
    chosen = {key: read_value(key, value) for key, value in settings.items()}
    chosen = {key: chosen[key] for key in CHOICES if key in chosen}
    before = describe(arms, task)["arms"] if chosen else {}
    study = Study(task, list(arms), chosen, {})
    for key, value in chosen.items():
        study = _apply(study, CHOICES[key], value)
    if chosen:
        # An arm of another connectome would have none of these choices.
        study = dataclasses.replace(
            study, arms=[dataclasses.replace(arm, of=None) for arm in study.arms]
        )
        _check_different(before, describe(study.arms, study.task)["arms"], chosen)
    return study


def _apply(study: Study, row: Choice, value: Any) -> Study:
    """Make one choice."""
    if row.part == "reading":
        raise UsageError(f"{row.key} is for conncore multiverse only; give generations instead")
    if row.key == "task" or row.part == "task":
        return _with_task(study, row, value)
    changed, whole = [], _STUDY.get(row.key)
    for arm in study.arms:
        if whole is not None:
            changed.append(whole(arm, value))
        elif row.part == "network":
            changed.append(_with_network(arm, row, value))
        else:
            changed.append(_with_stage(arm, row, value))
    exempt = [arm.name for arm, new in zip(study.arms, changed, strict=True) if new is None]
    if len(exempt) == len(changed):
        raise UsageError(f"{row.key} does not apply here: {_reason(study, row)}")
    arms = [new or arm for arm, new in zip(study.arms, changed, strict=True)]
    all_exempt = {**study.exempt, **({row.key: exempt} if exempt else {})}
    return dataclasses.replace(study, arms=arms, exempt=all_exempt)


def _reason(study: Study, row: Choice) -> str:
    """Say why a row applies to no arm."""
    if row.part == "network":
        which = {
            "circuits": "is a perceptron",
            "signed": "has free weights",
            "perceptrons": "is a circuit",
        }[row.arms]
        return f"each network {which}"
    if row.key == "connectome":
        return "no arm says how it is made of another connectome"
    stages = {stage.name for arm in study.arms for stage in arm.stages}
    if row.key == "mlp_dale":
        return "no arm is a perceptron without signs"
    wanted = "pretrain" if row.key.startswith("pretrain") else row.stage
    if wanted not in stages:
        return f"no arm has the stage {wanted}; the stages are {', '.join(sorted(stages))}"
    kinds = {s.optimizer.name for arm in study.arms for s in arm.stages if s.name == wanted}
    return f"the stage {wanted} uses {', '.join(sorted(kinds))}, which has no such setting"


def _with_task(study: Study, row: Choice, value: Any) -> Study:
    """Replace the task, or one of its options, also in the networks of all arms."""
    if row.key == "task":
        task = make_task(value)
    else:
        known = inspect.signature(type(study.task)).parameters
        if row.name not in known:
            raise UsageError(
                f"{row.key} does not apply here: the task {study.task.name} has no such option"
            )
        options: Options = {**study.task.describe(), row.name: value}
        task = make_task(**options)
    arms = [_rebuilt(arm, lambda options: options, task) for arm in study.arms]
    return dataclasses.replace(study, task=task, arms=arms)


def _rebuilt(arm: Arm, change: Callable[[Options], Options], task: Task | None = None) -> Arm:
    """Return the arm with other options of its networks, or with another task."""

    def build(seed: int) -> Network:
        network = arm.build(seed)
        return Network(network.connectome, task or network.task, **change(network.describe()))

    return dataclasses.replace(arm, build=build)


def _with_network(arm: Arm, row: Choice, value: Any) -> Arm | None:
    network = arm.build(0)
    perceptron, free = is_perceptron(network.connectome), network.weights == "free"
    refused = {"circuits": perceptron, "signed": free, "perceptrons": not perceptron}
    if refused.get(row.arms):
        return None
    if row.name == "neuron":
        return _with_neuron(arm, value)
    if row.key == "tune" and value == ("all",):
        value = tuple(NEURONS[network.neuron].constants)
    return _rebuilt(arm, lambda options: options | {row.name: value})


def _with_neuron(arm: Arm, neuron: str) -> Arm:
    """Replace the neuron model; what belonged to the old model takes the new one's defaults."""
    perceptron = is_perceptron(arm.build(0).connectome)

    def change(options: Options) -> Options:
        if options["neuron"] == neuron:
            return options
        rest = {name: value for name, value in options.items() if name not in _OF_THE_MODEL}
        if perceptron:  # one step per layer
            rest["steps_per_action"] = options["steps_per_action"]
        all_tuned = {*options["tune"]} == {*NEURONS[options["neuron"]].constants}
        tune = tuple(NEURONS[neuron].constants) if all_tuned else ()
        return rest | {"neuron": neuron, "tune": tune}

    return _rebuilt(arm, change)


def _with_stage(arm: Arm, row: Choice, value: Any) -> Arm | None:
    """Replace a hyperparameter of the optimiser of a stage, or a field of the stage."""

    def change(stage: Stage) -> Stage | None:
        if row.part == "stage":
            return dataclasses.replace(stage, **{row.name: value})
        if not hasattr(stage.optimizer, row.name):
            return None
        return _with_hyperparameter(stage, row.name, value)

    return _with_stages(arm, row.stage, change)


def _with_hyperparameter(stage: Stage, name: str, value: Any) -> Stage:
    optimizer = make_optimizer(**{**stage.optimizer.describe(), name: value})
    return dataclasses.replace(stage, optimizer=optimizer)


def _with_stages(arm: Arm, name: str, change: Callable[[Stage], Stage | None]) -> Arm | None:
    """Return the arm with its stage of this name changed; None if nothing could be changed."""
    found = [change(stage) if stage.name == name else stage for stage in arm.stages]
    if None in found or name not in {stage.name for stage in arm.stages}:
        return None
    return dataclasses.replace(arm, stages=tuple(stage for stage in found if stage is not None))


def _with_connectome(arm: Arm, name: str) -> Arm | None:
    """Make the arm of another connectome. This choice comes first: the new arm has no others."""
    return (
        None
        if arm.of is None
        else dataclasses.replace(arm.of(open_connectome(name)), name=arm.name)
    )


def _with_optimizer(arm: Arm, name: str) -> Arm | None:
    """Replace the optimiser of the stage "evolve"; another kind has its own default settings."""

    def change(stage: Stage) -> Stage:
        old = stage.optimizer
        if old.name == name:
            return stage
        if name != "halving":
            optimizer = make_optimizer(name, population_size=old.population_size)
            return dataclasses.replace(stage, optimizer=optimizer)
        episodes = stage.generations * old.population_size
        halving = make_optimizer(name, n_episodes=episodes)
        return dataclasses.replace(stage, optimizer=halving, generations=halving.n_generations)

    return _with_stages(arm, "evolve", change)


def _by_slice(stage: str, setting: str, part: str) -> Callable[[Arm, float], Arm | None]:
    """Return a choice that gives the weights or the constants a value of their own in a stage."""

    def choose_value(arm: Arm, value: float) -> Arm | None:
        free = arm.build(0).weights == "free"
        name = part if part != "weights" else "free_weights" if free else "log_weights"

        def change(old: Stage) -> Stage | None:
            slices = getattr(old.optimizer, setting, None)
            if slices is None:
                return None
            return _with_hyperparameter(old, setting, {**slices, name: value})

        return _with_stages(arm, stage, change)

    return choose_value


def _of_stages(setting: str) -> Callable[[Arm, Any], Arm]:
    """Return a choice that sets a field of all stages."""

    def change(arm: Arm, value: Any) -> Arm:
        stages = (dataclasses.replace(stage, **{setting: value}) for stage in arm.stages)
        return dataclasses.replace(arm, stages=tuple(stages))

    return change


def _with_dale(arm: Arm, dale: bool) -> Arm | None:
    """Give the cells of a perceptron signs, and its weights Dale's law."""
    if arm.build(0).weights != "free":
        return None
    if not dale:
        return arm

    def build(seed: int) -> Network:
        network = arm.build(seed)
        options: Options = {**network.describe(), "weights": "shared"}
        return Network(signed_mlp(network.connectome, seed), network.task, **options)

    def renamed(stage: Stage) -> Stage:
        slices = getattr(stage.optimizer, "slice_sigma", {})
        if "free_weights" not in slices:
            return stage
        names = {"free_weights": "log_weights"}
        slices = {names.get(name, name): value for name, value in slices.items()}
        return _with_hyperparameter(stage, "slice_sigma", slices)

    return dataclasses.replace(arm, build=build, stages=tuple(map(renamed, arm.stages)))


def _pretrain(arm: Arm, which: str) -> Arm | None:
    """Drop the stage "pretrain" of arms that are not chosen."""
    if "pretrain" not in {stage.name for stage in arm.stages}:
        return None
    kind = "perceptrons" if is_perceptron(arm.build(0).connectome) else "circuits"
    if which in ("all", kind):
        return arm
    return dataclasses.replace(
        arm, stages=tuple(stage for stage in arm.stages if stage.name != "pretrain")
    )


_STUDY: Mapping[str, Callable[[Arm, Any], Arm | None]] = {
    "connectome": _with_connectome,
    "optimizer": _with_optimizer,
    "pretrain_arms": _pretrain,
    "sigma_weights": _by_slice("evolve", "slice_sigma", "weights"),
    "sigma_constants": _by_slice("evolve", "slice_sigma", "constants"),
    "pretrain_sigma_weights": _by_slice("pretrain", "slice_sigma", "weights"),
    "pretrain_learning_rate_weights": _by_slice("pretrain", "slice_learning_rate", "weights"),
    "episodes": _of_stages("episodes"),
    "common_starts": _of_stages("common_starts"),
    "mlp_dale": _with_dale,
}


def _check_different(
    before: Mapping[str, Any], after: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    """Refuse settings that make arms equal that were different."""
    names = list(before)
    for place, one in enumerate(names):
        for other in names[:place]:
            if before[one] != before[other] and after[one] == after[other]:
                raise UsageError(
                    f"{settings_text(settings)} makes the arms {other} and {one} equal, "
                    "which the study compares; leave it out"
                )
