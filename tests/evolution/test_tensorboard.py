"""The files that TensorBoard reads have the numbers of the history."""

from __future__ import annotations

import struct
import sys

import numpy as np
import pytest

import conncore as cc
from small_runs import go


def scalars(folder):
    """Values by name and step, from the records of the event files: length, 4 bytes, content."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2", reason="needs tensorboardX")
    found = {}
    for file in sorted(folder.iterdir()):
        content = file.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            event = event_pb2.Event.FromString(content[12 : 12 + length])
            content = content[16 + length :]
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = value.simple_value
    return found


def test_scalars_are_those_of_the_history(tmp_path):
    pytest.importorskip("tensorboardX", reason="needs tensorboardX")
    with cc.TensorBoard(tmp_path / "logs") as board:
        run = go("es", callback=board)
        assert repr(board) == f"<TensorBoard: {tmp_path / 'logs'}>"
    found = scalars(tmp_path / "logs")
    names = {"best": "fitness", "mean": "fitness", "std": "fitness", "sigma": "run"}
    names |= {"n_failed": "run", "n_evaluations": "run"}
    for name, group in names.items():
        steps = found[f"{group}/{name}"]
        assert list(steps) == run.history["generation"].tolist()
        expected = run.history[name].astype(np.float32)
        np.testing.assert_array_equal(np.float32(list(steps.values())), expected)
    assert found.keys() == {f"{g}/{n}" for n, g in names.items()} | {
        "fitness/best_so_far", "run/seconds",
    }  # fmt: skip


def test_without_the_package_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(cc.UsageError, match=r"pip install 'conncore\[tensorboard\]'"):
        cc.TensorBoard(tmp_path)
    assert not list(tmp_path.iterdir())
