"""Making tasks by name: options are checked, and simulators load only where they are needed."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.network.network import Network
from conncore.tasks import TASKS, Task, make_task
from conncore.tasks.mjcf import gymnasium_swimmer
from digits import write_mnist

SIMULATORS = {"mujoco", "gymnasium"}


def loaded(program):
    """Which simulators a Python program of its own loads."""
    report = f"; import sys; print(*({SIMULATORS} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program + report], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("program", "simulators"),
    [
        ("import conncore.tasks", set()),
        (
            "import conncore.tasks as t; t.make_task('mnist', batch=20, data={data!r})",
            set(),
        ),
        ("import conncore.tasks as t; t.make_task('swimmer6')", {"mujoco"}),
        ("import conncore.tasks as t; t.make_task('CartPole-v1')", {"gymnasium"}),
    ],
)
def test_simulators_load_only_where_they_are_needed(program, simulators, tmp_path):
    write_mnist(tmp_path)
    assert loaded(program.format(data=str(tmp_path))) == simulators


def needed(name, folder):
    """The options without which a task cannot be made in this test."""
    if name == "body":
        path = folder / "swimmer.xml"
        path.write_text(gymnasium_swimmer(3))
        return {"model": path}
    return {"batch": 20, "data": folder} if name == "mnist" else {}


def test_every_name_makes_a_task_of_that_name(tmp_path):
    write_mnist(tmp_path)
    for name in TASKS:
        task = make_task(name, **needed(name, tmp_path))
        assert isinstance(task, Task)
        assert task.name == name


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("swimmer6", {"engine": "warp"}, "unknown engine 'warp'"),
        ("swimmer6", {"observe": "smell"}, "choose one of: angles, angles[+]velocities"),
        ("Swimmer-v5", {"observe": "angles"}, "'Swimmer-v5' has no option 'observe'"),
        ("swimer", {}, f"one of: {', '.join(TASKS)}, or any id registered"),
        ("not an id", {}, "unknown task 'not an id'"),
    ],
)
def test_wrong_names_and_options_say_what_to_do(name, options, said):
    with pytest.raises(UsageError, match=said) as caught:
        make_task(name, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [*TASKS, "mujoco"])
def test_a_spawned_worker_takes_a_task_and_a_network(name, tmp_path, worm):
    """What it computes there has the same bits."""
    write_mnist(tmp_path)
    options = {"engine": "mujoco"} if name == "mujoco" else needed(name, tmp_path)
    task = make_task("swimmer6" if name == "mujoco" else name, **options)
    network = Network(worm, task, io="dense")
    genomes = network.random_genomes(2)
    genomes_file, task_file = tmp_path / "genomes.npy", tmp_path / "network.pickle"
    np.save(genomes_file, genomes)
    task_file.write_bytes(pickle.dumps(network))
    program = (
        "import pickle, sys, numpy as np; network = pickle.load(open(sys.argv[1], 'rb')); "
        "genomes = np.load(sys.argv[2]); "
        "print(network.task.evaluate(network, genomes, [1, 2], 1).tobytes().hex())"
    )
    command = [sys.executable, "-c", program, str(task_file), str(genomes_file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip() == task.evaluate(network, genomes, [1, 2]).tobytes().hex(), done
