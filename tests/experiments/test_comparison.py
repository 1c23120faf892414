"""The comparison end to end, with budgets of seconds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from conncore.catalog.shipped import load
from conncore.cli.app import app
from conncore.connectome.select import choose_cells
from conncore.errors import UsageError
from conncore.experiments.arms import make_arms
from conncore.experiments.comparison import compare
from conncore.experiments.study import Stage
from conncore.optimizers import CMA, ES, SuccessiveHalving
from conncore.tasks import make_task


def test_compare_prints_a_table_and_writes_figure_and_json(tmp_path):
    out = tmp_path / "compare"
    command = [
        "compare", "--nulls", "degree,weights,mlp", "--initial-weights", "counts",
        "--seeds", "2", "--generations", "1", "--population", "4", "--threads", "1",
        "--margin", "1e6", "--threshold", "-1e6", "--out", str(out),
    ]  # fmt: skip
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    for arm in ("circuit", "degree", "weights", "mlp"):
        assert any(line.startswith(arm) for line in done.output.splitlines())
    report = json.loads((out / "compare.json").read_text())
    assert [row["arm"] for row in report["rows"]] == ["circuit", "degree", "weights", "mlp"]
    assert all(row["n"] == 2 for row in report["rows"])
    assert "p equivalent" in done.output
    assert "p time" in done.output
    assert {row["n_reached"] for row in report["rows"]} == {2}
    assert [row["speed"] for row in report["rows"]] == ["", *["undecided"] * 3]
    assert all(row["verdict"] == "equivalent within 1e+06" for row in report["rows"][1:])
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
    assert "p equivalent" not in str(found)
    assert "p time" not in str(found)
    assert (out / "compare.txt").read_text() == f"{found}\n"


def test_compare_runs_successive_halving_to_the_end_of_its_budget(tmp_path):
    optimizer = SuccessiveHalving(
        population_size=4, n_starts=2, factor=2, n_scout=4, n_episodes=4 + 2 * 8
    )
    fly = load("larva-mushroom-body-left").settle_signs("random", share=0.7, seed=0)
    inputs, outputs = (choose_cells(fly, f"class={name}") for name in ("PN", "MBON"))
    task = make_task("MountainCarContinuous-v0", max_steps=5)
    found = compare(
        fly, task, ["degree"], seeds=1, out=tmp_path / "x", optimizer=optimizer, n_threads=1,
        neuron="relu", io="dense", inputs=inputs, outputs=outputs,
    )  # fmt: skip
    assert "HALVING, 20 episodes from 2 starts of 4, 1 paired seed" in found.title
    (run,) = found.outcomes["degree"]
    assert len(run.curves[0].mean) == optimizer.n_generations == 3


@pytest.mark.parametrize(
    ("arguments", "optimizer", "generations"),
    [
        ([], SuccessiveHalving(), None),
        (["--quick"],
         SuccessiveHalving(population_size=64, n_episodes=1280 + 3 * 45 * 64, n_scout=1280), None),
        (["--optimizer", "halving"], SuccessiveHalving(), None),
        (["--task", "CartPole-v1", "--io", "dense"], ES(population_size=200, n_scout=1600), 150),
        (["--optimizer", "es"], ES(population_size=200, n_scout=1600), 150),
        (["--optimizer", "es", "--quick"], ES(population_size=64, n_scout=512), 30),
        (["--optimizer", "cma", "--population", "30"], CMA(population_size=30), 150),
        (["--optimizer", "halving", "--quick", "--generations", "7"],
         SuccessiveHalving(population_size=64, n_episodes=1280 + 3 * 12 * 64, n_scout=1280), 7),
    ],
)  # fmt: skip
def test_the_command_chooses_optimizer_and_budget(
    tmp_path, monkeypatch, arguments, optimizer, generations
):
    class Called(Exception):
        pass

    def called(*given, **options):
        assert (options["optimizer"], options["generations"]) == (optimizer, generations)
        raise Called

    monkeypatch.setattr("conncore.experiments.comparison.compare", called)
    done = CliRunner().invoke(app, ["compare", *arguments, "--out", str(tmp_path / "x")])
    assert isinstance(done.exception, Called), done.exception


def test_compare_takes_a_zero_as_given(tmp_path):
    done = CliRunner().invoke(app, ["compare", "--population", "0", "--out", str(tmp_path / "x")])
    assert isinstance(done.exception, UsageError)
    assert "population_size" in str(done.exception)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"seeds": 0}, "seeds is 0; give a whole number from 1 up"),
        ({"margin": 0.0}, "margin is 0.0; give a number above 0"),
        ({"optimizer": ES(population_size=10**9)}, "population_size is 1000000000"),
    ],
)
def test_compare_refuses_what_it_cannot_test_before_any_run(tmp_path, option, message):
    with pytest.raises(UsageError, match=message):
        compare(load("celegans-haspel2011"), make_task("swimmer6"), out=tmp_path / "x", **option)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("nulls", "message"), [
    ([], "nulls are missing"),
    (["degree", "degree"], "give each name once"),
    (["degre"], "null 'degre'.*degree"),
    (["weights"], "initial_weights='counts'"),
])  # fmt: skip
def test_compare_refuses(nulls, message):
    stages = (Stage("evolve", ES(population_size=4), 1),)
    with pytest.raises(UsageError, match=message):
        make_arms(load("celegans-haspel2011"), make_task("swimmer6"), nulls, stages, {})
