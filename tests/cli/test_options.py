"""The help of commands lists what is registered, so that a new name needs no change there."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from conncore.bench import SUBJECTS
from conncore.cli.app import app
from conncore.cli.options import Command
from conncore.experiments.choices import CHOICES
from conncore.neurons.models import NEURONS
from conncore.nulls.models import NULLS
from conncore.nulls.perceptrons import BASELINES
from conncore.optimizers import ES, OPTIMIZERS
from conncore.tasks import TASKS


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["evolve"], [*NEURONS, *TASKS, *OPTIMIZERS, f"es {ES.population_size}", f"es {ES.sigma}"]),
        (["compare"], [*NEURONS, *TASKS, *NULLS, *BASELINES]),
        (["connectome", "null"], [*NULLS]),
        (["bench"], [*SUBJECTS]),
        (["multiverse"], [*CHOICES]),
        (["reproduce"], [key for key, row in CHOICES.items() if row.part != "reading"]),
    ],
)
def test_help_lists_what_is_registered(command, names):
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "400"})
    assert result.exit_code == 0, result.output
    for name in names:
        assert re.search(rf"\b{re.escape(name)}\b", result.output), name


def commands(group):
    """All commands of a group, and those of its groups."""
    for command in group.commands.values():
        yield from commands(command) if hasattr(command, "commands") else [command]


def test_every_command_with_a_mark_in_its_help_fills_it_in():
    marked = [
        command
        for command in commands(get_command(app))
        if any("{" in (getattr(parameter, "help", None) or "") for parameter in command.params)
    ]
    assert {command.name for command in marked} == {
        "evolve", "demo", "compare", "null", "bench", "reproduce", "multiverse", "simulate",
    }  # fmt: skip
    for command in marked:
        assert isinstance(command, Command)
