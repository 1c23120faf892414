"""The paper's experiments end to end, with budgets of seconds."""

from __future__ import annotations

import io
import json
import re
import shutil
from dataclasses import replace

import pytest
from rich.console import Console

from conncore.errors import UsageError
from conncore.optimizers import SuccessiveHalving
from conncore.paper.beyond import BEYOND
from conncore.paper.experiments import EXPERIMENTS, Budget
from conncore.paper.run import reproduce, with_settings

TINY = Budget(
    seeds=1,
    pretrain_epochs=1,
    pretrain_population=4,
    generations=2,
    population=10,
    cheetah_generations=2,
    cheetah_population=10,
    mnist_generations=1,
    best_generations=3,
    cheetah_es_generations=1,
    mnist_es_generations=1,
    halving=SuccessiveHalving(population_size=4, n_starts=3, factor=3, n_scout=6, n_episodes=54),
)


def reproduced(names, out, budget=TINY, settings=None, at_most=None, **options):
    groups = [*EXPERIMENTS.values(), *BEYOND.values()]
    every = {e.name: e for group in groups for e in group}
    screen = io.StringIO()
    complete = reproduce(
        [every[name] for name in names],
        budget,
        out,
        Console(file=screen, width=200),
        options,
        n_threads=1,
        settings=settings,
        at_most=at_most,
    )
    return complete, screen.getvalue()


def test_figure_4_from_connectome_to_table(tmp_path):
    name = "fig4-pretrained"
    complete, text = reproduced([name], tmp_path, replace(TINY, seeds=5))
    assert complete
    for line in ("circuit", "statistics", "statistics-anatomical", "mlp", "sparse-mlp"):
        assert line in text
    assert "146.4" in text  # the paper's, beside ours
    assert sum(text.count(f"  {word}  ") for word in ("holds", "refuted", "undecided")) >= 8
    report = json.loads((tmp_path / f"{name}.json").read_text())
    assert {v["verdict"] for v in report["verdicts"]} <= {"holds", "refuted", "undecided"}
    assert len(report["outcomes"]) == 30
    assert report["published"]["mlp"] == [0.0, 96.2]
    assert [c["stage"] for c in report["outcomes"][0]["curves"]] == ["pretrain", "evolve"]
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_few_seeds_test_nothing_and_finished_runs_stay(tmp_path):
    _, text = reproduced(["fig3-anatomical"], tmp_path)
    assert "not tested" in text
    assert "refuted  " not in text
    kept = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("seed-*.json")}
    assert len(kept) == 4
    reproduced(["fig3-anatomical"], tmp_path)
    assert kept == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("seed-*.json")}
    with pytest.raises(UsageError, match="other settings"):
        reproduced(["fig3-anatomical"], tmp_path, replace(TINY, generations=3))


def test_other_settings_are_a_study_of_their_own(tmp_path):
    _, default = reproduced(["fig5-cheetah"], tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    settings = {"neuron": "lif", "log_weights": (1.0, 0.5), "generations": 3}
    _, text = reproduced(["fig5-cheetah"], tmp_path, settings=settings)
    # The default's files are as they were; the new ones have names with the settings.
    assert {p: p.read_bytes() for p in before} == before
    name = "fig5-cheetah_neuron=lif_log_weights=1,0.5_generations=3"
    stems, ends = ("fig5-cheetah", name), ("", ".json", ".png", ".txt")
    assert {p.name for p in tmp_path.iterdir()} == {stem + end for stem in stems for end in ends}
    assert "neuron does not apply to mlp" in text
    said = "GA alone; neuron=lif, log_weights=1,0.5, generations=3"
    assert said in (tmp_path / f"{name}.txt").read_text().replace("\n", " ")
    assert said in text
    assert "neuron" not in default
    report = json.loads((tmp_path / f"{name}.json").read_text())
    assert report["set"] == {"neuron": "lif", "log_weights": [1.0, 0.5], "generations": 3}
    assert report["settings"]["arms"]["circuit"]["network"]["neuron"] == "lif"
    assert json.loads((tmp_path / name / "study.json").read_text()) == report["settings"]
    assert "set" not in json.loads((tmp_path / "fig5-cheetah.json").read_text())


def test_many_settings_have_a_short_name():
    experiment = EXPERIMENTS["fig4"][0]
    settings = {"observe": "angles", **{f"pretrain_{i}": "x" * 20 for i in range(9)}}
    named = with_settings(experiment, settings)
    assert re.fullmatch(r"fig4-ga_10-settings-[0-9a-f]{12}", named.name)
    assert named.title.startswith(experiment.title)
    assert with_settings(experiment, {**settings, "observe": "no"}).name != named.name


@pytest.mark.parametrize(
    ("names", "settings", "message"),
    [
        (["fig3-dense"], {"io": "anatomical"}, "fig3-dense: the name of the experiment fixes io"),
        (
            ["fig4-pretrained", "fig4-ga"],
            {"pretrain": 5},
            "fig4-ga: pretrain does not apply here: no arm has the",
        ),
    ],
)
def test_a_setting_that_does_not_apply_is_refused_before_any_run(
    names, settings, message, tmp_path
):
    with pytest.raises(UsageError, match=message):
        reproduced(names, tmp_path, settings=settings)
    assert not list(tmp_path.iterdir())


def test_the_report_keeps_the_single_starts(tmp_path):
    """Three starts run for two generations in the first rung: 24 of the 48 episodes."""
    name = "halving-swimmer6-relu"
    _, text = reproduced([name], tmp_path)
    assert "held-out score of relu above 490" in text
    (outcome,) = json.loads((tmp_path / f"{name}.json").read_text())["outcomes"]
    assert [len(curve) for curve in outcome["starts"]] == [2, 2, 2]
    assert len(outcome["curves"][0]["mean"]) == 2 + 6
    study = tmp_path / name
    kept = (study / "relu" / "seed-0.json").read_bytes()
    shutil.rmtree(study)
    reproduced([name], tmp_path)  # the report has all that the study had
    assert (study / "relu" / "seed-0.json").read_bytes() == kept


def test_seeds_are_added_until_the_claims_are_decided(tmp_path):
    """Networks that hardly learn are far below 490, so five of ten seeds refute the claim."""
    name = "halving-swimmer6-relu"
    _, text = reproduced([name], tmp_path, at_most=10)
    assert f"{name}: 1 arms, at most 10 seeds" in text
    report = json.loads((tmp_path / f"{name}.json").read_text())
    assert len(report["outcomes"]) == 5
    assert report["looks"] == [5, 10]
    assert report["verdicts"][0]["verdict"] == "refuted"
    assert "sequential: looks at 5, 10 seeds" in (tmp_path / f"{name}.txt").read_text()
