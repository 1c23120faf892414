"""The choices that a paper leaves open, as one table: key, values, and what a choice belongs to.

`conncore.experiments.settings` applies them to a study. docs/reproduction.md has the same table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from conncore.errors import UsageError, choose
from conncore.network.bias import BIASED_CELLS, BIASES
from conncore.network.wiring import WIRINGS
from conncore.neurons.models import NEURONS
from conncore.optimizers import OPTIMIZERS
from conncore.optimizers.es import SHAPING
from conncore.tasks import TASKS

Part = Literal["task", "network", "optimizer", "stage", "study", "reading"]
Arms = Literal["all", "circuits", "signed", "perceptrons"]


@dataclass(frozen=True)
class Values:
    """The values of a choice: in words for help and errors, and the function that reads one.

    `read` takes a text or a plain value (of TOML or Python) and raises a ValueError.
    """

    words: str
    read: Callable[[Any], Any]


@dataclass(frozen=True)
class Choice:
    """One row of the table.

    Parameters
    ----------
    key : str
        The name in ``--set key=value`` and in grids; that of the option of `conncore evolve` if
        there is one.
    part : {"task", "network", "optimizer", "stage", "study", "reading"}
        What it sets: an option of the task or of `Network`, a hyperparameter of the optimiser of
        `stage`, a field of `Stage`, the study as a whole, or how finished runs are read.
    values : Values
    default : str
        The choice of the paper's experiments, in words.
    text : str
        What is chosen.
    setting : str
        The name of the option or hyperparameter, if it is not the key.
    stage : str
        The stage of a row of "optimizer" or "stage".
    arms : {"all", "circuits", "signed", "perceptrons"}
        The arms that a row of "network" applies to: not the perceptrons ("circuits"), not the
        networks with free weights ("signed"), or the perceptrons alone.
    """

    key: str
    part: Part
    values: Values
    default: str
    text: str
    setting: str = ""
    stage: str = "evolve"
    arms: Arms = "all"

    @property
    def name(self) -> str:
        """The name of the option or hyperparameter that the row sets."""
        return self.setting or self.key


def _one_of(names: Sequence[str]) -> Values:
    return Values(", ".join(names), lambda value: choose("value", str(value), names))


def _count(value: Any) -> int:
    number = int(value) if isinstance(value, str) else value
    if type(number) is not int or number < 1:
        raise ValueError
    return number


def _number(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(number := float(value)):
        raise ValueError
    return number


def _pair(value: Any) -> tuple[float, float]:
    first, second = value.split(",") if isinstance(value, str) else value
    return _number(first), _number(second)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _names(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else list(value)
    return () if names == ["none"] else tuple(str(name).strip() for name in names)


def _yes(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"yes": True, "no": False}[choose("value", str(value), ("yes", "no"))]


COUNT = Values("a whole number from 1 up", _count)
NUMBER = Values("a number", _number)
PAIR = Values("two numbers, such as 2,1", _pair)
YES = Values("yes or no", _yes)
NAMES = Values("names, all or none", _names)

_ROWS = (
    Choice("connectome", "study", Values("a name or a file of a connectome", _name),
           "celegans-haspel2011", "the circuit, from which null models and perceptrons are made"),
    Choice("task", "study", _one_of([name for name in TASKS if name != "body"]), "swimmer6",
           "the body and its reward"),
    Choice("engine", "task", _one_of(["native", "mujoco"]), "native", "the simulator of the body"),
    Choice("observe", "task", _one_of(["angles+velocities", "angles"]), "angles+velocities",
           "what a swimmer observes"),
    Choice("max_steps", "task", COUNT, "1000", "control steps of an episode"),
    Choice("frame_skip", "task", COUNT, "that of the body: 4 for swimmer6",
           "simulation steps in a control step"),
    Choice("reward_point", "task", _one_of(["root", "center-of-mass"]), "root",
           "point of swimmer6 whose velocity is the reward"),
    Choice("episodes", "study", COUNT, "1", "episodes of each member per generation, all stages"),
    Choice("common_starts", "study", YES, "yes",
           "whether all members of a generation start alike, all stages"),
    Choice("batch", "task", COUNT, "256; 1024 for the ES", "images of MNIST per generation"),
    Choice("hold", "task", COUNT, "4; 1 for the ES", "control steps that an image is shown for"),
    Choice("pool", "task", COUNT, "1; 2 for the ES", "pixels of MNIST that are averaged, by side"),
    Choice("score", "task", _one_of(["accuracy", "likelihood"]),
           "accuracy; likelihood for the ES", "fitness on MNIST"),
    Choice("neuron", "network", _one_of(list(NEURONS)), "relu in figure 4",
           "neuron model of the circuits, with its own constants, log weights and steps",
           arms="circuits"),
    Choice("io", "network", _one_of(list(WIRINGS)), "dense and anatomical: both are run",
           "wiring of observations and actions to cells", arms="circuits"),
    Choice("weights", "network", _one_of(["shared", "individual"]), "shared",
           "weights of the first stage: two in all, or one per edge", arms="circuits"),
    Choice("initial_weights", "network", _one_of(["sign", "counts"]), "sign",
           "whether initial weights are equal or follow the synapse counts", arms="circuits"),
    Choice("log_weights", "network", PAIR, "those of the neuron model",
           "initial log weights: excitatory, inhibitory", arms="signed"),
    Choice("steps_per_action", "network", COUNT, "that of the neuron model",
           "steps of the neurons per control step", arms="circuits"),
    Choice("trace", "network", NUMBER, "0.8 for spiking neurons",
           "low-pass factor of the outputs; 0 for none", arms="circuits"),
    Choice("bias", "network", _one_of(list(BIASES)), "random",
           "biases of encoder and decoder: from U(-0.3, 0.3), from 0, or none"),
    Choice("bias_cells", "network", _one_of(list(BIASED_CELLS)), "inputs",
           "cells with a bias; all includes the second layer of perceptrons"),
    Choice("decoder", "network", _one_of(["tanh", "linear"]), "tanh",
           "actions: the tanh of the decoder's sums, or the sums, clipped"),
    Choice("delay", "network", COUNT, "1",
           "steps of the neurons from a spike to its arrival at other cells", arms="circuits"),
    Choice("mlp_neuron", "network", _one_of(["relu", "tanh"]), "relu",
           "activation of the hidden layers of perceptrons", "neuron", arms="perceptrons"),
    Choice("mlp_dale", "study", YES, "no",
           "Dale's law for the fully connected perceptron, half of its first layer excitatory"),
    Choice("tune", "network", NAMES, "all in figure 3, none in figure 4",
           "constants of the neuron model in the genome", arms="circuits"),
    Choice("pretrain", "stage", COUNT, "1000", "generations of pretraining",
           "generations", "pretrain"),
    Choice("pretrain_population", "optimizer", COUNT, "200", "members of pretraining",
           "population_size", "pretrain"),
    Choice("pretrain_scouts", "optimizer", COUNT, "400",
           "random genomes of which the best starts the pretraining", "n_scout", "pretrain"),
    Choice("pretrain_sigma", "optimizer", NUMBER, "0.1", "noise of pretraining",
           "sigma", "pretrain"),
    Choice("pretrain_sigma_decay", "optimizer", NUMBER, "0.999", "factor on it per generation",
           "sigma_decay", "pretrain"),
    Choice("pretrain_learning_rate", "optimizer", NUMBER, "0.1", "learning rate of pretraining",
           "learning_rate", "pretrain"),
    Choice("pretrain_learning_rate_decay", "optimizer", NUMBER, "0.999",
           "factor on it per generation", "learning_rate_decay", "pretrain"),
    Choice("pretrain_update", "optimizer", _one_of(["adam", "sgd"]), "sgd",
           "step of pretraining; the learning rate stays", "update", "pretrain"),
    Choice("pretrain_shaping", "optimizer", _one_of(list(SHAPING)), "ranks",
           "what pretraining makes of the fitness", "shaping", "pretrain"),
    Choice("pretrain_over_sigma", "optimizer", YES, "yes",
           "whether steps of pretraining are divided by sigma", "over_sigma", "pretrain"),
    Choice("pretrain_weight_decay", "optimizer", NUMBER, "0", "L2 penalty of pretraining",
           "weight_decay", "pretrain"),
    Choice("pretrain_sigma_weights", "study", NUMBER, "as pretrain_sigma",
           "noise of the weights in pretraining"),
    Choice("pretrain_learning_rate_weights", "study", NUMBER, "as pretrain_learning_rate",
           "learning rate of the weights in pretraining"),
    Choice("pretrain_arms", "study", _one_of(["all", "circuits", "perceptrons", "none"]),
           "all in fig3 and fig4-pretrained", "which networks the ES pretrains"),
    Choice("optimizer", "study", _one_of(list(OPTIMIZERS)), "ga; es in the variants -es",
           "optimizer of the last stage, with its own settings but as many members; "
           "for halving, as many episodes"),
    Choice("generations", "stage", COUNT, "200", "generations of the last stage"),
    Choice("population", "optimizer", COUNT, "750", "members of the last stage",
           "population_size"),
    Choice("scouts", "optimizer", COUNT, "1 for the ES",
           "random genomes of which the best starts the last stage", "n_scout"),
    Choice("sigma", "optimizer", NUMBER, "0.01 in figures 3 and 4",
           "step size of parameters without one of their own"),
    Choice("sigma_weights", "study", NUMBER, "0.02 in figure 4", "step size of the weights"),
    Choice("sigma_constants", "study", NUMBER, "as sigma",
           "step size of the constants of the neurons; 0 leaves them to the pretraining"),
    Choice("sigma_decay", "optimizer", NUMBER, "0.997", "factor on step sizes per generation"),
    Choice("elites", "optimizer", COUNT, "8", "members that a GA keeps", "n_elites"),
    Choice("learning_rate", "optimizer", NUMBER, "0.03 or 0.004 for the ES",
           "learning rate of the last stage"),
    Choice("learning_rate_decay", "optimizer", NUMBER, "0.999 or 0.9998 for the ES",
           "factor on it per generation"),
    Choice("update", "optimizer", _one_of(["adam", "sgd"]), "adam for the ES",
           "step of the ES; the learning rate stays"),
    Choice("shaping", "optimizer", _one_of(list(SHAPING)), "ranks",
           "what the ES makes of the fitness"),
    Choice("over_sigma", "optimizer", YES, "yes", "whether steps of the ES are divided by sigma"),
    Choice("weight_decay", "optimizer", NUMBER, "0", "L2 penalty of the ES"),
    Choice("read_at", "reading", COUNT, "the last generation",
           "generation of the last stage at which curves are read; costs no runs"),
)  # fmt: skip

#: All choices by key. The order is the order in which `conncore.experiments.settings` applies them.
CHOICES: Mapping[str, Choice] = {row.key: row for row in _ROWS}


def read_value(key: str, value: Any) -> Any:
    """Return the value of a choice, from a text or from a plain value of Python or TOML.

    Raises
    ------
    UsageError
        There is no such key, or it has no such value.
    """
    row = CHOICES[choose("key", key, CHOICES)]
    try:
        return row.values.read(value)
    except (TypeError, ValueError):
        raise UsageError(f"{key} is {value!r}; give {row.values.words}") from None


def read_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """Return the settings of texts such as ``"observe=angles"``, in the order of the table.

    Raises
    ------
    UsageError
        A text has no "=", or gives a key that is unknown or was given before, or a wrong value.
    """
    given: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not sign:
            raise UsageError(f"{pair!r} has no =; give key=value, such as observe=angles")
        if key in given:
            raise UsageError(f"{key} is given twice; give it once")
        given[key] = read_value(key, value.strip())
    return {key: given[key] for key in CHOICES if key in given}


def value_text(value: Any) -> str:
    """Return a value as `read_value` reads it: "2,1" for (2.0, 1.0), "none" for no names."""
    if isinstance(value, (tuple, list)):
        return ",".join(map(value_text, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings as one line: "observe=angles, sigma=0.02"."""
    return ", ".join(f"{key}={value_text(value)}" for key, value in settings.items())
