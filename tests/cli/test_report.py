"""``conncore report`` from a run to a page."""

from __future__ import annotations

from typer.testing import CliRunner

import conncore as cc
from conncore.cli.app import app
from conncore.evolution.evolve import resume


def test_report_of_a_run(tmp_path):
    task = cc.make_task("Swimmer-v5")
    network = cc.Network(cc.load("celegans-haspel2011-segment"), task, "lif", "dense")
    out = tmp_path / "run"
    cc.evolve(network, task, cc.ES(population_size=4), generations=1, out=out, progress=False)
    done = CliRunner().invoke(app, ["report", str(out)])
    assert done.exit_code == 0, done.output
    assert "MB; open it in a browser" in done.output
    assert (
        "celegans-haspel2011-segment (lif, dense) on Swimmer-v5"
        in (out / "report.html").read_text()
    )
    assert len(resume(out, generations=2, progress=False).history) == 2  # the page does no harm
    done = CliRunner().invoke(app, ["report", str(out), "--out", str(tmp_path / "a" / "b.html")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "a" / "b.html").is_file()


def test_report_of_something_else_is_one_line(tmp_path):
    done = CliRunner().invoke(app, ["report", str(tmp_path / "none")])
    assert done.exit_code != 0
    assert isinstance(done.exception, cc.UsageError)
