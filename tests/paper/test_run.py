"""The paper's experiments end to end, with budgets of seconds."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from conncore.errors import UsageError
from conncore.paper.experiments import EXPERIMENTS, Budget
from conncore.paper.run import reproduce

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
)


def reproduced(names, out, budget=TINY, **options):
    every = {e.name: e for group in EXPERIMENTS.values() for e in group}
    screen = io.StringIO()
    complete = reproduce(
        [every[name] for name in names],
        budget,
        out,
        Console(file=screen, width=200),
        options,
        n_threads=1,
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
