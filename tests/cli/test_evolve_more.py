"""Options of `conncore evolve`: each reaches its part of the run, and wrong values are one line."""

from __future__ import annotations

import os

import pytest
from typer.testing import CliRunner

from conncore.cli.app import app
from conncore.errors import ConncoreError
from conncore.evolution.restore import load_run
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--slice-sigma", "log_weights"], "--slice-sigma is 'log_weights'; give NAME=NUMBER"),
        (["--slice-learning-rate", "x=0"], "slice_learning_rate of x is 0.0; give a number"),
        (["--shaping", "z"], "unknown shaping 'z'; choose one of: ranks, z-ranks, z-scores"),
        (["--weight-decay", "2"], "weight_decay is 2.0; give a number from 0 to below 1"),
        (["--observe", "smell"], "unknown observe 'smell'; choose one of: angles, angles+veloc"),
        (["--max-steps", "0"], "max_steps is 0; give a whole number from 1"),
        (["--episodes", "0"], "episodes is 0; give a whole number from 1 to 10000"),
        (["--elites", "3"], "es has no setting 'n_elites'"),
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
