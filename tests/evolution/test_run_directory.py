"""The run directory: whole or absent, and every kind of damage said in one line."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conncore import storage
from conncore.errors import CheckpointError, ConncoreError, UsageError
from conncore.evolution.evolve import evolve, resume, score
from conncore.evolution.run_directory import RunDirectory
from conncore.formats.npz import save_npz
from conncore.optimizers import ES
from fake_runs import FakeNetwork, SphereTask, tiny_connectome
from small_runs import go

OPTIMIZER = ES(population_size=8, n_scout=12)
FAKES = {"network": FakeNetwork(), "task": SphereTask()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "run"
    evolve(**FAKES, optimizer=OPTIMIZER, generations=4, out=path, progress=False)
    return path


@pytest.fixture
def run(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "run"))


def go_on(path, generations=6):
    return resume(path, generations=generations, progress=False, **FAKES)


def contents(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_a_finished_run_holds_these_files(run):
    assert sorted(os.listdir(run)) == [
        ".lock",
        "best.npz",
        "checkpoint-3.npz",
        "checkpoint-4.npz",
        "config.toml",
        "connectome.npz",
        "curve.png",
        "metrics.jsonl",
        "timing.jsonl",
    ]


def test_nothing_is_left_next_to_it(finished):
    assert os.listdir(finished.parent) == ["run"]


def test_config_says_everything(run):
    config = RunDirectory.open(run, write=False).config
    assert config["run"].keys() == {"seed", "generations", "threads", "date"}
    assert config["connectome"]["checksum"] == tiny_connectome().checksum
    assert config["optimizer"] == OPTIMIZER.describe()
    assert config["task"] == {"name": "sphere"}
    assert config["network"] == {"neuron": "fake", "io": "none"}
    packages = {"python", "conncore", "numpy", "mujoco", "gymnasium"}
    assert config["versions"].keys() == packages


def test_metrics_have_a_line_per_generation_and_no_times(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["generation"] for line in lines] == [0, 1, 2, 3]
    assert [line["n_evaluations"] for line in lines] == [20, 28, 36, 44]
    keys = ["generation", "best", "mean", "std", "n_failed", "n_evaluations", "sigma"]
    assert list(lines[0]) == keys
    timing = [json.loads(line) for line in (run / "timing.jsonl").read_text().splitlines()]
    assert [line["generation"] for line in timing] == [0, 1, 2, 3]
    assert all(line["seconds"] >= line["evaluate"] for line in timing)


def test_an_existing_place_is_left_alone(run):
    before = contents(run)
    with pytest.raises(UsageError, match="exists already; choose another directory"):
        evolve(**FAKES, generations=1, out=run, progress=False)
    assert contents(run) == before
    empty = run.parent / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match="exists already"):
        evolve(**FAKES, generations=1, out=empty, progress=False)
    assert os.listdir(empty) == []


def test_a_place_that_another_process_took_meanwhile_is_left_alone(tmp_path, monkeypatch):
    """Renaming a directory onto an empty one would take its place."""
    (tmp_path / "run").mkdir()
    before = (tmp_path / "run").stat().st_ino
    monkeypatch.setattr("conncore.evolution.evolve.check_free", lambda path: None)
    with pytest.raises(UsageError, match="exists already"):
        go("es", out=tmp_path / "run")
    assert os.listdir(tmp_path) == ["run"]
    assert (tmp_path / "run").stat().st_ino == before


def test_a_run_that_is_killed_before_its_first_scores_can_be_resumed(tmp_path):
    def copy(call):
        if call == 0:
            shutil.copytree(tmp_path / "run", tmp_path / "killed")

    whole = go("es", SphereTask(copy), out=tmp_path / "run")
    run = go_on(tmp_path / "killed", generations=6)
    assert np.array_equal(run.best.genome, whole.best.genome)
    assert np.array_equal(run.history, whole.history)


def test_folders_above_it_are_made(tmp_path):
    assert go("es", out=tmp_path / "new" / "deeper" / "run").path.is_dir()
    assert os.listdir(tmp_path / "new" / "deeper") == ["run"]


def test_a_place_below_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConncoreError, match=r"cannot write .*; choose another dir") as refused:
        go("es", out=tmp_path / "file" / "run")
    assert "\n" not in str(refused.value)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_failed_setup_leaves_nothing(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(ConncoreError, match="No space left"):
        evolve(**FAKES, generations=1, out=tmp_path / "run", progress=False)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_an_interrupted_write_keeps_the_old_file(tmp_path, monkeypatch, function):
    file = tmp_path / "file"
    storage.write_atomically(file, b"old")

    def fail(*arguments):
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        with pytest.raises(OSError, match="broken"):
            storage.write_atomically(file, b"new")
    assert contents(tmp_path) == {"file": b"old"}


def test_content_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    order, fsync, replace = [], os.fsync, os.replace

    def sync(handle):
        found = os.fstat(handle)
        order.append("directory" if stat.S_ISDIR(found.st_mode) else found.st_size)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", lambda *paths: (order.append("name"), replace(*paths)))
    storage.write_atomically(tmp_path / "file", b"content")
    assert order == [len(b"content"), "name", "directory"]


def test_equal_arrays_give_equal_bytes():
    arrays = {"a": np.arange(4.0), "b": np.array("text")}
    assert storage.pack_npz(**arrays) == storage.pack_npz(**arrays)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_checkpoint_names_itself_and_the_one_before(run, share):
    file = run / "checkpoint-4.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    before = contents(run)
    with pytest.raises(
        CheckpointError, match=r"checkpoint-4.npz is damaged.*checkpoint-3.npz"
    ) as e:
        go_on(run)
    assert "\n" not in str(e.value)
    assert contents(run) == before
    file.unlink()  # the advice
    assert len(go_on(run).history) == 6


def test_no_flipped_bit_goes_unnoticed(run):
    file = run / "checkpoint-4.npz"
    directory = RunDirectory.open(run, write=False)
    whole = bytearray(file.read_bytes())
    good = directory.load_checkpoint(OPTIMIZER.state_type)
    n_noticed = 0
    places = np.random.default_rng(0).integers(0, len(whole), 300)
    for place in places:
        damaged = whole.copy()
        damaged[place] ^= 1 << int(place % 8)
        file.write_bytes(damaged)
        try:
            loaded = directory.load_checkpoint(OPTIMIZER.state_type)
        except CheckpointError:
            n_noticed += 1
        else:  # a byte that carries nothing, such as a date in the zip's headers
            for name, array in good.state.arrays().items():
                assert np.array_equal(array, loaded.state.arrays()[name])
            assert np.array_equal(good.history, loaded.history)
            assert np.array_equal(good.best_genome, loaded.best_genome)
    assert n_noticed > 200


def rewrite(file, **changes):
    with np.load(file) as loaded:
        arrays = {name: loaded[name] for name in loaded.files} | changes
    buffer = io.BytesIO()
    np.savez(buffer, **{name: array for name, array in arrays.items() if array is not None})
    file.write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state.mean": None}, "is damaged .*state.mean|is damaged .*mean"),
        ({"history": None}, "is damaged .*history"),
        ({"history": np.zeros(4)}, "is damaged"),
        ({"format": None}, "format"),
        ({"format": np.array(99)}, "has format 99, but this conncore reads format 1"),
        ({"checksum": np.array("another")}, "belongs to another connectome"),
        ({"fingerprint": np.array("another")}, "other settings than config.toml"),
        ({"state.generation": np.array(3)}, "does not hold generation 4"),
    ],
)
def test_a_wrong_checkpoint_is_refused(run, changes, message):
    rewrite(run / "checkpoint-4.npz", **changes)
    with pytest.raises(CheckpointError, match=message):
        go_on(run)


def test_a_checkpoint_of_another_connectome_is_refused(run, tmp_path):
    other = tmp_path / "other"
    network = FakeNetwork(tiny_connectome(weight=3.0))
    options = {"optimizer": OPTIMIZER, "generations": 4, "progress": False}
    evolve(network, SphereTask(), out=other, **options)
    shutil.copy(other / "checkpoint-4.npz", run)
    with pytest.raises(CheckpointError, match=r"checkpoint-4.npz belongs to another connectome"):
        go_on(run)
    shutil.copy(other / "connectome.npz", run)
    with pytest.raises(CheckpointError, match=r"connectome.npz is not the connectome of this run"):
        go_on(run)


def test_a_pickle_is_never_loaded(run):
    rewrite(run / "checkpoint-4.npz", history=np.array([{}], dtype=object))
    with pytest.raises(CheckpointError, match="is damaged"):
        go_on(run)


def test_a_damaged_connectome_or_config_is_refused(run):
    whole = (run / "connectome.npz").read_bytes()
    (run / "connectome.npz").write_bytes(whole[:100])
    with pytest.raises(CheckpointError, match=r"connectome.npz cannot be read"):
        go_on(run)
    (run / "connectome.npz").write_bytes(whole)
    config = (run / "config.toml").read_text()
    (run / "config.toml").write_text(config[:50])
    with pytest.raises(CheckpointError, match=r"config.toml cannot be used"):
        go_on(run)


def test_an_edited_config_is_refused(run):
    config = (run / "config.toml").read_text()
    (run / "config.toml").write_text(config.replace("sigma = 0.1\n", "sigma = 0.2\n"))
    with pytest.raises(CheckpointError, match=r"other settings than config.toml"):
        go_on(run)


def test_a_directory_that_is_no_run_is_refused(tmp_path):
    for path, said in (
        (tmp_path, "is not a run directory"),
        (tmp_path / "missing", "/missing: no such directory$"),
        (tmp_path / "missing" / "deeper", "/deeper: no such directory$"),
    ):
        with pytest.raises(CheckpointError, match=said):
            resume(path)
        with pytest.raises(CheckpointError, match=said):
            score(path)
    assert os.listdir(tmp_path) == []


def test_a_run_without_checkpoints_is_refused(run):
    for file in run.glob("checkpoint-*"):
        file.unlink()
    with pytest.raises(CheckpointError, match="has no checkpoint"):
        go_on(run)


def test_a_damaged_solution_says_how_to_make_it_again(run):
    good = (run / "best.npz").read_bytes()
    (run / "best.npz").write_bytes(good[:200])
    with pytest.raises(CheckpointError, match=r"best.npz is damaged.*delete it and run: conncore"):
        score(run, **FAKES)
    with pytest.raises(CheckpointError, match=r"best.npz is damaged"):
        go_on(run, generations=10**8)  # at once, not at the end
    (run / "best.npz").unlink()
    go_on(run, generations=4)
    assert (run / "best.npz").read_bytes() == good


def test_resume_repairs_what_a_kill_leaves(run):
    metrics = (run / "metrics.jsonl").read_bytes()
    (run / "checkpoint-4.npz").unlink()
    (run / "metrics.jsonl").write_bytes(metrics + b'{"generation": 4, "be')
    with open(run / "timing.jsonl", "a") as file:
        file.write('{"genera')
    for name in (".checkpoint-4.npz.tmp", ".best.npz.tmp"):
        (run / name).write_bytes(b"half")
    go_on(run, generations=4)
    assert (run / "metrics.jsonl").read_bytes() == metrics
    assert len((run / "timing.jsonl").read_text().splitlines()) == 4
    assert not list(run.glob(".*.tmp"))


def test_only_one_process_runs_a_run(run):
    code = "import sys; from conncore.evolution.evolve import resume; resume(sys.argv[1])"
    directory = RunDirectory.open(run, write=True)
    before = contents(run)
    with pytest.raises(UsageError, match="in use by another process"):
        go_on(run)
    done = subprocess.run(
        [sys.executable, "-c", code, str(run)], capture_output=True, text=True, check=False
    )
    assert "in use by another process" in done.stderr
    assert contents(run) == before
    directory.close()
    assert len(go_on(run).history) == 6


def test_a_kill_frees_the_lock(run):
    code = (
        "import sys, time; from conncore.storage import lock_directory; from pathlib import Path; "
        "lock = lock_directory(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(run)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"locked\n"
    with pytest.raises(UsageError, match="in use by another process"):
        RunDirectory.open(run, write=True)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    assert len(go_on(run).history) == 6


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path):
    assert len(go("es", out=tmp_path / ("r" * 255)).history) == 6
    go_on(tmp_path / ("r" * 255))
    too_long = tmp_path / ("r" * 256)
    with pytest.raises(ConncoreError, match=r"cannot write .*; choose another dir") as refused:
        go("es", out=too_long)
    assert "\n" not in str(refused.value)
    assert os.listdir(tmp_path) == ["r" * 255]


def test_scoring_needs_no_lock(run):
    directory = RunDirectory.open(run, write=True)
    assert len(score(run, n_starts=3, **FAKES).scores) == 3
    directory.close()


def test_only_plain_arrays_are_written(run):
    for file in run.glob("*.npz"):
        with zipfile.ZipFile(file) as archive:
            assert all(name.endswith(".npy") for name in archive.namelist())
        np.load(file, allow_pickle=False)[archive.namelist()[0].removesuffix(".npy")]


def test_a_new_connectome_file_of_the_same_cells_is_accepted(run):
    save_npz(tiny_connectome(), run / "connectome.npz")
    assert len(go_on(run).history) == 6


def test_a_connectome_or_checkpoint_of_another_name_is_refused(run):
    save_npz(replace(tiny_connectome(), name="huge"), run / "connectome.npz")
    with pytest.raises(CheckpointError, match=r"has the name 'huge', config.toml has 'tiny'"):
        go_on(run)
    save_npz(tiny_connectome(), run / "connectome.npz")
    (run / "checkpoint-4.npz").rename(run / "checkpoint-5.npz")
    with pytest.raises(CheckpointError, match=r"checkpoint-5.npz does not hold generation 5"):
        go_on(run)
