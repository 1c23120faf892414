"""The comparison and the paper's experiments end to end, with budgets of seconds."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from conncore.catalog.shipped import load
from conncore.cli.app import app
from conncore.connectome.select import choose_cells
from conncore.errors import UsageError
from conncore.experiments.arms import make_arms
from conncore.experiments.comparison import compare
from conncore.experiments.paper import EXPERIMENTS, QUICK, Budget
from conncore.experiments.paper_run import reproduce
from conncore.experiments.study import Stage
from conncore.optimizers import ES
from conncore.tasks import make_task
from digits import write_mnist

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


@pytest.fixture(autouse=True)
def no_curves(monkeypatch):
    """Each run's own curve takes longer to draw than these runs take."""
    monkeypatch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)


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


def test_compare_prints_a_table_and_writes_figure_and_json(tmp_path):
    out = tmp_path / "compare"
    command = [
        "compare", "--nulls", "degree,weights,mlp", "--initial-weights", "counts",
        "--seeds", "2", "--generations", "1", "--population", "4", "--threads", "1",
        "--out", str(out),
    ]  # fmt: skip
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    for arm in ("circuit", "degree", "weights", "mlp"):
        assert any(line.startswith(arm) for line in done.output.splitlines())
    report = json.loads((out / "compare.json").read_text())
    assert [row["arm"] for row in report["rows"]] == ["circuit", "degree", "weights", "mlp"]
    assert all(row["n"] == 2 for row in report["rows"])
    assert report["provenance"]["command"]
    assert len(report["outcomes"]) == 8
    assert (out / "compare.png").read_bytes().startswith(b"\x89PNG")
    kept = {p: p.stat().st_mtime_ns for p in out.rglob("seed-*.json")}
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 0, again.output
    assert kept == {p: p.stat().st_mtime_ns for p in out.rglob("seed-*.json")}


def test_compare_takes_the_cells_and_signs_of_any_connectome(tmp_path):
    """As `evolve` does; and the Python call goes on in the command's directory."""
    out = tmp_path / "fly"
    done = CliRunner().invoke(app, [
        "compare", "--connectome", "larva-mushroom-body-left", "--unknown-signs", "random",
        "--excitatory-share", "0.7", "--io", "dense", "--inputs", "class=PN", "--outputs",
        "class=MBON", "--task", "MountainCarContinuous-v0", "--neuron", "relu", "--nulls", "degree",
        "--seeds", "1", "--generations", "1", "--population", "4", "--threads", "1",
        "--out", str(out),
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    kept = {p: p.stat().st_mtime_ns for p in out.rglob("seed-*.json")}
    fly = load("larva-mushroom-body-left").settle_signs("random", share=0.7, seed=0)
    inputs, outputs = (choose_cells(fly, f"class={name}") for name in ("PN", "MBON"))
    found = compare(
        fly, make_task("MountainCarContinuous-v0"), ["degree"], seeds=2, out=out,
        optimizer=ES(population_size=4, n_scout=32), generations=1, n_threads=1,
        neuron="relu", io="dense", inputs=inputs, outputs=outputs,
    )  # fmt: skip
    assert kept.items() <= {p: p.stat().st_mtime_ns for p in out.rglob("seed-*.json")}.items()
    assert [row.arm for row in found.rows] == ["circuit", "degree"]
    assert found.rows[0].mean == np.mean([run.score for run in found.outcomes["circuit"]])
    assert "2 paired seeds" in str(found)
    assert (out / "compare.txt").read_text() == f"{found}\n"


def test_compare_takes_a_zero_as_given(tmp_path):
    done = CliRunner().invoke(app, ["compare", "--population", "0", "--out", str(tmp_path / "x")])
    assert isinstance(done.exception, UsageError)
    assert "population_size" in str(done.exception)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("seeds", [0, 21])
def test_compare_refuses_seeds_that_it_cannot_test(tmp_path, seeds):
    with pytest.raises(UsageError, match=f"seeds is {seeds}; give a whole number from 1 to 20"):
        compare(load("celegans-haspel2011"), make_task("swimmer6"), seeds=seeds, out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("nulls", "message"), [
    ([], "nulls are missing"),
    (["degree", "degree"], "give each name once"),
    (["degre"], "null 'degre'.*degree"),
    (["weights"], "--initial-weights counts"),
])  # fmt: skip
def test_compare_refuses(nulls, message):
    stages = (Stage("evolve", ES(population_size=4), 1),)
    with pytest.raises(UsageError, match=message):
        make_arms(load("celegans-haspel2011"), make_task("swimmer6"), nulls, stages, {})


def test_each_experiment_of_the_paper_can_be_built(tmp_path):
    """Every arm's first and last network, without running any."""
    write_mnist(tmp_path, n_train=1200)
    for group in EXPERIMENTS.values():
        for experiment in group:
            task = experiment.task({"data": tmp_path})
            arms = experiment.arms(task, QUICK)
            assert set(experiment.published) <= {arm.name for arm in arms}
            for arm in arms:
                networks = [arm.build(seed) for seed in (0, 1)]
                assert networks[0].layout.slices.keys() == networks[1].layout.slices.keys()
                for stage in arm.stages:
                    names = getattr(stage.optimizer, "slice_sigma", {})
                    assert set(names) <= set(networks[0].layout.slices)


def test_figure_4_from_connectome_to_table(tmp_path):
    name = "fig4-pretrained"
    complete, text = reproduced([name], tmp_path, replace(TINY, seeds=5))
    assert complete
    for line in ("circuit", "statistics", "statistics-anatomical", "mlp", "sparse-mlp"):
        assert line in text
    assert "146.4" in text  # the paper's, beside ours
    assert text.count("does not hold") + text.count("  holds  ") >= 8
    report = json.loads((tmp_path / f"{name}.json").read_text())
    assert {v["verdict"] for v in report["verdicts"]} <= {"holds", "does not hold"}
    assert len(report["outcomes"]) == 30
    assert report["published"]["mlp"] == [0.0, 96.2]
    assert [c["stage"] for c in report["outcomes"][0]["curves"]] == ["pretrain", "evolve"]
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_few_seeds_test_nothing_and_finished_runs_stay(tmp_path):
    _, text = reproduced(["fig3-anatomical"], tmp_path)
    assert "not tested" in text
    assert "does not hold" not in text
    kept = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("seed-*.json")}
    assert len(kept) == 4
    reproduced(["fig3-anatomical"], tmp_path)
    assert kept == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("seed-*.json")}
    with pytest.raises(UsageError, match="other settings"):
        reproduced(["fig3-anatomical"], tmp_path, replace(TINY, generations=3))
