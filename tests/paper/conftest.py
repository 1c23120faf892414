"""What all tests of the paper's experiments share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_curves(monkeypatch):
    """Each run's own curve takes longer to draw than these runs take."""
    monkeypatch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)
