"""The real command, killed at any moment, on a real connectome and a real task."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

COMMAND = [sys.executable, "-m", "conncore"]
CHEAP = ["--task", "CartPole-v1", "--io", "dense", "--threads", "1"]
METHODS = {
    "es": ["--neuron", "alif", "--optimizer", "es", "--population", "12"],
    "ga": [
        "--neuron",
        "relu",
        "--optimizer",
        "ga",
        "--population",
        "19",
        "--slice-sigma",
        "log_weights=0.1",
    ],
}
N_GENERATIONS = 40
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def conncore(*arguments, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


def start(*arguments, **options):
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for_line(process, path, n_lines):
    """Wait until a run has `n_lines` generations or has ended."""
    file = Path(path, "metrics.jsonl")
    while process.poll() is None:
        if file.exists() and file.read_bytes().count(b"\n") >= n_lines:
            return
        time.sleep(0.002)


def reproducible(path):
    names = ["metrics.jsonl", "best.npz", *(f.name for f in path.glob("checkpoint-*.npz"))]
    return {name: (path / name).read_bytes() for name in sorted(names)}


@pytest.fixture(scope="module", params=sorted(METHODS))
def whole(request, tmp_path_factory):
    """The arguments of a run, and the directory of it uninterrupted."""
    path = tmp_path_factory.mktemp(request.param) / "whole"
    arguments = ["evolve", *CHEAP, *METHODS[request.param], "--generations", N_GENERATIONS]
    done = conncore(*arguments, "--out", path)
    assert done.returncode == 0, done.stderr
    assert f"{path}: " in done.stdout
    assert "held-out score: " in done.stdout
    assert f"curve: {path / 'curve.png'}" in done.stdout
    assert (path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert f"generation {N_GENERATIONS}/{N_GENERATIONS}" in done.stderr
    return arguments, path


@posix
def test_kills_at_random_moments_change_no_byte(whole, tmp_path):
    arguments, expected = whole
    path = tmp_path / "run"
    moments = random.Random(0)
    n_killed, n_lines = 0, 0
    for _ in range(30):
        resuming = path.exists()
        command = ["resume", path] if resuming else [*arguments, "--out", path]
        process = start(*command)
        if n_killed == 0:
            time.sleep(0.6 * moments.random())  # while it imports, or makes the directory
        else:
            wait_for_line(process, path, n_lines + moments.randint(1, 9))
            time.sleep(0.02 * moments.random())  # anywhere in a generation, writes included
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        # glfw, which MuJoCo imports, asks a process of its own, whose pipe breaks with a kill
        assert not ("Traceback" in errors and "conncore" in errors), errors
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, errors
        n_killed += 1
        if path.exists() and (path / "metrics.jsonl").exists():
            n_lines = (path / "metrics.jsonl").read_bytes().count(b"\n")
    else:
        done = conncore("resume", path)
        assert done.returncode == 0, done.stderr
    assert n_killed >= 4
    assert reproducible(path) == reproducible(expected)


@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_saves_and_says_how_to_resume(whole, tmp_path, number, status):
    arguments, expected = whole
    path = tmp_path / "run"
    process = start(*arguments, "--out", path)
    wait_for_line(process, path, 3)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    assert errors.splitlines()[-1].startswith("stopped after ")
    assert errors.splitlines()[-1].endswith(f"conncore resume {path}")
    assert "Traceback" not in errors
    n_lines = len((path / "metrics.jsonl").read_text().splitlines())
    assert f"stopped after {n_lines} of {N_GENERATIONS} generations" in errors
    done = conncore("resume", path)
    assert done.returncode == 0, done.stderr
    assert reproducible(path) == reproducible(expected)


@posix
def test_the_second_signal_stops_at_once(tmp_path):
    # A task that takes a minute a generation: only a stop at once ends in time.
    (tmp_path / "slow.py").write_text(
        "import time\n"
        "from fake_runs import FakeNetwork, SphereTask\n"
        "from conncore.evolution.evolve import evolve\n"
        "def before(call):\n"
        "    if call:\n"
        "        print('evaluating', flush=True)\n"
        "        time.sleep(60)\n"
        "evolve(FakeNetwork(), SphereTask(before), generations=3, out='run', progress=False)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "helpers")}
    process = subprocess.Popen(
        [sys.executable, "slow.py"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "evaluating\n"
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "\n"
    assert "press Ctrl-C again to stop at once" in process.stderr.readline()
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert process.returncode == -signal.SIGINT  # a shell shows 130
    assert (tmp_path / "run" / "checkpoint-0.npz").exists()


def test_threads_change_no_byte(whole, tmp_path):
    arguments, expected = whole
    path = tmp_path / "run"
    assert conncore(*arguments, "--threads", 2, "--out", path).returncode == 0
    assert reproducible(path) == reproducible(expected)


def test_score_repeats_the_runs_own(whole):
    _, path = whole
    done = conncore("score", path, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["scores"]) == len(found["seeds"]) == 32
    assert found["mean"] == pytest.approx(sum(found["scores"]) / 32)
    assert (
        f"held-out score: {found['mean']:.1f} +- {found['sd']:.1f}"
        in conncore("score", path).stdout
    )
    fewer = json.loads(conncore("score", path, "--json", "--starts", 4).stdout)
    assert fewer["scores"] == found["scores"][:4]
    other = json.loads(conncore("score", path, "--json", "--starts", 4, "--seed", 7).stdout)
    assert not set(other["seeds"]) & set(found["seeds"])


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")
def test_a_full_disk_is_one_line_and_loses_nothing(whole, tmp_path):
    import resource

    arguments, expected = whole
    path = tmp_path / "run"
    process = start(*arguments, "--out", path)
    wait_for_line(process, path, 3)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1000, 1000))  # no more than this a file
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    message = errors.splitlines()[-1]
    assert message.startswith(f"error: cannot write {path}")
    assert message.endswith(f"File too large; make room and run: conncore resume {path}")
    assert "Traceback" not in errors
    assert not list(path.glob(".*.tmp"))
    assert conncore("resume", path).returncode == 0
    assert reproducible(path) == reproducible(expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--connectome", "celegans"], "celegans"),
        (["--connectome", "missing.csv"], "missing.csv"),
        (["--neuron", "hodgkin"], "unknown neuron 'hodgkin'"),
        (["--task", "swimmer7"], "unknown task 'swimmer7'"),
        (["--io", "sparse"], "unknown io 'sparse'"),
        (["--weights", "both"], "unknown weights 'both'"),
        (["--engine", "bullet"], "bullet"),
        (["--optimizer", "adam"], "unknown optimizer 'adam'"),
        (["--population", "0"], "population_size is 0; give a whole number from 2 up"),
        (["--population", "7"], "population_size is 7; give an even number"),
        (
            ["--optimizer", "ga", "--population", "8"],
            "n_elites is 8; give fewer than population_size",
        ),
        (
            ["--optimizer", "ga", "--learning-rate", "1"],
            "has no setting 'learning_rate'; it has: n_elites, population_size, sigma",
        ),
        (["--sigma", "-1"], "sigma is -1.0; give a number above 0"),
        (["--population", "1000000000"], "population_size is 1000000000: with 46 parameters"),
        (["--sigma", "1e300"], "sigma is 1e+300; give a number up to 1e+06"),
        (["--sigma", "nan"], "sigma is nan; give a number above 0"),
        (["--pretrain", "0"], "generations is 0"),
        (["--generations", "0"], "generations is 0; give a whole number from 1 to 100000000"),
        (["--seed", "-1"], "seed is -1; give a whole number from 0"),
        (["--threads", "0"], "n_threads is 0"),
        (["--task", "CartPole-v1"], "anatomical"),
    ],
)
def test_wrong_use_is_one_line_and_writes_nothing(tmp_path, arguments, message):
    done = conncore("evolve", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert os.listdir(tmp_path) == []


def test_a_module_of_the_working_directory_has_the_task(tmp_path):
    (tmp_path / "my_pole.py").write_text(
        "import gymnasium\n"
        "gymnasium.register('Mine-v0', 'gymnasium.envs.classic_control:CartPoleEnv', "
        "max_episode_steps=5)\n"
    )
    command = [Path(sys.executable).with_name("conncore"), "evolve", "--task", "my_pole:Mine-v0"]
    command += ["--io", "dense", "--population", "4", "--generations", "1", "--out", "run"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    again = subprocess.run(
        [command[0], "score", "run", "--trust"], capture_output=True, text=True, cwd=tmp_path
    )
    assert again.stdout.startswith("held-out score: 5.0 "), again.stderr
    lost = subprocess.run([*command[:-1], "other"], capture_output=True, text=True)
    assert lost.returncode == 2
    assert "finds modules of the working directory" in lost.stderr
    assert lost.stderr.count("\n") == 1


def test_an_out_that_exists_is_left_alone(tmp_path):
    (tmp_path / "run").mkdir()
    done = conncore("evolve", *CHEAP, "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "error: run exists already; choose another directory, or resume the run "
        "(on the command line: --out, or conncore resume run)\n"
    )
    assert os.listdir(tmp_path / "run") == []


def test_a_run_without_out_is_named_after_its_settings(tmp_path):
    few = ["--population", "4", "--generations", "1"]
    done = conncore("evolve", *CHEAP, *few, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    name = "celegans-haspel2011_alif_dense_CartPole-v1_es_0"
    assert os.listdir(tmp_path / "runs") == [name]
    assert done.stdout.startswith(f"runs/{name}: ")


def test_a_damaged_checkpoint_is_one_line(whole, tmp_path):
    import shutil

    path = Path(shutil.copytree(whole[1], tmp_path / "run"))
    file = path / f"checkpoint-{N_GENERATIONS}.npz"
    file.write_bytes(file.read_bytes()[:1000])
    done = conncore("resume", path, "--generations", N_GENERATIONS + 1)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {file} is damaged")
    assert f"delete it to resume from checkpoint-{N_GENERATIONS - 1}.npz\n" in done.stderr


@pytest.mark.parametrize("chained", [False, True])
def test_ga_goes_on_from_an_es(tmp_path, chained):
    """ES on shared weights, then the GA on individual ones: two commands, or one."""
    task = [*CHEAP, "--neuron", "relu"]
    ga = ["--optimizer", "ga", "--population", "10", "--generations", "2", "--out", tmp_path / "ga"]
    es = tmp_path / ("ga-pretrain" if chained else "es")
    if chained:
        done = conncore("evolve", *task, *ga, "--pretrain", "2")
    else:
        first = conncore("evolve", *task, *METHODS["es"], "--generations", "2", "--out", es)
        assert first.returncode == 0, first.stderr
        done = conncore("evolve", *task, *ga, "--neuron", "alif", "--start", es)
    assert done.returncode == 0, done.stderr
    solution = np.load(es / "best.npz")
    lines = (tmp_path / "ga" / "metrics.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert first["best"] == first["mean"]  # all members are the solution
    assert solution["genome"].size < np.load(tmp_path / "ga" / "best.npz")["genome"].size
    assert 'start = "sha256:' in (tmp_path / "ga" / "config.toml").read_text()


@posix
def test_a_run_stopped_in_pretraining_goes_on_with_the_same_command(tmp_path):
    ga = ["--optimizer", "ga", "--population", "10", "--generations", "2", "--neuron", "relu"]
    command = ["evolve", *CHEAP, *ga, "--pretrain", "8", "--out"]
    whole = conncore(*command, tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    process = start(*command, tmp_path / "ga")
    wait_for_line(process, tmp_path / "ga-pretrain", 2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert errors.endswith("run the same command again to continue\n")
    assert not (tmp_path / "ga").exists()
    done = conncore(*command, tmp_path / "ga")
    assert done.returncode == 0, done.stderr
    for name in ("ga", "ga-pretrain"):
        assert reproducible(tmp_path / name) == reproducible(
            tmp_path / name.replace("ga", "whole", 1)
        )
    other = conncore("evolve", *CHEAP, *ga, "--pretrain", "9", "--out", tmp_path / "ga2")
    assert other.returncode == 0, other.stderr
    (tmp_path / "ga2").rename(tmp_path / "elsewhere")
    refused = conncore(*command, tmp_path / "ga2")
    assert refused.returncode == 2
    assert "ga2-pretrain is a run with other settings: generations is 9 there" in refused.stderr


def test_a_start_that_does_not_fit_is_one_line(tmp_path, whole):
    _, run = whole
    options = [*CHEAP, "--out", tmp_path / "x", "--generations", "1"]
    for extra, message in (
        (["--start", tmp_path / "none"], "none: no such directory"),
        (
            ["--start", run, "--io", "dense", "--task", "Acrobot-v1"],
            "holds genomes with the slices",
        ),
        (["--start", run, "--connectome", "celegans-haspel2011-segment"], "another connectome"),
        (["--start", run, "--pretrain", "3"], "give one of them"),
    ):
        done = conncore("evolve", *options, *extra)
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1
        assert message in done.stderr
        assert not (tmp_path / "x").exists()
