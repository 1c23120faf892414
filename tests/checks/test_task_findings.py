"""What `conncore connectome check` finds where a task and its cells are given."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from conncore.checks.report import check
from conncore.cli.connectome import app
from conncore.errors import UsageError
from conncore.formats import read
from conncore.network.network import Network
from conncore.tasks import make_task


def test_chosen_inputs_and_outputs(tmp_path):
    path = tmp_path / "net.csv"
    path.write_text("pre,post,sign,weight\nS,I,1,2\nI,O,-1,3\nX,S,1,2\n")

    def run(*options):
        words = ["check", str(path), "--task", "swimmer6", "--json", *options]
        result = CliRunner().invoke(app, words)
        if result.exception is not None:
            raise result.exception
        return json.loads(result.stdout)

    both = run("--inputs", "S", "--outputs", "flow=sink")
    assert both["findings"] == {}
    assert both["outputs"] == {"unknown": 1}
    assert run("--inputs", "S", "--outputs", "O,X")["findings"] == {
        "outputs out of reach": "1 output that no input reaches: X"
    }
    one = run("--inputs", "S")["findings"]["dense input/output"]
    assert "all 4 cells as outputs, 36 parameters" in one
    net = read(path)
    made = Network(net, make_task("swimmer6"), io="dense", inputs=["S"])
    assert made.layout.n_parameters == 36 + 2  # and two log weights
    with pytest.raises(UsageError, match="has no cell 'T'"):
        run("--inputs", "S,T")
    result = CliRunner().invoke(app, ["check", str(path), "--inputs", "S"])
    assert "need --task" in str(result.exception)


def test_a_task_without_joints_and_a_body_without_muscles(segment):
    cartpole = make_task("CartPole-v1")
    assert set(check(segment, cartpole).findings) >= {"anatomical input/output"}
    assert "no chain of joints" in check(segment, cartpole).findings["anatomical input/output"]
    roles = tuple(role if role == "motor" else "" for role in segment.body.role)
    limp = replace(segment, body=replace(segment.body, role=roles))
    found = check(limp, make_task("swimmer6")).findings
    assert found["anatomical input/output"] == "the body map has no cell with role muscle"
    assert "no cell with role 'muscle'" in found["outputs out of reach"]


def test_a_task_needs_a_name_sizes_and_joints_alone(segment):
    task = SimpleNamespace(
        name="any", n_obs=3, n_actions=2, joints=SimpleNamespace(n_joints=segment.body.n_segments)
    )
    report = check(segment, task)
    assert (report.facts["observations"], report.facts["joints"]) == (3, 1)
    assert set(report.findings) & {"deaf joints", "idle joints", "dense input/output"} == set()
