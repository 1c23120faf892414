"""The doctor finds nothing wrong with a good installation, and says what is wrong with another."""

from __future__ import annotations

from typer.testing import CliRunner

from conncore.cli import machine
from conncore.cli.app import app
from conncore.neurons.models import NEURONS
from conncore.reference import ReferencePopulation
from conncore.reference.brain import BrainMember


def test_a_good_installation_has_no_problems():
    facts, problems = machine.examine()
    assert problems == []
    assert "baseline" in facts["instruction sets"]


def test_it_says_that_all_is_well():
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("no problems: the kernels give the same bits as NumPy\n")


def test_a_kernel_that_differs_is_named(monkeypatch):
    class Broken(ReferencePopulation):
        def act(self, observations):
            return super().act(observations) + 1e-12

    monkeypatch.setattr("conncore.reference.ReferencePopulation", Broken)
    _, problems = machine.examine()
    assert len(problems) == len(NEURONS)
    assert "the alif kernel differs from its NumPy twin" in "".join(problems)


def test_a_simulation_that_differs_is_named(monkeypatch):
    class Broken(BrainMember):
        def spikes(self):
            steps, cells = super().spikes()
            assert steps.size > 60  # a third are kicked
            assert steps[-1] > 150
            return steps, cells[::-1]

    monkeypatch.setattr("conncore.reference.brain.BrainMember", Broken)
    _, problems = machine.examine()
    assert problems == ["simulations differ from their NumPy twin; please report this output"]
