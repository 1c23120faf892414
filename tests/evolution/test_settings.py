"""A run keeps its settings: no other network, task, seed or version takes it over in silence."""

from __future__ import annotations

import copy
import shutil
import tomllib

import numpy as np
import pytest
import tomli_w

import conncore as cc
from conncore.errors import CheckpointError
from conncore.evolution import restore
from conncore.evolution.evolve import evolve, resume, score
from conncore.evolution.restore import load_run
from conncore.evolution.run_directory import RunDirectory
from conncore.optimizers import ES
from conncore.storage import pack_npz, read_npz
from conncore.tasks import make_task
from fake_runs import FakeNetwork, SphereTask, tiny_connectome
from small_runs import go, go_on

TASK = make_task("MountainCarContinuous-v0", max_steps=5)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "run"
    network = cc.Network(tiny_connectome(), TASK, "alif", "dense")
    optimizer = ES(population_size=4, n_scout=4)
    evolve(network, TASK, optimizer, 2, out=path, progress=False, n_threads=1)
    return path


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def edit(run, change, keep_digest=False):
    file = run / "config.toml"
    config = tomllib.loads(file.read_text())
    if not keep_digest:
        del config["digest"]  # as in a run of an early version
    change(config)
    file.write_text(tomli_w.dumps(config))


def calls(run, n=3, **given):
    yield lambda: resume(run, n, progress=False, **given)
    yield lambda: score(run, 2, **given)
    yield lambda: load_run(run, **given)


def test_another_network_or_task_is_refused_by_its_first_difference(run):
    other = make_task("MountainCarContinuous-v0", max_steps=6)
    lif = cc.Network(tiny_connectome(), TASK, "lif", "dense")
    slow = cc.Network(tiny_connectome(), TASK, "alif", "dense", steps_per_action=2)
    for given, words in (
        ({"network": lif}, r"network.neuron is 'alif' there and 'lif' in the network given"),
        ({"network": slow}, r"network.steps_per_action is 1 there and 2 in the network given"),
        ({"task": other}, r"task.max_steps is 5 there and 6 in the task given"),
    ):
        for call in calls(run, **given):
            with pytest.raises(CheckpointError, match=words) as refused:
                call()
            assert "\n" not in str(refused.value)
    same = cc.Network(tiny_connectome(), TASK, "alif", "dense")
    for call in calls(run, network=same, task=TASK):
        call()


def test_an_option_that_an_early_version_did_not_have_is_no_difference(run):
    edit(run, lambda config: config["network"].pop("steps_per_action"))
    directory = RunDirectory.open(run, write=False)
    one = cc.Network(tiny_connectome(), TASK, "alif", "dense")
    restore.restore(directory, one, TASK, False)
    two = cc.Network(tiny_connectome(), TASK, "alif", "dense", steps_per_action=2)
    with pytest.raises(CheckpointError, match="steps_per_action is 1 there and 2"):
        restore.restore(directory, two, TASK, False)


def test_changed_versions_are_said_once_and_recorded(run, monkeypatch, capfd):
    resume(run, 3, progress=False)
    assert capfd.readouterr().err == ""
    before = RunDirectory.open(run, write=False)
    now = restore.versions() | {"numpy": "9.9"}
    monkeypatch.setattr(restore, "versions", lambda: now)
    resume(run, 4, progress=False)
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert f"numpy {np.__version__} is now 9.9" in said
    after = RunDirectory.open(run, write=False)
    (entry,) = after.config["resumed"]
    assert (entry["generation"], entry["versions"]) == (3, {"numpy": "9.9"})
    assert entry["date"].microsecond == 0
    assert after.fingerprint == before.fingerprint
    resume(run, 5, progress=False)
    score(run, 2)
    assert capfd.readouterr().err == ""
    monkeypatch.undo()
    score(run, 2)
    assert "numpy 9.9 is now" in capfd.readouterr().err


def test_the_fingerprint_covers_every_setting(run):
    config = RunDirectory.open(run, write=False).config

    def fingerprint(section, key, value):
        changed = copy.deepcopy(config)
        changed[section][key] = value
        return RunDirectory(run, changed).fingerprint

    settings = [("run", "seed", 1), ("run", "start", "sha256:" + "0" * 64)]
    settings += [("connectome", "checksum", "0" * 64), ("network", "neuron", "lif")]
    settings += [("task", "max_steps", 6), ("optimizer", "sigma", 0.2)]
    found = {fingerprint(*setting) for setting in settings}
    assert len(found | {RunDirectory(run, config).fingerprint}) == len(settings) + 1
    assert fingerprint("run", "threads", 99) == RunDirectory(run, config).fingerprint
    turned = {key: dict(reversed(part.items())) for key, part in config.items()}
    assert list(turned["network"]) != list(config["network"])
    assert RunDirectory(run, turned).fingerprint == RunDirectory(run, config).fingerprint


