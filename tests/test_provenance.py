"""A result names what made it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import mujoco
import pytest

from conncore import provenance

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def test_versions_are_those_installed():
    names = ("conncore", "numpy", "gymnasium")
    expected = {"python": platform.python_version()} | {name: version(name) for name in names}
    expected["mujoco"] = mujoco.__version__
    assert provenance.versions() == expected


def test_now_is_in_utc_and_whole_seconds():
    moment = datetime.fromisoformat(provenance.now())
    assert moment.utcoffset() == timedelta(0)
    assert moment.microsecond == 0
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def repository(tmp_path, monkeypatch):
    """A repository of one commit that holds the module; a function that runs git in it."""

    def git(*arguments):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    module = tmp_path / "provenance.py"
    module.write_text("")
    git("add", ".")
    git("commit", "-qm", "one")
    git("tag", "-a", "v1", "-m", "one")
    monkeypatch.setattr(provenance, "__file__", str(module))
    return module, git


@needs_git
def test_the_commit_and_whether_it_was_changed(tmp_path, monkeypatch):
    module, git = repository(tmp_path, monkeypatch)
    found = provenance.commit()
    assert re.fullmatch("[0-9a-f]{7,40}", found)  # not the tag
    assert git("rev-parse", "HEAD").startswith(found)
    module.write_text("changed")
    assert provenance.commit() == f"{found}-dirty"


def test_no_repository_or_no_git_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.commit() == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.commit() == ""


def test_the_record(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/conncore", "evolve", "my worm.csv"])
    record = provenance.provenance()
    assert record["command"] == "conncore evolve 'my worm.csv'"
    assert record["versions"] == provenance.versions()
    assert record["commit"] == provenance.commit()
    assert (record["cores"], record["machine"]) == (os.cpu_count(), platform.platform())
    assert set(record) == {"command", "date", "commit", "versions", "machine", "cores"}
    monkeypatch.setattr(sys, "argv", [])
    assert provenance.provenance()["command"] == "''"
