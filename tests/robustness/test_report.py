"""The tables and the JSON of a multiverse say the same as the object."""

from __future__ import annotations

import json

import numpy as np
import pytest

from conncore.robustness.report import specifications
from small_multiverses import go


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)
        patch.setattr("conncore.storage.os.fsync", lambda descriptor: None)
        choices = {"lift": [0.0, 50.0], "noise": [2], "read_at": [2, 5]}
        return go(tmp_path_factory.mktemp("multiverse"), choices, seeds=5)[0]


def test_the_text_has_shares_and_effects(found):
    text = (found.path / "multiverse.txt").read_text()
    assert text == f"{found}\n"
    assert "multiverse: 4 cells, 5 paired seeds" in text
    assert "in all cells: noise=2" in text
    (row,) = [line for line in text.splitlines() if line.startswith("1  high ends")]
    counts = [*found.shares()[0].counts.values()]
    assert [int(word) for word in row.split() if word.isdigit()][1:5] == counts
    assert "1. high ends above low (high - low above 0)" in text
    effect = found.effects(0)[0]
    assert effect.key == "lift"
    assert f"{effect.effect:+.4g}" in text
    assert f"{effect.low:.4g} to {effect.high:.4g}" in text


def test_notebooks_show_the_verdicts(found):
    page = found._repr_html_()
    assert "high ends above low" in page
    counts = found.shares()[0].counts
    assert f">{counts['holds']} ({25 * counts['holds']}%)<" in page


def test_the_json_holds_everything(found):
    report = json.loads((found.path / "multiverse.json").read_text())
    assert report["choices"] == {"lift": [0.0, 50.0], "noise": [2], "read_at": [2, 5]}
    assert report["seeds"] == 5
    for claim, share in zip(report["claims"], found.shares(), strict=True):
        assert claim["counts"] == share.counts
        assert claim["claim"] == share.claim
    assert [e["key"] for e in report["claims"][0]["effects"]] == [e.key for e in found.effects(0)]
    for cell, there in zip(found.cells, report["cells"], strict=True):
        np.testing.assert_array_equal(there["values"][0], cell.values[0])
        assert there["arms"] == cell.arms
        assert there["combinations"] == cell.combinations
        assert [v["verdict"] for v in there["verdicts"]] == [v.verdict for v in cell.verdicts]
        for name in cell.arms.values():
            runs = report["runs"][name]["outcomes"]
            assert [run["seed"] for run in runs] == [0, 1, 2, 3, 4]
            assert runs[0]["curves"][0]["mean"] == found.outcomes[name][0].curves[0].mean
            assert report["runs"][name]["settings"] == found.settings[name]


def test_every_claim_has_a_figure(found):
    figures = sorted(found.path.glob("claim-*.png"))
    assert [figure.name for figure in figures] == ["claim-01.png", "claim-02.png"]
    assert all(figure.read_bytes().startswith(b"\x89PNG") for figure in figures)


def test_specifications_have_the_choices_that_vary(found):
    shown = specifications(found, 0)
    assert [spec.choices for spec in shown] == [
        {"lift": ["0"], "read_at": ["2"]}, {"lift": ["0"], "read_at": ["5"]},
        {"lift": ["50"], "read_at": ["2"]}, {"lift": ["50"], "read_at": ["5"]},
    ]  # fmt: skip
    for spec, cell in zip(shown, found.cells, strict=True):
        verdict = cell.verdicts[0]
        assert (spec.estimate, spec.low, spec.high) == (verdict.estimate, verdict.low, verdict.high)
        assert spec.verdict == verdict.verdict
