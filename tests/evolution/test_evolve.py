"""evolve, resume and score: the same numbers however a run is interrupted."""

from __future__ import annotations

import errno
import os
import signal
import threading

import numpy as np
import pytest

from conncore import storage
from conncore.errors import CheckpointError, ConncoreError, UsageError
from conncore.evolution.evolve import evolve, resume, score
from conncore.evolution.progress import RunProgress, duration
from conncore.evolution.stopping import RunStopped
from conncore.noise import start_seeds
from conncore.optimizers import CMA, ES, GA
from fake_runs import FakeNetwork, SphereTask, tiny_connectome

OPTIMIZERS = {
    "cma": CMA(population_size=10, n_scout=24),
    "ga": GA(population_size=10, n_elites=3, sigma=0.3, slice_sigma={"log_weights": 0.5}),
    "es": ES(population_size=10, n_scout=24),
}
N_GENERATIONS = 6
over_both = pytest.mark.parametrize("name", sorted(OPTIMIZERS))
REPRODUCIBLE = ("metrics.jsonl", "best.npz", "checkpoint-5.npz", "checkpoint-6.npz")


def go(name="es", task=None, **options):
    options = {"generations": N_GENERATIONS, "progress": False, "seed": 3} | options
    return evolve(FakeNetwork(), task or SphereTask(), OPTIMIZERS[name], **options)


def go_on(path, task=None, **options):
    return resume(path, progress=False, network=FakeNetwork(), task=task or SphereTask(), **options)


def reproducible(path):
    return {name: (path / name).read_bytes() for name in REPRODUCIBLE}


def crash_at(number):
    def before(call):
        if call == number:
            raise RuntimeError("crash")

    return before


def interrupt_at(number):
    def before(call):
        if call == number:
            raise KeyboardInterrupt

    return before


@over_both
def test_a_directory_changes_no_number(name, tmp_path):
    memory, disk = go(name), go(name, out=tmp_path / "run")
    assert np.array_equal(memory.best.genome, disk.best.genome)
    assert np.array_equal(memory.history, disk.history)
    assert (memory.path, disk.path) == (None, tmp_path / "run")
    assert memory.best.mean > -3  # of -30 for a random genome


def test_another_seed_is_another_run():
    assert not np.array_equal(go().best.genome, go(seed=4).best.genome)


@over_both
def test_every_interruption_resumes_to_the_same_bytes(name, tmp_path):
    task = SphereTask()
    whole = go(name, task, out=tmp_path / "whole")
    expected = reproducible(tmp_path / "whole")
    for number in range(1, len(task.calls)):
        path = tmp_path / str(number)
        with pytest.raises(RuntimeError, match="crash"):
            go(name, SphereTask(crash_at(number)), out=path)
        with pytest.raises(RuntimeError, match="crash"):  # and again in what is left, one later
            go_on(path, SphereTask(crash_at(1 if number < len(task.calls) - 1 else 0)))
        run = go_on(path)
        assert reproducible(path) == expected
        assert np.array_equal(run.history, whole.history)


@over_both
def test_every_failed_write_resumes_to_the_same_bytes(name, tmp_path, monkeypatch):
    go(name, out=tmp_path / "whole")
    expected = reproducible(tmp_path / "whole")
    real, calls = os.fsync, []

    def fails_at(number):
        def fsync(handle):
            calls.append(handle)
            if len(calls) == number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(handle)

        return fsync

    n_failed = 0
    for number in range(1, 40):
        path = tmp_path / str(number)
        calls.clear()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fails_at(number))
            message = ""
            try:
                go(name, out=path)
            except ConncoreError as error:
                message = str(error)
        if message:
            n_failed += 1
            assert "No space left on device" in message
            assert "\n" not in message
            assert not list(tmp_path.glob(f".{number}.*"))
            if not path.exists():  # it never began
                continue
            assert f"conncore resume {path}" in message
            assert not list(path.glob(".*.tmp"))
        go_on(path)
        assert reproducible(path) == expected
    assert n_failed > 10


