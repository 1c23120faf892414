"""``conncore reproduce``: its options; tests/paper runs the experiments."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from conncore.cli.app import app
from conncore.errors import UsageError


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("nose=1", "unknown key 'nose'"),
        ("observe", "has no ="),
        ("batch=9", "fig4-ga: batch does not apply here: the task swimmer6"),
        ("n-elites=8", "unknown key 'n_elites'"),
    ],
)
def test_a_wrong_setting_is_refused_before_the_directory_is_made(setting, message, tmp_path):
    out = tmp_path / "results"
    result = CliRunner().invoke(
        app, ["reproduce", "fig4-ga", "--set", setting, "--quick", "--out", str(out)]
    )
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
    assert not out.exists()
