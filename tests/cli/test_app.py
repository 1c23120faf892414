"""The command itself: its help, its version, and errors that exit with a status."""

from __future__ import annotations

import os
import subprocess
import sys

COMMAND = [sys.executable, "-m", "conncore"]


def conncore(*arguments, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


def test_wrong_options_exit_with_2(tmp_path):
    for arguments in (["evolve", "--speed", "9"], ["evolve", "--seed", "x"], ["fly"], ["resume"]):
        done = conncore(*arguments, cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == []


def test_help_and_version_are_quick_and_right():
    assert conncore("--version").stdout.startswith("conncore 0.")
    shown = conncore("--help").stdout
    assert all(name in shown for name in ("evolve", "resume", "score", "connectome", "doctor"))
    slow = {"numpy", "scipy", "matplotlib", "mujoco", "gymnasium"}
    code = f"import sys, conncore.cli; print({slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_completion_is_installed_and_completes(tmp_path):
    # Typer would install it for the shell that the tests run in.
    bash = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    home = {**os.environ, "HOME": str(tmp_path), **bash}
    done = conncore("--install-completion", "bash", env=home)
    assert done.returncode == 0, done.stderr
    (script,) = (tmp_path / ".bash_completions").iterdir()
    assert str(script) in (tmp_path / ".bashrc").read_text()
    assert "-F _conncore_completion conncore" in script.read_text()
    for words, found in (("conncore ev", ["evolve"]), ("conncore evolve --gen", ["--generations"])):
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
        done = conncore(env={**home, "_CONNCORE_COMPLETE": "complete_bash", **asked})
        assert done.stdout.split() == found
