"""The page of a simulation has the rates of the simulation, over all and over time."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import conncore as cc
from conncore.cli.app import app
from conncore.page.document import write_page
from conncore.page.simulation import simulation_page
from looks import unpack


def shown(page):
    """The facts of the page, of its episode, and the rates of rows over time."""
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', page, re.DOTALL)[1])
    (episode,) = facts["episodes"]
    packed = re.search(r'id="arrays">(.*?)</script>', page, re.DOTALL)[1]
    activity = unpack(episode["arrays"], packed)["activity"]
    return facts, episode, activity / 255 * episode["largest"]


@pytest.fixture(scope="module")
def worm():
    return cc.load("celegans-haspel2011")


@pytest.fixture(scope="module")
def simulated(worm):
    options = {"activate": worm.select(match="^DB"), "rate": 150, "trials": 3, "duration": 0.3}
    return cc.simulate(worm, **options)


def test_rates_are_those_of_the_table(simulated):
    facts, episode, over_time = shown(simulation_page(simulated))
    table = [rate for rate in simulated.table() if rate.mean > 0]
    found = dict(zip(episode["rows"]["names"], episode["rates"], strict=True))
    assert found.keys() == {rate.group for rate in table}
    for rate in table:
        assert found[rate.group] == pytest.approx([rate.mean, rate.sd, 1], abs=6e-4)
    means = [rate[0] for rate in episode["rates"]]
    assert means == sorted(means, reverse=True)
    half_a_step = episode["largest"] / 509
    np.testing.assert_allclose(over_time.mean(axis=0), means, atol=half_a_step)
    assert episode["n_steps"] * episode["dt"] == pytest.approx(0.3)
    assert facts["simulation"]["summary"] == f"0.3 s, 3 trials; {len(means)} of 102 cells spike"
    assert "gap junctions are left out" in episode["words"]


def test_a_large_network_has_the_most_active_types(monkeypatch, worm, simulated):
    monkeypatch.setattr("conncore.page.simulation.MOST_CELLS", 50)
    _, episode, _ = shown(simulation_page(simulated))
    table = [rate for rate in simulated.table("class") if rate.mean > 0]
    assert episode["rows"]["names"] == [rate.group for rate in table]
    for (mean, sd, n), rate in zip(episode["rates"], table, strict=True):
        assert (mean, sd, n) == pytest.approx((rate.mean, rate.sd, rate.n_cells), abs=6e-4)
    assert (
        episode["rows"]["label"]
        == f"the {len(table)} most active of {len(worm.classes.counts())} cell types"
    )


def test_trials_that_stopped_early_and_silence(worm):
    stopped = cc.simulate(worm, activate=worm.select(match="^DB"), rate=300, stop_above=1.0)
    assert stopped.n_steps[0] < 10_000
    _, episode, _ = shown(simulation_page(stopped))
    assert episode["n_steps"] * episode["dt"] == pytest.approx(stopped.seconds[0], rel=0.01)
    silent = cc.simulate(worm, duration=0.01)
    facts, episode, over_time = shown(simulation_page(silent))
    assert "0 of 102 cells spike" in facts["simulation"]["summary"]
    assert not over_time.any()


def test_in_the_browser(simulated, tmp_path, visit):
    write_page(simulation_page(simulated), tmp_path / "page.html")
    page = visit((tmp_path / "page.html").as_uri(), 400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert not page.locator("#curve").is_visible()
    page.focus(".wiring")
    page.keyboard.press("ArrowRight")
    best = simulated.table()[0]
    assert page.inner_text("#focus").startswith(f"{best.group}: excitatory, ")
    assert page.faults == []


def test_the_command(tmp_path):
    out = tmp_path / "page.html"
    command = ["simulate", "celegans-haspel2011", "--activate", "DB1", "--duration", "0.05"]
    done = CliRunner().invoke(app, [*command, "--page", str(out)])
    assert done.exit_code == 0, done.output
    assert f"page: {out}" in done.output
    assert shown(out.read_text())[1]["rows"]["names"][0] == "DB1"
    done = CliRunner().invoke(app, [*command, "--page", str(tmp_path / "page.pdf")])
    assert "ending in .html" in str(done.exception)
