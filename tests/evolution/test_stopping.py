"""Ctrl-C and SIGTERM: the run is saved, and the signal has its usual effect the second time."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from conncore.evolution.stopping import GracefulStop, RunStopped
from fake_runs import SphereTask
from small_runs import (
    N_GENERATIONS,
    go,
    go_on,
    reproducible,
)


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

    @pytest.mark.parametrize("descriptor", ["open", "closed"])
    def test_a_signal_during_scoring_ends_the_run_complete(self, tmp_path, monkeypatch, descriptor):
        def broken(*arguments):
            raise OSError("no space")

        if descriptor == "closed":
            monkeypatch.setattr("conncore.evolution.stopping.os.write", broken)
        calls = []

        def stop(call):
            calls.append(call)
            if call == 10:  # 3 batches of scouts, 6 generations, validation, held-out
                signal.raise_signal(signal.SIGTERM)

        with pytest.raises(RunStopped, match=r"stopped; .*run is complete") as stopped:
            go("es", SphereTask(stop), out=tmp_path / "run")
        assert stopped.value.exit_status == 143
        assert len(calls) == 11
        go("es", out=tmp_path / "whole")
        assert reproducible(tmp_path / "run") == reproducible(tmp_path / "whole")

    def test_a_signal_to_an_inner_context_that_ends_is_one_to_the_outer(self):
        """A study must not go on after a run that was just finished when the signal came."""
        handlers = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
        with GracefulStop() as outer:
            with GracefulStop():
                pass
            assert not outer.requested
            with GracefulStop():
                signal.raise_signal(signal.SIGTERM)
            assert outer.requested
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # the second ends all
            with pytest.raises(RunStopped) as stopped:
                outer.leave("stopped")
        assert stopped.value.exit_status == 143
        assert handlers == [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]

    def test_a_signal_during_validation_stops_before_scoring(self, tmp_path):
        task = SphereTask(lambda call: call == 9 and signal.raise_signal(signal.SIGTERM))
        with pytest.raises(RunStopped, match="stopped before scoring; resume with: ") as stopped:
            go("es", task, out=tmp_path / "run")
        assert stopped.value.exit_status == 143
        assert task.calls[-1][1] == "validation"
        assert not (tmp_path / "run" / "best.npz").exists()
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
