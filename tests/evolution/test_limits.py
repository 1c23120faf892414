"""Settings that no machine can run: each is one line, and nothing is written."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.evolution.evolve import evolve, resume, score
from conncore.evolution.limits import check_members, machine_memory
from conncore.optimizers import ES, GA
from fake_runs import FakeNetwork, SphereTask
from small_runs import go


@pytest.mark.parametrize(
    ("optimizer", "generations", "said"),
    [
        (ES(population_size=10**9), 1, "population_size is 1000000000: .* GB of memory; this mac"),
        (ES(population_size=10**18), 1, "population_size is 1000000000000000000: .*smaller pop"),
        (GA(population_size=10**12), 1, "use a smaller population"),
        (ES(sigma=1e300), 1, r"sigma is 1e\+300; give a number up to 1e\+06"),
        (GA(sigma=1e7), 1, r"sigma is 1e\+07; give a number up to"),
        (ES(), 0, "generations is 0; give a whole number from 1 to 100000000"),
        (ES(), 10**9, "generations is 1000000000; give"),
        (ES(), 1e300, "generations is 1e[+]300; give"),
        (ES(), np.nan, "generations is nan; give"),
    ],
)
def test_absurd_settings_are_refused(tmp_path, optimizer, generations, said):
    with pytest.raises(UsageError, match=said) as refused:
        evolve(FakeNetwork(), SphereTask(), optimizer, generations, out=tmp_path / "run")
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_absurd_numbers_of_a_run_are_refused(tmp_path):
    go("es", out=tmp_path / "run")
    given = {"network": FakeNetwork(), "task": SphereTask()}
    for n_starts in (10**9, 10**18):
        with pytest.raises(UsageError, match=f"n_starts is {n_starts}: .*use fewer starts"):
            score(tmp_path / "run", n_starts, **given)
    for n_starts in (0, 1e300, np.nan):
        with pytest.raises(UsageError, match=r"n_starts is .*; give a whole number from 1"):
            score(tmp_path / "run", n_starts, **given)
    with pytest.raises(UsageError, match="generations is 1000000000; give"):
        resume(tmp_path / "run", 10**9, **given)


def test_what_the_machine_can_hold_is_taken(monkeypatch):
    network = FakeNetwork()  # 6 parameters: 4 arrays of 48 bytes per member
    monkeypatch.setattr("conncore.evolution.limits.machine_memory", lambda: 192_000)
    check_members("n", 1000, network, "take less")
    said = "n is 1001: with 6 parameters, it needs about 0.000192 GB of memory; this machine has 0 "
    with pytest.raises(UsageError, match=f"{said}GB; take less"):
        check_members("n", 1001, network, "take less")
    monkeypatch.setattr("conncore.evolution.limits.machine_memory", lambda: None)
    check_members("n", 10**9, network, "take less")
    with pytest.raises(UsageError, match="GB of memory; take less"):
        check_members("n", 10**10, network, "take less")


def test_the_memory_of_this_machine():
    memory = machine_memory()
    assert memory is None or 10**8 < memory < 10**15