@pytest.mark.parametrize("name", ["metrics.jsonl", "timing.jsonl"])
def test_a_line_that_does_not_fit_is_written_again(name, tmp_path, monkeypatch):
    go(out=tmp_path / "whole")
    import conncore.evolution.run_directory as room

    def full_open(file, mode="r", **options):
        stream = open(file, mode, **options)  # noqa: SIM115
        if str(file).endswith(name) and stream.tell() > 200:
            stream.write('{"gener')
            stream.close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return stream

    with monkeypatch.context() as patch:
        patch.setattr(room, "open", full_open, raising=False)
        with pytest.raises(ConncoreError, match=rf"cannot write .*{name}: No space left"):
            go(out=tmp_path / "run")
    go_on(tmp_path / "run")
    assert reproducible(tmp_path / "run") == reproducible(tmp_path / "whole")


def test_more_generations_are_those_a_longer_run_has(tmp_path):
    go(out=tmp_path / "run", generations=3)
    short = go_on(tmp_path / "run")  # nothing left to do
    assert len(short.history) == 3
    longer = go_on(tmp_path / "run", generations=N_GENERATIONS)
    whole = go(out=tmp_path / "whole")
    assert np.array_equal(longer.best.genome, whole.best.genome)
    assert reproducible(tmp_path / "run") == reproducible(tmp_path / "whole")
    assert longer.config["run"]["generations"] == N_GENERATIONS
    with pytest.raises(UsageError, match="has done 6 generations"):
        go_on(tmp_path / "run", generations=5)


def test_a_finished_run_is_not_evaluated_again(tmp_path):
    run = go(out=tmp_path / "run")
    task = SphereTask()
    again = go_on(tmp_path / "run", task)
    assert task.calls == []
    assert np.array_equal(again.best.scores, run.best.scores)


