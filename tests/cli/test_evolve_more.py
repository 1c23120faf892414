"""Options of `conncore evolve`: each reaches its part of the run, and wrong values are one line."""

from __future__ import annotations

import os

import numpy as np
import pytest
from typer.testing import CliRunner

from conncore.cli.app import app
from conncore.errors import ConncoreError
from conncore.evolution.restore import load_run
from conncore.neurons.models import NEURONS
from conncore.optimizers import ES
from conncore.tasks import make_task


def evolve(*arguments):
    return CliRunner().invoke(app, ["evolve", *map(str, arguments), "--threads", "1"])


def test_settings_of_the_optimizer_are_those_of_the_run(tmp_path):
    command = [
        "--task",
        "CartPole-v1",
        "--io",
        "dense",
        "--population",
        "4",
        "--generations",
        "1",
        "--update",
        "sgd",
    ]
    rest = ["--scouts", "3", "--sigma-decay", "0.9", "--learning-rate-decay", "0.8"]
    rest += ["--shaping", "z-ranks", "--no-over-sigma", "--weight-decay", "0.01"]
    rest += ["--slice-sigma", "encoder=0.2", "--slice-learning-rate", "decoder=0.3"]
    done = evolve(*command, *rest, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.output
    expected = ES(
        population_size=4,
        n_scout=3,
        sigma_decay=0.9,
        learning_rate_decay=0.8,
        update="sgd",
        shaping="z-ranks",
        over_sigma=False,
        weight_decay=0.01,
        slice_sigma={"encoder": 0.2},
        slice_learning_rate={"decoder": 0.3},
    )
    assert load_run(tmp_path / "run").config["optimizer"] == expected.describe()


def test_options_of_the_task_and_its_episodes_are_those_of_the_run(tmp_path):
    command = ["--population", "4", "--generations", "1", "--scouts", "2"]
    rest = ["--max-steps", "5", "--frame-skip", "2", "--observe", "angles", "--episodes", "2"]
    rest += ["--reward-point", "center-of-mass", "--own-starts"]
    done = evolve(*command, *rest, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.output
    run = load_run(tmp_path / "run")
    expected = make_task(
        "swimmer6", max_steps=5, frame_skip=2, observe="angles", reward_point="center-of-mass"
    )
    assert run.config["task"] == run.task.describe() == expected.describe()
    assert run.config["run"]["episodes"] == 2
    assert run.config["run"]["common_starts"] is False


def test_options_of_the_network_are_those_of_the_run(tmp_path):
    command = ["--neuron", "izhikevich", "--population", "4", "--generations", "1"]
    command += ["--scouts", "2", "--max-steps", "5", "--initial-weights", "counts"]
    command += ["--log-weights", "2,1", "--constant", "dt=0.5", "--constant", "a=0.03"]
    command += ["--tune", "a,b", "--trace", "0.5", "--steps-per-action", "2"]
    command += ["--bias", "zero", "--bias-cells", "all", "--decoder", "linear", "--delay", "5"]
    done = evolve(*command, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.output
    network = load_run(tmp_path / "run").network
    described = network.describe()
    assert described.pop("constants") | {"dt": 0.5, "a": 0.03} == network.constants
    assert described == {
        **{"neuron": "izhikevich", "io": "anatomical", "weights": "shared"},
        **{"initial_weights": "counts", "log_weights": [2.0, 1.0], "tune": ["a", "b"]},
        **{"trace": 0.5, "steps_per_action": 2, "bias": "zero", "bias_cells": "all"},
        "decoder": "linear",
        "delay": 5,
    }


def test_the_es_that_pretrains_is_chosen_and_constants_are_tuned(tmp_path):
    command = ["--neuron", "lif", "--optimizer", "ga", "--population", "12", "--generations", "1"]
    command += ["--max-steps", "3", "--tune", "all", "--slice-sigma", "constants=0"]
    command += ["--pretrain", "2", "--pretrain-option", "update=sgd"]
    command += ["--pretrain-option", "population_size=4", "--pretrain-option", "n_scout=2"]
    done = evolve(*command, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.output
    first = load_run(tmp_path / "run-pretrain")
    expected = ES(update="sgd", population_size=4, n_scout=2)
    assert first.config["optimizer"] == expected.describe()
    run = load_run(tmp_path / "run")
    assert list(run.network.tune) == list(NEURONS["lif"].constants)
    assert first.network.tune == run.network.tune
    constants = run.best.slices["constants"]
    np.testing.assert_array_equal(
        run.best.genome[constants], first.best.genome[first.best.slices["constants"]]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--slice-sigma", "log_weights"], "--slice-sigma is 'log_weights'; give NAME=NUMBER"),
        (
            ["--optimizer", "es", "--slice-learning-rate", "x=0"],
            "slice_learning_rate of x is 0.0; give a number",
        ),
        (["--shaping", "z"], "unknown shaping 'z'; choose one of: ranks, z-ranks, z-scores"),
        (["--weight-decay", "2"], "weight_decay is 2.0; give a number from 0 to below 1"),
        (["--observe", "smell"], "unknown observe 'smell'; choose one of: angles, angles+veloc"),
        (["--max-steps", "0"], "max_steps is 0; give a whole number from 1"),
        (["--episodes", "0"], "episodes is 0; give a whole number from 1 to 10000"),
        (["--delay", "0"], "delay is 0; give a whole number from 1 to 1000"),
        (["--bias", "some"], "unknown bias 'some'; choose one of: none, random, zero"),
        (["--tune", "wheels"], "unknown constant to tune 'wheels'; choose one of: "),
        (["--tune", "all", "--neuron", "hodgkin"], "unknown neuron 'hodgkin'"),
        (["--constant", "beta"], "--constant is 'beta'; give NAME=NUMBER"),
        (["--constant", "beta=11"], "constant beta of alif is 11.0, must lie in [0, 10]"),
        (["--log-weights", "2;1"], "--log-weights is '2;1'; give two numbers, such as 2,1"),
        (["--log-weights", "2"], "log_weights is [2.0], must be two numbers"),
        (["--trace", "1"], "trace is 1.0, must lie in [0, 1)"),
        (["--pretrain-option", "update=sgd"], "--pretrain-option is for --pretrain; give both"),
        (["--pretrain", "3", "--pretrain-option", "update"], "--pretrain-option is 'update'; give"),
        (["--pretrain", "3", "--pretrain-option", "n_elites=3"], "es has no setting 'n_elites'"),
        (["--optimizer", "es", "--elites", "3"], "es has no setting 'n_elites'"),
        (["--elites", "3"], "unknown setting 'n_elites' of successive halving, used here"),
        (["--optimizer", "halving", "--update", "rprop"], "unknown update 'rprop'"),
    ],
)
def test_wrong_values_are_refused(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    refused = evolve(*arguments).exception
    assert isinstance(refused, ConncoreError)
    assert str(refused).startswith(message)
    assert "\n" not in str(refused)
    assert os.listdir(tmp_path) == []
