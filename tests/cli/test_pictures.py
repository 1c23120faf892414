"""``conncore film``, ``report`` and ``watch``: from a run to a file or a page."""

from __future__ import annotations

import signal
import subprocess
import sys
from urllib.request import urlopen

from PIL import Image
from typer.testing import CliRunner

import conncore as cc
from conncore.cli.app import app
from conncore.evolution.evolve import resume


def small_run(out):
    task = cc.make_task("Swimmer-v5")
    network = cc.Network(cc.load("celegans-haspel2011-segment"), task, "lif", "dense")
    cc.evolve(network, task, cc.ES(population_size=4), generations=1, out=out, progress=False)
    return out


def test_film_of_a_run(tmp_path):
    out = small_run(tmp_path / "run")
    command = ["film", str(out), str(tmp_path / "a.gif"), "--start", "2", "--seconds", "0.8"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "10 pictures, score" in done.output
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 10


def test_report_of_a_run(tmp_path):
    out = small_run(tmp_path / "run")
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


def test_report_of_a_multiverse(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "conncore.page.multiverse.multiverse_page", lambda path: asked.append(path) or "<p>page"
    )
    (tmp_path / "multiverse.json").write_text("{}")
    done = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert asked == [tmp_path]
    assert (tmp_path / "report.html").read_text() == "<p>page"


def test_report_of_something_else_is_one_line(tmp_path):
    done = CliRunner().invoke(app, ["report", str(tmp_path / "none")])
    assert done.exit_code != 0
    assert isinstance(done.exception, cc.UsageError)


def test_watch_serves_until_ctrl_c(tmp_path):
    out = small_run(tmp_path / "run")
    command = [sys.executable, "-m", "conncore", "watch", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        url = process.stdout.readline().decode().split()[1]
        with urlopen(url, timeout=20) as answer:
            assert b"celegans-haspel2011-segment" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == b""


def test_watch_of_something_else_is_one_line(tmp_path):
    done = CliRunner().invoke(app, ["watch", str(tmp_path / "none")])
    assert done.exit_code != 0
    assert isinstance(done.exception, cc.UsageError)