def test_another_seed_is_refused_in_a_run_of_an_early_version(run):
    edit(run, lambda config: config["run"].update(seed=1))
    for call in calls(run):
        with pytest.raises(CheckpointError, match=r"other settings|belongs to another run"):
            call()


@pytest.mark.parametrize("field", [("seed", 1), ("generations", 9), ("threads", 7)])
def test_an_edited_config_is_noticed_at_opening(run, field):
    edit(run, lambda config: config["run"].update([field]), keep_digest=True)
    for call in calls(run):
        with pytest.raises(CheckpointError, match=r"config.toml cannot be used: it was edited"):
            call()


@pytest.mark.parametrize(
    ("section", "key", "value", "words"),
    [
        ("run", "seed", -1, "run.seed is -1; it must be a whole number from 0 up"),
        ("run", "seed", True, "run.seed is True"),
        ("run", "generations", 0, "run.generations is 0"),
        ("run", "generations", 2.0, "run.generations is 2.0"),
        ("run", "threads", "1", "run.threads is '1'"),
        ("run", "date", "today", "run.date is 'today'; it must be a date"),
        ("run", "start", "x", "run.start is 'x'"),
        ("run", "sed", 0, "the field run.sed is unknown"),
        ("connectome", "checksum", "0", "connectome.checksum is '0'"),
        ("connectome", "n_cells", -2, "connectome.n_cells is -2"),
        ("task", "name", 3, "task.name is 3"),
        ("optimizer", "name", "", "optimizer.name is ''"),
        ("versions", "numpy", 2, "versions is"),
        ("run", "seed", None, "the field run.seed is missing"),
        ("task", None, None, "the field task is missing"),
        ("resumed", None, [1], "resumed is not a table of fields"),
    ],
)
def test_every_field_of_the_config_is_checked(run, section, key, value, words):
    def change(config):
        place, name = (config, section) if key is None else (config[section], key)
        if value is None:
            del place[name]
        else:
            place[name] = value

    edit(run, change)
    for call in calls(run):
        with pytest.raises(CheckpointError) as refused:
            call()
        assert f"config.toml cannot be used: {words}" in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "[]", "{", '{"generation": 1, "evaluate": 0.1}', '{"generation": 0.5, "seconds": 1}',
        '{"generation": 1, "seconds": -1, "evaluate": 0}',
        '{"generation": 1, "seconds": NaN, "evaluate": 0}',
        '{"generation": 0, "seconds": 1, "evaluate": 0}',
    ],
)  # fmt: skip
def test_every_line_of_the_times_is_checked_at_opening(run, line):
    file = run / "timing.jsonl"
    lines = file.read_text().splitlines()
    file.write_text(f"{lines[0]}\n{line}\n")
    for call in calls(run):
        with pytest.raises(CheckpointError, match=r"timing.jsonl is damaged \(line 2: .*delete it"):
            call()
    file.unlink()  # the advice
    resume(run, 3, progress=False)


def test_a_solution_of_another_seed_is_refused(tmp_path):
    for seed in (3, 4):
        go(out=tmp_path / str(seed), seed=seed)
    shutil.copy(tmp_path / "4" / "best.npz", tmp_path / "3")
    given = {"network": FakeNetwork(), "task": SphereTask()}
    for call in calls(tmp_path / "3", 7, **given):
        with pytest.raises(CheckpointError, match=r"best.npz belongs to another run"):
            call()


