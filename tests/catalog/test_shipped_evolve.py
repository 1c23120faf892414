"""Every connectome of the catalog evolves on a task, or says in one line what it lacks."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from conncore.catalog.shipped import list_connectomes
from conncore.cli.app import app
from conncore.errors import UsageError

RUN = ["evolve", "--task", "swimmer6", "--io", "dense", "--population", "4"]
RUN += ["--generations", "1", "--threads", "1", "--max-steps", "20"]


@pytest.mark.parametrize("name", [entry.name for entry in list_connectomes()])
def test_a_generation_of_every_connectome(name, tmp_path):
    (entry,) = (entry for entry in list_connectomes() if entry.name == name)
    words = [*RUN, "--connectome", name, "--out", str(tmp_path / "run")]
    if entry.n_signed < entry.n_edges:
        refused = CliRunner().invoke(app, words).exception
        assert isinstance(refused, UsageError)
        unknown = f"the sign of {entry.n_edges - entry.n_signed} of {entry.n_edges} chemical edges"
        assert unknown in str(refused)
        assert "settle_signs: excitatory, drop or random" in str(refused)
        assert "\n" not in str(refused)
        words += ["--unknown-signs", "random", "--excitatory-share", "0.7"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.exception
    assert "held-out score" in result.stdout
    assert (tmp_path / "run" / "best.npz").is_file()
