"""Sequential looks: published boundaries, simulated error rates, and studies that stop."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal
from typer.testing import CliRunner

from conncore.bench.subjects.error_rates import rates
from conncore.cli.app import app
from conncore.errors import UsageError
from conncore.experiments.claims import Claim, judge
from conncore.experiments.comparison_rows import compare_rows
from conncore.experiments.sequential import Looks, nominal_levels, plan_looks, spent
from conncore.experiments.statistics import detectable, holm, p_above, t_interval
from outcomes import outcomes_of

#: One-sided boundaries at 2.5%, from the tables of Lan & DeMets (1983) and of the program ldbounds.
PUBLISHED = {
    1: [1.9600],
    2: [2.9626, 1.9686],
    3: [3.7103, 2.5114, 1.9930],
    5: [4.8769, 3.3569, 2.6803, 2.2898, 2.0310],
}
TENTHS = Looks((10, 20, 30, 40))


@pytest.mark.parametrize("n_looks", PUBLISHED)
def test_boundaries_are_the_published_ones(n_looks):
    fractions = tuple(look / n_looks for look in range(1, n_looks + 1))
    found = -ndtri(nominal_levels(0.025, fractions))
    assert found == pytest.approx(PUBLISHED[n_looks], abs=2e-4)


def test_a_look_spends_what_it_may():
    """SciPy's probability that no look rejects, for looks at unequal distances."""
    fractions = (0.3, 0.5, 1.0)
    limits = -ndtri(nominal_levels(0.05, fractions))
    for n in (1, 2, 3):
        t = np.array(fractions[:n])
        correlation = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
        none = multivariate_normal(np.zeros(n), correlation).cdf(limits[:n])
        assert 1 - none == pytest.approx(spent(0.05, fractions[n - 1]), abs=2e-5)
    assert spent(0.05, 1.0) == pytest.approx(0.05)


def test_the_sequential_p_is_the_level_at_which_a_look_rejects():
    for alpha, look in itertools.product((0.05, 0.01, 1e-4), range(4)):
        p = nominal_levels(alpha, TENTHS.fractions)[look]
        assert TENTHS.adjust([0.9] * look + [p]) == pytest.approx(alpha, rel=2e-3)
        assert TENTHS.adjust([0.9] * look + [p, 0.5][: 4 - look]) <= alpha * 1.002  # it stays
    assert TENTHS.adjust([]) == TENTHS.adjust([np.nan]) == 1.0
    assert TENTHS.adjust([0.0]) < 1e-7
    assert plan_looks(5).adjust([0.03]) == pytest.approx(0.03)  # a single look changes nothing
    assert plan_looks(12).at == (5, 10, 12)
    assert plan_looks(12).until(11) == (5, 10)
    with pytest.raises(UsageError, match="at_most is 4; give a whole number from 5 up"):
        plan_looks(4)


def claims_of(scores):
    """Claims that each row of scores, (n_claims, n_seeds), is above 0 on average."""
    return [
        Claim("", "", lambda outcomes, row=row: row[: len(outcomes["any"])], 0.0) for row in scores
    ]


def test_a_verdict_of_a_look_counts_the_looks_before():
    scores = np.random.default_rng(1).normal(0.8, 1.0, (2, 40))
    for n in (10, 20, 40):
        found = judge(claims_of(scores), {"any": [None] * n}, TENTHS)
        p = [
            2 * TENTHS.adjust([p_above(row[:k], 0.0) for k in TENTHS.at if k <= n])
            for row in scores
        ]
        assert [v.p for v in found] == pytest.approx(holm(p))
        level = 1 - 2 * nominal_levels(0.025, TENTHS.fractions)[TENTHS.at.index(n)]
        assert (found[0].low, found[0].high) == t_interval(scores[0, :n], level)
    (alone,) = judge(claims_of(scores[:1]), {"any": [None] * 10}, Looks((10,)))
    (fixed,) = judge(claims_of(scores[:1]), {"any": [None] * 10})
    assert alone.p == pytest.approx(fixed.p, rel=1e-3)
    assert alone.verdict == fixed.verdict


def test_false_verdicts_stay_rare_though_the_study_looks_often():
    for n_claims in (1, 6):
        wrong, _, n = rates(0.0, n_claims, 4000, TENTHS)
        assert 0.01 < wrong < 0.035  # 2.5% in each direction
        assert n > 39.5


def test_the_power_is_nearly_that_of_a_fixed_study_with_fewer_seeds():
    unit = np.repeat([-1.0, 1.0], 20) * np.sqrt(39 / 40)
    _, share, n = rates(detectable(unit), 1, 4000, TENTHS)
    assert 0.77 < share < 0.82  # 80% if all 40 seeds are looked at once
    assert n < 34
    _, share, n = rates(2.0, 6, 1000, TENTHS)
    assert share == 1.0
    assert n <= 20


def test_rates_are_those_of_judge():
    looks, rng = TENTHS, np.random.default_rng(5)
    scores = rng.normal(0.45, 1.0, (40, 3, 40))
    holds, used = [], []
    for figure in scores:
        for n in looks.at:
            found = [v.verdict for v in judge(claims_of(figure), {"any": [None] * n}, looks)]
            if "undecided" not in found:
                break
        used.append(n)
        holds.append([verdict == "holds" for verdict in found])
    fast = rates(0.45, 3, 40, looks, seed=5)
    assert (np.any(holds, axis=1).mean(), np.mean(holds), np.mean(used)) == pytest.approx(fast)


def test_rows_of_a_comparison_count_the_looks():
    rng = np.random.default_rng(2)
    outcomes = outcomes_of(circuit=rng.normal(10, 1, 20), same=rng.normal(10, 1, 20),
                           worse=rng.normal(7, 1, 20))  # fmt: skip
    looks = plan_looks(20)
    rows = compare_rows(outcomes, margin=3.0, looks=looks)
    assert [row.verdict for row in rows] == ["", "equivalent within 3", "circuit better"]
    scores = [np.array([run.score for run in runs]) for runs in outcomes.values()]
    for row, other in zip(rows[1:], scores[1:], strict=True):
        at = [scores[0][:n] - other[:n] for n in looks.at]
        p = [looks.adjust([p_above(s * d, 0.0) for d in at]) for s in (1, -1)]
        assert row.p == pytest.approx(min(1.0, 2 * min(p)))
        level = looks.level(20)
        assert (row.difference_low, row.difference_high) == t_interval(at[-1], level)
    first = compare_rows({arm: runs[:5] for arm, runs in outcomes.items()}, looks=looks)
    assert first[2].p > compare_rows(outcomes, looks=looks)[2].p


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at-most", "9"], "--at-most is for --until decided"),
        (["--until", "decided", "--seeds", "9"], "--seeds and --until exclude each other"),
        (["--until", "done"], "decided"),
        (["--until", "decided", "--at-most", "4"], "at_most is 4"),
    ],
)
def test_wrong_options_are_refused_before_any_run(tmp_path, arguments, message):
    for command in (["compare"], ["reproduce", "fig3"]):
        out = tmp_path / command[0]
        done = CliRunner().invoke(app, [*command, *arguments, "--out", str(out)])
        assert isinstance(done.exception, UsageError)
        assert message in str(done.exception)
        assert not out.exists()