@over_both
def test_a_run_may_start_from_a_genome(name, tmp_path):
    start = np.linspace(-2, 2, 6)
    task = SphereTask()
    run = go(name, task, start=start, out=tmp_path / "run")
    first = task.calls[0]
    assert first[2] == 10  # no scouts
    at_start = SphereTask().evaluate(None, start[None], first[0])[0]
    if name == "ga":
        assert run.history["best"][0] == run.history["mean"][0] == pytest.approx(at_start)
    else:
        assert abs(run.history["mean"][0] - at_start) < 2.0
    assert run.config["run"]["start"].startswith("sha256:")
    assert run.history["mean"][-1] > at_start
    for wrong in (start[:5], start[None], np.full(6, np.nan)):
        with pytest.raises(UsageError, match=r"start has shape|not finite"):
            go(name, start=wrong, out=tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()


def test_a_kill_before_an_old_checkpoint_is_removed_leaves_nothing(tmp_path):
    """A kill may come between writing the last checkpoint and removing the oldest."""
    path = tmp_path / "run"
    go(out=path)
    (path / "checkpoint-4.npz").write_bytes((path / "checkpoint-5.npz").read_bytes())
    go_on(path)
    assert sorted(f.name for f in path.glob("checkpoint-*")) == [
        "checkpoint-5.npz",
        "checkpoint-6.npz",
    ]


def test_starts_are_shared_in_a_generation_and_never_held_out():
    task = SphereTask()
    go("es", task, seed=3)
    scouts, training, final = task.calls[:3], task.calls[3:-2], task.calls[-2:]
    starts = [start_seeds(3, "train", 1, generation=g)[0] for g in range(N_GENERATIONS)]
    assert scouts == [(starts[0], "train", n) for n in (10, 10, 4)]
    assert training == [(start, "train", 10) for start in starts]
    validation, held_out = start_seeds(3, "validation", 16), start_seeds(3, "held-out", 32)
    assert final == [(validation * 2, "validation", 32), (held_out, "held-out", 32)]


def test_history_is_what_was_measured():
    class Keeping(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            fitness = super().evaluate(network, genomes, seed, split=split)
            fitness[:2] = [np.nan, -np.inf]
            self.kept = [*getattr(self, "kept", []), fitness.copy()]
            return fitness

    task = Keeping()
    history = go("ga", task, generations=3).history
    for record, fitness in zip(history, task.kept[:3], strict=True):
        finite = fitness[2:]
        assert record["best"] == finite.max()
        assert record["mean"] == pytest.approx(finite.mean())
        assert record["std"] == pytest.approx(finite.std())
        assert record["n_failed"] == 2
    assert history["n_evaluations"].tolist() == [10, 20, 30]
    assert history["sigma"] == pytest.approx(0.3 * 0.997 ** np.arange(3))


def test_the_better_candidate_on_validation_starts_is_the_solution():
    class Lucky(SphereTask):
        """One scout is lucky in training; from other starts it is the worst there is."""

        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            fitness = super().evaluate(network, genomes, seed, split=split)
            if len(self.calls) == 1:
                fitness[5] = 1e6
                self.lucky = genomes[5].copy()
            fitness[(genomes == self.lucky).all(axis=1) & (len(self.calls) > 1)] = -1e6
            return fitness

    task = Lucky()
    run = go("es", task, generations=30)
    assert run.best.chosen == "center"
    assert run.best.mean > -30

    class Misleading(SphereTask):
        """After the first population, training rewards what the true score punishes."""

        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            fitness = super().evaluate(network, genomes, seed, split=split)
            if len(self.calls) == 1:
                self.best = genomes[np.argmax(fitness)].copy()
            return -1e6 - fitness if split == "train" and len(self.calls) > 1 else fitness

    task = Misleading()
    run = go("es", task, generations=30)
    assert run.best.chosen == "archive"
    assert np.array_equal(run.best.genome, task.best)


def test_a_run_in_which_everything_fails_ends_and_says_so(tmp_path):
    class Failing(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            return np.full(len(genomes), np.nan)

    run = go("ga", Failing(), out=tmp_path / "run", generations=2)
    assert run.best.chosen == "center"
    assert run.best.mean == -np.inf
    assert run.best.n_failed == 32
    assert '"best": null' in (tmp_path / "run" / "metrics.jsonl").read_text()


def test_score_repeats_the_runs_own_scores(tmp_path):
    run = go(out=tmp_path / "run")
    fakes = {"network": FakeNetwork(), "task": SphereTask()}
    again = score(tmp_path / "run", **fakes)
    assert np.array_equal(again.scores, run.best.scores)
    assert again.slices == {"encoder": slice(0, 4), "log_weights": slice(4, 6)}
    other = score(tmp_path / "run", n_starts=5, seed=99, **fakes)
    assert other.seeds.tolist() == start_seeds(99, "held-out", 5)
    assert np.array_equal(other.genome, run.best.genome)
    with pytest.raises(UsageError, match="n_starts"):
        score(tmp_path / "run", n_starts=0, **fakes)


def test_score_of_an_unfinished_run_takes_the_solution_so_far(tmp_path):
    with pytest.raises(RuntimeError, match="crash"):
        go("ga", SphereTask(crash_at(4)), out=tmp_path / "run")
    best = score(tmp_path / "run", network=FakeNetwork(), task=SphereTask())
    assert best.generation == 4
    assert np.array_equal(best.genome, go("ga", generations=4).best.genome)
    assert not (tmp_path / "run" / "best.npz").exists()


def test_a_task_that_fails_at_once_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="crash"):
        go(task=SphereTask(crash_at(0)), out=tmp_path / "run")
    assert os.listdir(tmp_path) == []


def test_a_resume_that_fails_at_once_removes_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        go(task=SphereTask(interrupt_at(0)), out=tmp_path / "run")
    with pytest.raises(RuntimeError, match="crash"):
        go_on(tmp_path / "run", SphereTask(crash_at(0)))
    assert len(go_on(tmp_path / "run").history) == N_GENERATIONS


@pytest.mark.parametrize(
    "options",
    [{"generations": 0}, {"generations": 1.5}, {"n_threads": 0}, {"seed": -1}, {"seed": 2**63}],
)
def test_wrong_arguments_write_nothing(tmp_path, options):
    with pytest.raises(UsageError):
        go(out=tmp_path / "run", **options)
    assert os.listdir(tmp_path) == []


def test_fitness_of_the_wrong_shape_is_refused():
    class Wrong(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            return np.zeros((len(genomes), 1))

    with pytest.raises(UsageError, match=r"task sphere returned fitness of shape \(10, 1\)"):
        go(task=Wrong())


def test_resume_refuses_another_network(tmp_path):
    go(out=tmp_path / "run")
    other = FakeNetwork(tiny_connectome(weight=9.0))
    with pytest.raises(CheckpointError, match="another connectome"):
        resume(tmp_path / "run", network=other, task=SphereTask())
    shorter = FakeNetwork()
    shorter.layout.n_parameters = 5
    with pytest.raises(CheckpointError, match=r"genomes of 6 parameters.* network 5"):
        resume(tmp_path / "run", network=shorter, task=SphereTask())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
class TestSignals:
    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_the_first_waits_for_the_generation_and_saves(self, tmp_path, number, status):
        handlers = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
        task = SphereTask(lambda call: call == 4 and signal.raise_signal(number))
        with pytest.raises(RunStopped, match="stopped after 2 of 6 generations") as stopped:
            go("es", task, out=tmp_path / "run")
        assert stopped.value.exit_status == status
        assert f"conncore resume {tmp_path / 'run'}" in str(stopped.value)
        assert handlers == [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
        assert (tmp_path / "run" / "checkpoint-2.npz").exists()
        go("es", out=tmp_path / "whole")
        go_on(tmp_path / "run")
        assert reproducible(tmp_path / "run") == reproducible(tmp_path / "whole")

    def test_without_a_directory_ctrl_c_stops_at_once(self):
        task = SphereTask(lambda call: call == 4 and signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            go("es", task)
        assert len(task.calls) == 4

    def test_an_ignored_signal_stays_ignored(self, tmp_path):
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            task = SphereTask(lambda call: call == 4 and signal.raise_signal(signal.SIGINT))
            assert len(go("es", task, out=tmp_path / "run").history) == N_GENERATIONS
        finally:
            signal.signal(signal.SIGINT, before)

    def test_a_run_in_another_thread_works(self, tmp_path):
        runs = []
        thread = threading.Thread(target=lambda: runs.append(go(out=tmp_path / "run")))
        thread.start()
        thread.join()
        assert len(runs[0].history) == N_GENERATIONS


def test_a_checkpoint_holds_the_elites_and_not_the_population(tmp_path):
    optimizer = GA(population_size=750)
    evolve(FakeNetwork(), SphereTask(), optimizer, 2, out=tmp_path / "run", progress=False)
    genomes = 8 * 6 * 750
    assert (tmp_path / "run" / "checkpoint-2.npz").stat().st_size < genomes / 4


def test_plain_progress_lines(capsys, monkeypatch):
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with RunProgress(10) as progress:
        for generation in range(10):
            progress.advance(generation, best=12.5, mean=-3.25, n_episodes=200, seconds=2.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "generation 1/10  best 12.5  mean -3.25  100 episodes/s  18s left"
    assert [line.split()[1] for line in lines] == ["1/10", "4/10", "7/10", "10/10"]
    with RunProgress(10, enabled=False) as progress:
        progress.advance(0, 0.0, 0.0, 1, 1.0)
    assert capsys.readouterr().err == ""


def test_durations():
    texts = [duration(s) for s in (0.2, 59.4, 59.6, 187, 3599.9, 3600, 3 * 3600 + 5 * 60)]
    assert texts == ["0s", "59s", "1m00s", "3m07s", "1h00", "1h00", "3h05"]


def test_a_full_disk_at_a_checkpoint_keeps_the_older_one(tmp_path, monkeypatch):
    real = storage.write_atomically

    def write(file, content):
        if file.name == "checkpoint-3.npz":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file, content)

    monkeypatch.setattr("conncore.evolution.run_directory.write_atomically", write)
    with pytest.raises(ConncoreError, match=r"cannot write .*checkpoint-3.npz: No space left"):
        go(out=tmp_path / "run")
    names = sorted(file.name for file in (tmp_path / "run").glob("checkpoint*"))
    assert names == ["checkpoint-1.npz", "checkpoint-2.npz"]
