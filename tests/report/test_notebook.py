"""What notebooks show: short tables with the numbers of the objects, and reprs of one line."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import conncore as cc
from conncore.connectome import Connectome
from conncore.experiments.comparison import Comparison
from conncore.experiments.comparison_rows import compare_rows
from conncore.report.notebook import html_curves, html_facts
from outcomes import outcomes_of
from small_runs import go


class Cells(HTMLParser):
    """The texts of the table's cells; fails where a tag is not closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.texts = [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag in ("td", "th", "b"):
            self.texts.append("")

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts[-1] += data


def objects():
    worm, task = cc.load("celegans-haspel2011"), cc.make_task("swimmer6")
    outcomes = outcomes_of(circuit=[3.0, 4.0, 5.0], degree=[1.0, 1.5, 1.0])
    run = go()
    return {
        "connectome": worm,
        "task": task,
        "network": cc.Network(worm, task),
        "run": run,
        "comparison": Comparison("a title", compare_rows(outcomes), outcomes, "out"),
        "best": run.best,
        "labels": worm.classes,
        "body": worm.body,
        "environment": cc.make_task("CartPole-v1"),
        "optimizer": cc.CMA(),
        "entry": cc.list_connectomes()[0],
        "check": cc.check(worm),
    }


@pytest.fixture(scope="module")
def shown():
    return objects()


def test_reprs_are_one_line(shown):
    for name, thing in shown.items():
        line = repr(thing)
        assert "\n" not in line
        assert " object at " not in line
        assert len(line) < 170, name
    many = Connectome.from_edges("m", [0], [1], classes=[f"k{i}" for i in range(99)],
                                 names=[f"c{i}" for i in range(99)])  # fmt: skip
    assert repr(many.classes).endswith("1 'k11', and 87 other words>")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("connectome", ["celegans-haspel2011", "102 in 9 classes", "336: 264 excitatory, 72 inhib",
                        "66 motor neurons and 36 muscles in 6 segments", "Haspel"]),
        ("task", ["Task swimmer6", "10", "1000", "native", "16 validation, 32 held-out"]),
        ("network", ["102 alif", "336, shared weights", "anatomical, for swimmer6", "46: encoder"]),
        ("run", ["Run of tiny", "held-out score", "6"]),
        ("comparison", ["a title", "p Holm", "4.0", "1.5 to 6.5", "degree"]),
    ],
)  # fmt: skip
def test_tables_have_the_numbers(shown, name, words):
    html = shown[name]._repr_html_()
    texts = Cells(re.sub("<svg.*</svg>", "", html)).texts
    for word in words:
        assert any(word in text for text in texts), (word, texts)
    assert len(html) < 4000


def test_names_of_strangers_are_escaped():
    evil = Connectome.from_edges("<script>alert(1)</script>\x1b", [0], [1], citation="<b>&")
    html = evil._repr_html_()
    assert "<script>" not in html
    assert "&lt;b&gt;&amp;" in html
    assert "\x1b" not in html
    assert html_facts("t", {"none": None, "empty": "", "zero": 0}).count("<tr>") == 1


def test_small_curves_leave_gaps_out():
    html = html_curves({"best": [1.0, np.nan, 3.0], "mean": [-np.inf, 1.0, 2.0]})
    points = re.findall(r"points='([^']*)'", html)
    assert points == ["0.0,60.0 260.0,0.0", "130.0,60.0 260.0,30.0"]
    assert html_curves({"best": [np.nan], "mean": [np.nan]}) == ""
    assert html_curves({"best": [1.0], "mean": [1.0]})
