"""``conncore film`` from a run to a file."""

from __future__ import annotations

from PIL import Image
from typer.testing import CliRunner

import conncore as cc
from conncore.cli.app import app


def test_film_of_a_run(tmp_path):
    task = cc.make_task("Swimmer-v5")
    network = cc.Network(cc.load("celegans-haspel2011-segment"), task, "lif", "dense")
    out = tmp_path / "run"
    cc.evolve(network, task, cc.ES(population_size=4), generations=1, out=out, progress=False)
    command = ["film", str(out), str(tmp_path / "a.gif"), "--start", "2", "--seconds", "0.8"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "10 pictures, score" in done.output
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 10
