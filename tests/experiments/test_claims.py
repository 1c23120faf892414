"""The rules by which a claim of the paper holds or not."""

from __future__ import annotations

import numpy as np

from conncore.experiments.claims import above, near, plateaus, reaches, similar
from conncore.experiments.study import Outcome
from outcomes import outcome, outcomes_of


def test_claims_follow_their_rules():
    found = outcomes_of(a=[10, 11, 12, 13, 14], b=[8, 9.5, 10, 11, 12.5], c=[1, 30, 2, 28, 9])
    assert above("", "a", "b", Outcome.end).judge(found).verdict == "holds"
    assert above("", "b", "a", Outcome.end).judge(found).verdict == "does not hold"
    assert above("", "a", "c", Outcome.end).judge(found).verdict == "does not hold"
    assert similar("", "a", "b", Outcome.end).judge(found).verdict == "holds"
    assert similar("", "a", "c", Outcome.end).judge(found).verdict == "does not hold"
    assert near("", "a", Outcome.end, 12.0, 1.0).judge(found).verdict == "holds"
    assert near("", "a", Outcome.end, 14.0, 0.5).judge(found).verdict == "does not hold"
    assert reaches("a", 11.9).judge(found).verdict == "holds"
    assert reaches("a", 12.1).judge(found).verdict == "does not hold"
    verdict = above("", "a", "b", Outcome.end).judge(found)
    assert verdict.low <= verdict.estimate <= verdict.high
    few = {arm: runs[:4] for arm, runs in found.items()}
    assert above("", "a", "b", Outcome.end).judge(few).verdict == "not tested"
    assert above("", "a", "b", Outcome.end).judge({}).verdict == "not tested"


def test_a_plateau_is_a_gain_that_came_early():
    early = [*np.linspace(0, 10, 10), *[10.0] * 30]
    curves = {"a": [outcome("a", s, np.array(early) + s) for s in range(5)]}
    assert plateaus("", "a").judge(curves).verdict == "holds"
    steady = outcomes_of(a=[10, 11, 12, 13, 14])
    assert plateaus("", "a").judge(steady).verdict == "does not hold"
