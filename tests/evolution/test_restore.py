"""load_run and load_solution return what evolve did, or one line says why they cannot."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from dataclasses import replace

import gymnasium
import numpy as np
import pytest

import conncore as cc
from conncore.errors import CheckpointError, UntrustedRunError, UsageError
from conncore.evolution.evolve import evolve, resume, score
from conncore.evolution.restore import load_run, load_solution
from conncore.evolution.run_directory import RunDirectory
from conncore.network.genome import GenomeLayout, Part
from conncore.optimizers import CMA, ES
from conncore.tasks import make_task
from fake_runs import FakeNetwork, SphereTask, tiny_connectome
from small_runs import N_GENERATIONS, crash_at, go, go_on

FAKES = {"network": FakeNetwork(), "task": SphereTask()}


def same(one, other):
    assert np.array_equal(one.best.genome, other.best.genome)
    assert np.array_equal(one.best.scores, other.best.scores)
    assert one.best.slices == other.best.slices
    assert one.best.generation == other.best.generation
    assert one.history.dtype == other.history.dtype
    for name in one.history.dtype.names:
        assert np.array_equal(one.history[name], other.history[name], equal_nan=True)
    assert one.path == other.path
    assert one.title == other.title


def real_run(path, **options):
    task = make_task("MountainCarContinuous-v0", max_steps=5)
    network = cc.Network(tiny_connectome(), task, "lif", "dense", **options)
    optimizer = ES(population_size=4, n_scout=4)
    return evolve(network, task, optimizer, 2, out=path, progress=False, n_threads=1)


def test_a_run_on_a_task_of_ones_own(tmp_path):
    run = go(out=tmp_path / "run")
    loaded = load_run(tmp_path / "run", **FAKES)
    same(loaded, run)
    assert (loaded.network, loaded.task) == (FAKES["network"], FAKES["task"])
    with pytest.raises(CheckpointError, match=r"run cannot be restored: unknown task 'sphere'"):
        load_run(tmp_path / "run")


def test_a_run_imports_no_module_unless_it_is_trusted(tmp_path, monkeypatch):
    (tmp_path / "strangers_pole.py").write_text(
        "import gymnasium, pathlib\n"
        f"pathlib.Path({str(tmp_path / 'imported')!r}).touch()\n"
        "gymnasium.register('StrangersPole-v0', max_episode_steps=5,\n"
        "    entry_point='gymnasium.envs.classic_control:CartPoleEnv')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    task = make_task("strangers_pole:StrangersPole-v0")
    network = cc.Network(tiny_connectome(), task, "lif", "dense")
    optimizer = ES(population_size=4, n_scout=1)
    run = evolve(network, task, optimizer, 1, out=tmp_path / "run", progress=False, n_threads=1)
    monkeypatch.delitem(sys.modules, "strangers_pole")
    del gymnasium.registry["StrangersPole-v0"]
    (tmp_path / "imported").unlink()
    for use in (load_run, score, resume):
        with pytest.raises(UntrustedRunError, match=r"module 'strangers_pole'.*trust=True"):
            use(tmp_path / "run")
    command = [sys.executable, "-m", "conncore", "score", str(tmp_path / "run")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    refused = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.endswith("trust=True (on the command line: --trust)\n")
    assert not (tmp_path / "imported").exists()
    trusted = subprocess.run([*command, "--trust"], capture_output=True, text=True, env=environment)
    assert trusted.stdout.startswith("held-out score:"), trusted.stderr
    assert (tmp_path / "imported").exists()
    same(load_run(tmp_path / "run", trust=True), run)
    assert np.array_equal(score(tmp_path / "run", task=task).scores, run.best.scores)


def test_a_run_on_a_known_task_needs_its_directory_alone(tmp_path):
    run = real_run(tmp_path / "run")
    loaded = cc.load_run(tmp_path / "run")
    same(loaded, run)
    assert loaded.network.describe() == run.network.describe()
    assert loaded.network.connectome.checksum == run.network.connectome.checksum
    assert loaded.task.describe() == run.task.describe()
    observations = np.random.default_rng(0).normal(size=(1, loaded.task.n_obs))
    actions = [r.network.policy(r.best.genome[None]).act(observations) for r in (run, loaded)]
    assert np.array_equal(*actions)


def test_a_run_is_loaded_without_optimiser_and_checkpoints(tmp_path, monkeypatch):
    run = go(out=tmp_path / "run")
    for file in (*(tmp_path / "run").glob("checkpoint-*"), tmp_path / "run" / "timing.jsonl"):
        file.unlink()
    monkeypatch.setattr("conncore.evolution.restore.make_optimizer", None)
    same(load_run(tmp_path / "run", **FAKES), run)


def test_numbers_that_are_not_finite_come_back(tmp_path):
    class Failing(SphereTask):
        n_scored = 0

        def evaluate(self, network, genomes, seed, n_threads=None, **which):
            self.n_scored += 1
            return np.full(len(genomes), 1.0 if self.n_scored == 1 else np.nan)

    run = go("ga", Failing(), out=tmp_path / "run", generations=3)
    assert np.isnan(run.history["best"][1:]).all()
    same(load_run(tmp_path / "run", **FAKES), run)


def test_a_directory_is_opened_once(tmp_path, monkeypatch):
    run = real_run(tmp_path / "run")
    texts, real = [], tomllib.loads
    monkeypatch.setattr(tomllib, "loads", lambda text: (texts.append(text), real(text))[1])
    calls = (
        lambda: load_run(tmp_path / "run"),
        lambda: load_solution(tmp_path / "run", run.network.with_individual_weights()),
        lambda: score(tmp_path / "run", 2),
        lambda: resume(tmp_path / "run", progress=False),
    )
    for call in calls:
        texts.clear()
        call()
        assert len(texts) == 1


def test_an_unfinished_run_has_no_solution(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(RuntimeError, match="crash"):
        go(task=SphereTask(crash_at(5)), out=path)
    for load in (lambda: load_run(path, **FAKES), lambda: load_solution(path, FakeNetwork())):
        with pytest.raises(UsageError, match=r"no solution yet; finish it first: conncore resume"):
            load()


def test_a_run_that_was_extended_and_stopped_has_its_old_solution(tmp_path):
    short = go(out=tmp_path / "run", generations=3)
    with pytest.raises(RuntimeError, match="crash"):
        go_on(tmp_path / "run", SphereTask(crash_at(2)), generations=N_GENERATIONS)
    loaded = load_run(tmp_path / "run", **FAKES)
    same(loaded, short)
    assert loaded.best.generation == len(loaded.history) == 3


@pytest.mark.parametrize("keep", [0, 100, 900])
def test_damaged_metrics_say_how_to_write_them_again(tmp_path, keep):
    run = go(out=tmp_path / "run")
    file = tmp_path / "run" / "metrics.jsonl"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"metrics.jsonl cannot be used .*conncore resume"):
        load_run(tmp_path / "run", **FAKES)
    go_on(tmp_path / "run")  # the advice
    same(load_run(tmp_path / "run", **FAKES), run)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("network", "unexpected keyword argument 'colour'"),
        ("optimizer", "has no setting 'colour'"),
        ("task", "cannot take 'colour'"),
    ],
)
def test_a_run_of_another_version_is_refused_by_its_name(tmp_path, section, message):
    real_run(tmp_path / "run")
    file = tmp_path / "run" / "config.toml"
    text = file.read_text().replace('conncore = "0.1.0"', 'conncore = "0.9.0"')
    file.write_text(text.replace(f"[{section}]\n", f'[{section}]\ncolour = "red"\n'))
    with pytest.raises(CheckpointError, match=r"run cannot be restored: ") as refused:
        resume(tmp_path / "run", progress=False)
    assert message in str(refused.value)
    assert "the run was made by conncore 0.9.0; this is conncore 0.1.0" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_early_run_of_cma_goes_on_as_it_was(tmp_path, monkeypatch):
    """Such a run does not name `active`."""
    task = make_task("MountainCarContinuous-v0", max_steps=5)
    network = cc.Network(tiny_connectome(), task, "lif", "dense")
    optimizer = CMA(population_size=6, n_scout=6, active=False)
    options = {"progress": False, "n_threads": 1}
    whole = evolve(network, task, optimizer, 4, out=tmp_path / "whole", **options)
    described = {k: v for k, v in optimizer.describe().items() if k != "active"}
    with monkeypatch.context() as patch:
        patch.setattr(CMA, "describe", lambda self: described)
        evolve(network, task, optimizer, 2, out=tmp_path / "run", **options)
    assert "active" not in (tmp_path / "run" / "config.toml").read_text()
    run = resume(tmp_path / "run", generations=4, **options)
    assert np.array_equal(run.best.genome, whole.best.genome)
    assert np.array_equal(run.history["mean"], whole.history["mean"])


def test_a_solution_starts_networks_of_the_same_kind_only(tmp_path):
    run = real_run(tmp_path / "run")
    assert np.array_equal(load_solution(tmp_path / "run", run.network), run.best.genome)
    individual = run.network.with_individual_weights()
    expanded = run.network.expand(run.best.genome[None])[0]
    assert np.array_equal(load_solution(tmp_path / "run", individual), expanded)
    other = cc.Network(tiny_connectome(weight=9.0), run.task, "lif", "dense")
    with pytest.raises(UsageError, match="another connectome"):
        load_solution(tmp_path / "run", other)
    tuned = cc.Network(tiny_connectome(), run.task, "lif", "dense", tune=["v_th"])
    with pytest.raises(UsageError, match=r"holds genomes with the slices .*this network needs"):
        load_solution(tmp_path / "run", tuned)


def test_a_solution_of_shared_weights_is_expanded(tmp_path):
    """On a connectome with more edges than signs, so that the genomes differ in length."""
    wires = cc.Connectome.from_edges(
        "four", [0, 0, 1, 2, 3], [1, 2, 2, 3, 0], sign=[1, 1, -1, 1, 1]
    )
    task = make_task("MountainCarContinuous-v0", max_steps=5)
    shared, individual, free = (
        cc.Network(wires, task, "lif", "dense", weights=weights)
        for weights in ("shared", "individual", "free")
    )
    optimizer = ES(population_size=4, n_scout=4)
    run = evolve(shared, task, optimizer, 1, out=tmp_path / "run", progress=False, n_threads=1)
    solution = load_solution(tmp_path / "run", shared)
    assert np.array_equal(solution, run.best.genome)
    expanded = load_solution(tmp_path / "run", individual)
    assert len(expanded) == len(solution) + 3
    before, after = (
        shared.synapse_weights(solution[None]),
        individual.synapse_weights(expanded[None]),
    )
    assert np.array_equal(before, after)
    with pytest.raises(UsageError, match=r"log_weights 2, .* this network needs .*free_weights 5,"):
        load_solution(tmp_path / "run", free)


def test_loading_needs_no_lock(tmp_path):
    run = real_run(tmp_path / "run")
    directory = RunDirectory.open(tmp_path / "run", write=True)
    same(load_run(tmp_path / "run"), run)
    assert np.array_equal(load_solution(tmp_path / "run", run.network), run.best.genome)
    directory.close()


def test_a_network_of_another_body_map_is_refused(tmp_path, worm):
    """Anatomical input/output depends on it, and the checksum of a connectome leaves it out."""
    optimizer, side = ES(population_size=2, n_scout=1), list(worm.body.side)
    side[0] = {"dorsal": "ventral", "ventral": "dorsal"}[side[0]]
    bodies = [None, worm.body, replace(worm.body, side=side)]
    for number, body in enumerate(bodies):
        path, mine = tmp_path / str(number), FakeNetwork(replace(worm, body=body))
        evolve(mine, SphereTask(), optimizer, 1, out=path, progress=False)
        for other in bodies:
            network = FakeNetwork(replace(worm, body=other))
            if other is body:
                assert load_run(path, network=network, task=SphereTask()).network is network
                continue
            with pytest.raises(CheckpointError, match="another body map than the network's"):
                load_run(path, network=network, task=SphereTask())
    with pytest.raises(CheckpointError, match="another connectome than the network's"):
        load_run(tmp_path / "0", **FAKES)


def test_genomes_of_another_length_name_the_version_that_made_them(tmp_path):
    go(out=tmp_path / "run")
    network = FakeNetwork()
    network.layout = GenomeLayout([Part("encoder", np.zeros(7), 3.0, -5.0, 5.0)])
    words = (
        r"holds genomes of 6 parameters, but this conncore gives its network 7; the run was made"
    )
    for use in (load_run, score, resume):
        with pytest.raises(CheckpointError, match=words):
            use(tmp_path / "run", network=network, task=SphereTask())
