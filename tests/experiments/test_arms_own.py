"""Arms of one's own: other connectomes, and functions of a connectome and a seed."""

from __future__ import annotations

import numpy as np
import pytest

import conncore as cc
from conncore.errors import UsageError
from conncore.experiments.comparison import load_comparison


def shuffled(connectome, seed):
    return cc.make_null("random", connectome, seed)


def compare(nulls, out, seeds=2):
    worm = cc.load("celegans-haspel2011")
    task = cc.make_task("swimmer6")
    task.n_steps = 5
    optimizer = cc.GA(population_size=4, n_elites=1)
    return cc.compare(worm, task, nulls, seeds, out=out, optimizer=optimizer, generations=1)


def test_own_connectomes_and_functions_are_compared_like_names(tmp_path):
    other = cc.make_null("degree", cc.load("celegans-haspel2011"), 5)
    found = compare(["random", shuffled, other], tmp_path / "study")
    arm = other.name.replace(" (", "-").replace(", ", "-").replace(" ", "-").removesuffix(")")
    assert list(found.outcomes) == ["circuit", "random", "shuffled", arm]
    scores = {name: [one.score for one in runs] for name, runs in found.outcomes.items()}
    np.testing.assert_array_equal(scores["shuffled"], scores["random"])
    assert scores[arm] != scores["random"]
    assert str(load_comparison(tmp_path / "study")) == str(found)
    more = compare(["random", shuffled, other], tmp_path / "study", seeds=3)
    assert [one.score for one in more.outcomes["shuffled"]][:2] == scores["shuffled"]


def test_what_is_no_arm_is_refused(tmp_path):
    with pytest.raises(UsageError, match="shuffled, shuffled; give each name once"):
        compare([shuffled, shuffled], tmp_path / "a")

    def wrong(connectome, seed):
        return seed

    with pytest.raises(UsageError, match="null wrong returned a int; return a Connectome"):
        compare([wrong], tmp_path / "b")
