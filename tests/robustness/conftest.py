"""What all tests of multiverses share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def quick_files(monkeypatch):
    """Curves of runs, and waiting for the disk, take longer than these runs take."""
    monkeypatch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)
    monkeypatch.setattr("conncore.storage.os.fsync", lambda descriptor: None)
