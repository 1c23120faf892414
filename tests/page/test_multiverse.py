"""The page of a multiverse says what its JSON says, and draws each cell once."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from conncore.errors import CheckpointError
from conncore.page.document import write_page
from conncore.page.multiverse import multiverse_page
from small_multiverses import go


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)
        patch.setattr("conncore.storage.os.fsync", lambda descriptor: None)
        choices = {"lift": [0.0, 50.0], "noise": [2], "read_at": [2, 5]}
        made = go(tmp_path_factory.mktemp("multiverse"), choices, seeds=5)[0]
        write_page(multiverse_page(made.path), made.path / "report.html")
        assert str(go(made.path, choices, seeds=5)[0]) == str(made)  # the page does no harm
    return made


def test_facts_are_those_of_the_object(found):
    page = multiverse_page(found.path)
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', page, re.DOTALL)[1])["multiverse"]
    assert facts["summary"] == "4 cells, 5 paired seeds; in all cells: noise=2"
    assert facts["choices"] == [["lift", ["0", "50"]], ["read_at", ["2", "5"]]]
    for place, (claim, share) in enumerate(zip(facts["claims"], found.shares(), strict=True)):
        assert claim["claim"] == share.claim
        verdicts = [result[3] for result in claim["results"]]
        counts = {name: n for name, n in share.counts.items() if n}
        assert {name: verdicts.count(name) for name in verdicts} == counts
        for result, cell in zip(claim["results"], found.cells, strict=True):
            verdict = cell.verdicts[place]
            if verdict.n:
                assert result[:3] == [verdict.estimate, verdict.low, verdict.high]
        effects = [effect.effect for effect in found.effects(place)]
        shown = [e["effect"] for e in claim["effects"]]
        assert shown == [None if np.isnan(effect) else effect for effect in effects]
    for chosen, cell in zip(facts["cells"], found.cells, strict=True):
        lifts = {one["lift"] for one in cell.combinations}
        assert {[0.0, 50.0][k] for k in chosen[0]} == lifts


def test_in_the_browser(found, visit):
    address = (found.path / "report.html").as_uri()
    for width in (400, 1000):
        page = visit(address, width)
        assert page.faults == []
        assert page.requests == [address]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    marks = page.locator("#specifications text").all_text_contents()
    assert sum(mark in "\u25cf\u25a0\u25cb\u00b7" for mark in marks) == 4
    assert page.locator("#specifications rect").count() == 8  # two choices of four cells
    page.locator("button", has_text="low scores above high").click()
    assert page.locator("button[aria-pressed=true]").inner_text() == "low scores above high"
    assert page.locator("p.words").first.inner_text().startswith("low - high above 0")


def test_damage_is_one_line(found, tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read"):
        multiverse_page(tmp_path)
    good = json.loads((found.path / "multiverse.json").read_text())
    for damage in (
        {"cells": [{}]},
        {"claims": [{"claim": 1}]},
        {"choices": {"lift": 3}},
        {"seeds": None},
        {"cells": [good["cells"][0] | {"verdicts": []}]},
    ):
        (tmp_path / "multiverse.json").write_text(json.dumps(good | damage))
        with pytest.raises(CheckpointError, match=r"multiverse\.json"):
            multiverse_page(tmp_path)
