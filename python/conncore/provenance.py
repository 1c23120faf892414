"""The provenance of a result: command, date, commit, versions and machine."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

# The packages that results depend on, each with the distribution that has it.
PACKAGES = {
    "conncore": "conncore",
    "numpy": "numpy",
    "mujoco": "mujoco-core",
    "gymnasium": "gymnasium",
}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version()} | {
        name: version(distribution) for name, distribution in PACKAGES.items()
    }


def commit() -> str:
    """Return the commit of the checkout that this code is in; "" for an installed wheel."""
    here = Path(__file__).resolve().parent
    git = ["git", "-C", str(here), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        found = subprocess.run(git, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return found.stdout.strip()


def now() -> str:
    """Return the date and time in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def provenance() -> dict[str, Any]:
    """Return the provenance of a result that is computed now, as plain values."""
    program = Path(sys.argv[0]).name if sys.argv else ""
    return {
        "command": shlex.join([program, *sys.argv[1:]]),
        "date": now(),
        "commit": commit(),
        "versions": versions(),
        "machine": platform.platform(),
        "cores": os.cpu_count(),
    }
