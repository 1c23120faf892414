"""The page of a comparison has the scores and tests of its table, and a typical run of each arm."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

import conncore as cc
from conncore.errors import CheckpointError, UsageError
from conncore.experiments.comparison import Comparison
from conncore.experiments.comparison_rows import compare_rows
from conncore.page.comparison import comparison_facts, comparison_page
from conncore.page.document import write_page
from looks import CURSORS
from outcomes import outcomes_of


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    out = tmp_path_factory.mktemp("study") / "compare"
    worm, task = cc.load("celegans-haspel2011"), cc.make_task("swimmer6")
    return cc.compare(
        worm, task, ["degree", "mlp"], 2, out=out, generations=2,
        optimizer=cc.ES(population_size=4), neuron="lif",
    )  # fmt: skip


def test_a_loaded_comparison_is_the_one_that_was_made(compared):
    loaded = cc.load_comparison(compared.path)
    assert str(loaded) == str(compared)
    assert loaded.path == compared.path
    assert loaded.outcomes == dict(compared.outcomes)
    assert loaded.rows[0].p_holm != loaded.rows[0].p_holm  # NaN, and not None


def test_damage_is_one_line(compared, tmp_path):
    file = tmp_path / "compare.json"
    with pytest.raises(CheckpointError, match="cannot be read"):
        cc.load_comparison(tmp_path)
    good = json.loads((compared.path / "compare.json").read_text())
    rows = good["rows"]
    for damage in (
        {"rows": None},
        {"rows": [{}]},
        {"rows": [rows[0] | {"mean": "1"}]},
        {"rows": rows[:1]},
        {"outcomes": [{}]},
        {"title": 3},
    ):
        file.write_text(json.dumps(good | damage))
        with pytest.raises(UsageError, match=re.escape(str(file))):
            cc.load_comparison(tmp_path)


def test_facts_are_those_of_the_table(tmp_path):
    outcomes = outcomes_of(circuit=[5.0, 6.0, 7.0, 6.5], degree=[1.0, 2.0, np.nan, 1.5])
    rows = compare_rows(outcomes)
    facts = comparison_facts(Comparison("t", rows, outcomes, tmp_path))
    circuit, degree = facts["arms"]
    assert circuit["scores"] == [5.0, 6.0, 7.0, 6.5]
    assert degree["scores"] == [1.0, 2.0, None, 1.5]
    assert (circuit["low"], circuit["mean"], circuit["high"]) == (
        rows[0].low, rows[0].mean, rows[0].high,
    )  # fmt: skip
    assert circuit["test"] == ""
    assert degree["test"] == f"p = {rows[1].p_holm:.2g}, {rows[1].verdict} (1 failed seeds)"
    assert circuit["curve"][-1] == np.mean([5.0, 6.0, 7.0, 6.5])
    assert facts["summary"] == "mean held-out score: circuit 6.12, degree 1.5"


def test_the_page_in_a_browser(compared, tmp_path, visit):
    size = write_page(comparison_page(compared), tmp_path / "page.html")
    assert size < 1_000_000
    address = (tmp_path / "page.html").as_uri()
    for width in (400, 1000, 1600):
        page = visit(address, width, reduced_motion="reduce")
        assert page.faults == []
        assert page.requests == [address]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    names = [name.split(":")[0] for name in page.locator(".heading").all_inner_texts()]
    assert names == ["circuit", "degree", "mlp"]
    page.evaluate("$('time').value = 500; $('time').dispatchEvent(new Event('input'))")
    assert page.evaluate(CURSORS) == pytest.approx([0.5005] * 6, abs=0.01)
    words = page.locator("#scores text").all_text_contents()
    assert sum(word.startswith("p = ") for word in words) == 2
    assert page.locator("#curve polyline").count() == 3
    starts = page.evaluate("views.map((view) => view.shown.facts.start)")
    assert len(set(starts)) == 1
    page.locator(".wiring").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("views.map((view) => view.shown.focus.row)") == [0, -1, -1]


def test_it_needs_the_runs(compared, tmp_path):
    shutil.copy(compared.path / "compare.json", tmp_path)
    with pytest.raises(CheckpointError, match="needs its runs"):
        comparison_page(cc.load_comparison(tmp_path))
