"""The programs of the docs that use other packages run, and improve what they train."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import conncore.environments  # registers the environments

DOCS = Path(__file__).parents[1] / "docs"
PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
FIRST, *PROGRAMS = PROGRAM.findall((DOCS / "other-optimizers.md").read_text())
PACKAGES = ("cma", "nevergrad", "evosax", "evotorch")
CASES = list(zip(PACKAGES, PROGRAMS, strict=True))

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the other packages


@pytest.mark.parametrize(("package", "program"), CASES, ids=PACKAGES)
def test_the_program_of_the_page_improves_the_network(package, program):
    pytest.importorskip(package, reason=f"needs the package {package}")
    found = {}
    first = FIRST.replace("generations, members = 100, 32", "generations, members = 12, 16")
    assert first != FIRST
    exec(first, found)
    found["task"].n_steps = 100
    exec(program, found)
    net, task, genome = found["net"], found["task"], np.asarray(found["genome"])
    assert (net.layout.lower <= genome).all()
    assert (genome <= net.layout.upper).all()
    both = np.repeat([net.layout.initial, genome], 8, axis=0)
    start, end = task.evaluate(net, both, [*range(8)] * 2, split="held-out").reshape(2, 8)
    assert end.mean() > start.mean() + 1.0


def test_ppo_improves_on_the_swimmer():
    pytest.importorskip("stable_baselines3", reason="needs the package stable-baselines3")
    (program,) = [p for p in PROGRAM.findall((DOCS / "gymnasium.md").read_text()) if "PPO" in p]
    assert "conncore/Swimmer6-v0" in conncore.environments.ENVIRONMENTS
    found = {}
    exec(program.replace("steps = 100_000", "steps = 30_000"), found)
    assert found["after"] > found["before"]
