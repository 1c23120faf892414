"""Combinations of choices, and the arms that cells share."""

from __future__ import annotations

import dataclasses

import pytest

from conncore.errors import UsageError
from conncore.experiments.study import Stage
from conncore.optimizers import SuccessiveHalving
from conncore.robustness.cells import combine, plan
from small_multiverses import GRID, build


def test_a_grid_gives_all_combinations_in_order():
    assert combine({"a": [1, 2], "b": ["x", "y"]}) == [
        {"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"},
    ]  # fmt: skip


def test_several_grids_are_joined_and_repeats_are_left_out():
    grids = [{"a": [1], "b": [1, 2]}, {"a": [1, 3]}, {"a": [1], "b": [2]}]
    assert combine(grids) == [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 1}, {"a": 3}]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"a": []}, r"a is \[\]; give a list of at least one value"),
        ({"a": "xy"}, "a is 'xy'; give a list"),
        ({"a": 3}, "a is 3; give a list"),
        ({"a": [1, 2, 1]}, "a has a value twice"),
        ({"a b": [1]}, "the choice 'a b' is no name"),
        ([], "the grid is empty"),
    ],
)
def test_a_grid_that_cannot_be_used_is_refused(choices, message):
    with pytest.raises(UsageError, match=message):
        combine(choices)


def test_cells_share_the_arms_that_a_choice_does_not_change():
    cells, arms = plan(build, combine(GRID))
    assert len(cells) == 8
    # "low" has two lifts (of the task) times two noises, "high" only two lifts.
    assert sorted(name.split("-")[0] for name in arms) == ["high"] * 2 + ["low"] * 4
    assert len({cell.arms["high"] for cell in cells}) == 2
    assert [cell.read_at for cell in cells[:2]] == [2, None]  # the last generation needs no cut


def test_combinations_with_the_same_runs_are_one_cell():
    def deaf(lift, spelling):
        return build(lift=lift)

    cells, arms = plan(deaf, combine({"lift": [0.0, 1.0], "spelling": ["grey", "gray"]}))
    assert len(cells) == 2
    assert [one["spelling"] for one in cells[0].combinations] == ["grey", "gray"]
    assert len(arms) == 4


def halving():
    """A study whose runs do not contain all shorter runs: rungs depend on the budget."""
    task, arms = build()
    optimizer = SuccessiveHalving(population_size=4, n_episodes=9_000, n_scout=8)
    stage = Stage("evolve", optimizer, optimizer.n_generations)
    return task, [dataclasses.replace(arm, stages=(stage,)) for arm in arms]


def test_what_cannot_be_built_or_read_is_refused_with_its_cell():
    with pytest.raises(UsageError, match=r"read_at is 6, but the last .* 5 gen.*cell lift=0, read"):
        plan(build, combine({"lift": [0.0], "read_at": [6]}))
    with pytest.raises(UsageError, match=r"sigma is -0.1.* \(in the cell noise=-1\)"):
        plan(build, combine({"noise": [1, -1]}))
    with pytest.raises(UsageError, match="read_at is for optimizers whose runs contain all short"):
        plan(halving, combine({"read_at": [1]}))
    with pytest.raises(UsageError, match="read_at is 0"):
        plan(build, combine({"read_at": [0]}))