def test_an_edited_history_is_noticed(tmp_path):
    go(out=tmp_path / "run")
    file = tmp_path / "run" / "metrics.jsonl"
    file.write_text(file.read_text().replace('"n_failed": 0', '"n_failed": 1', 1))
    given = {"network": FakeNetwork(), "task": SphereTask()}
    with pytest.raises(CheckpointError, match=r"metrics.jsonl .*not the history of best.npz"):
        load_run(tmp_path / "run", **given)
    go_on(tmp_path / "run")  # the advice
    load_run(tmp_path / "run", **given)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("history", lambda a: a[:, None]),
        ("history", lambda a: a["best"]),
        ("best_genome", lambda a: a[:-1]),
        ("best_genome", lambda a: a.astype(np.float32)),
        ("best_genome", lambda a: a * np.nan),
        ("best_fitness", lambda a: a - 1000),
        ("best_fitness", lambda a: np.array(np.inf)),
        ("n_evaluations", lambda a: a + 1),
        ("n_evaluations", lambda a: np.array("5")),
        ("state.mean", lambda a: a[None]),
        ("state.mean", lambda a: a[1:]),
        ("state.mean", lambda a: a.astype(np.complex128)),
        ("state.mean", lambda a: np.where(a == a.max(), np.nan, a)),
        ("state.moment2", lambda a: a + np.inf),
        ("state.scouts", lambda a: a[:, 1:]),
        ("state.seed", lambda a: a + 1),
        ("state.generation", lambda a: np.array([6, 6])),
        ("state.generation", lambda a: a * 1.0),
        ("state.lower", lambda a: a * np.nan),
        ("state.lower", lambda a: a + 1000),
    ],
)
@pytest.mark.parametrize("early", [False, True])
def test_every_array_of_a_checkpoint_is_checked(tmp_path, name, change, early):
    """The files of an early version have no digest."""
    go(out=tmp_path / "run")
    file = tmp_path / "run" / "checkpoint-6.npz"
    arrays = read_npz(file, "")
    digest = arrays.pop("digest")
    del arrays["format"]
    arrays[name] = change(arrays[name])
    content = {**arrays, "format": np.array(1)} | ({} if early else {"digest": digest})
    with open(file, "wb") as stream:
        np.savez(stream, **content)
    with pytest.raises(CheckpointError, match=r"checkpoint-6.npz (is damaged|does not hold)"):
        go_on(tmp_path / "run", generations=7)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("optimizer", lambda a: np.array("ga")),
        ("optimizer", lambda a: np.array(1)),
        ("leader_fitness", lambda a: np.zeros(1)),
        ("recent", lambda a: a * np.nan),
        ("recent", lambda a: a[:, :1]),
        ("starts.1.mean", lambda a: a * np.nan),
        ("starts.1.mean", lambda a: a[1:]),
        ("starts.0.seed", lambda a: a * 1.0),
        ("starts.0.lower", lambda a: a + 1000),
    ],
)
def test_the_states_of_all_starts_are_checked(tmp_path, name, change):
    go("halving", out=tmp_path / "run")
    file = tmp_path / "run" / "checkpoint-6.npz"
    arrays = read_npz(file, "")
    del arrays["digest"], arrays["format"]
    assert "state.starts.1.mean" in arrays
    arrays[f"state.{name}"] = change(arrays[f"state.{name}"])
    with open(file, "wb") as stream:
        np.savez(stream, **arrays, format=np.array(1))
    with pytest.raises(CheckpointError, match=r"checkpoint-6.npz is damaged"):
        go_on(tmp_path / "run", generations=7)


def test_an_edited_number_of_a_checkpoint_is_noticed(tmp_path):
    go(out=tmp_path / "run")
    file = tmp_path / "run" / "checkpoint-6.npz"
    arrays = read_npz(file, "")
    arrays["state.mean"] += 1e-9
    with open(file, "wb") as stream:
        np.savez(stream, **arrays)
    with pytest.raises(CheckpointError, match=r"is damaged \(it was changed after"):
        go_on(tmp_path / "run", generations=7)


def test_a_solution_of_an_early_version_is_checked_too(tmp_path):
    """Its file has no digest, so only its values can show that it is damaged."""
    go(out=tmp_path / "run")
    file = tmp_path / "run" / "best.npz"
    arrays = read_npz(file, "")
    del arrays["digest"]
    given = {"network": FakeNetwork(), "task": SphereTask()}
    with open(file, "wb") as stream:
        np.savez(stream, **arrays | {"genome": arrays["genome"] * np.nan})
    for call in calls(tmp_path / "run", 7, **given):
        with pytest.raises(CheckpointError, match=r"best.npz is damaged \(genome is not finite\)"):
            call()
    with open(file, "wb") as stream:
        np.savez(stream, **arrays)
    for call in calls(tmp_path / "run", 7, **given):
        call()


def test_all_bytes_of_an_npz_file_are_checked(tmp_path):
    """NumPy reads no more than the header of an array asks for."""
    file = tmp_path / "file.npz"
    whole = pack_npz(a=np.arange(9.0))
    assert whole.count(b"'shape': (9,)") == 1
    file.write_bytes(whole.replace(b"'shape': (9,)", b"'shape': (1,)"))
    with pytest.raises(CheckpointError, match="wrong checksum"):
        read_npz(file, "")


def test_a_finished_run_without_its_newest_checkpoint_keeps_its_solution(tmp_path):
    run = go(out=tmp_path / "run")
    (tmp_path / "run" / "checkpoint-6.npz").unlink()
    best = score(tmp_path / "run", network=FakeNetwork(), task=SphereTask())
    assert best.generation == 6
    assert np.array_equal(best.scores, run.best.scores)
