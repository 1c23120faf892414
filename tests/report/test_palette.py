"""Colours: one for one thing."""

from __future__ import annotations

from conncore.nulls.models import NULLS
from conncore.nulls.perceptrons import BASELINES
from conncore.report.palette import ARMS, EXCITATORY, INHIBITORY, arm_colours


def test_an_arm_has_one_colour_in_every_study():
    assert set(ARMS) == {"circuit", *NULLS, *BASELINES}
    one, other = arm_colours(["degree", "circuit"]), arm_colours(["mine", "circuit", "degree"])
    assert one["circuit"] == other["circuit"] == ARMS["circuit"]
    assert one["degree"] == other["degree"]
    assert other["mine"] not in (other["circuit"], other["degree"])


def test_arms_differ_from_each_other_and_from_the_signs():
    colours = arm_colours([*list(ARMS)[:3], "a", "b", "c", "a", "d", "e", "f"])
    assert list(colours) == [*list(ARMS)[:3], "a", "b", "c", "d", "e", "f"]
    assert len(set(colours.values())) == 9
    assert not {EXCITATORY, INHIBITORY} & set(colours.values())


def test_more_arms_than_colours_have_some_colour():
    assert len(arm_colours(map(str, range(30)))) == 30
    assert len(arm_colours([*ARMS, "another"])) == len(ARMS) + 1
