"""Which MuJoCo models are planar chains, and why the others are refused."""

from __future__ import annotations

import mujoco
import pytest

from conncore.errors import UsageError
from conncore.tasks.chain import read_chain
from conncore.tasks.mjcf import gymnasium_swimmer

CHAIN = gymnasium_swimmer(3)
EDITS = [
    ('integrator="RK4"', 'integrator="implicitfast"', "integrator is mjINT_IMPLICITFAST"),
    ('timestep="0.01"', 'timestep="0.01" gravity="0 1 0"', "gravity acts in its plane"),
    ('timestep="0.01"', 'timestep="0.01" wind="1 0 0"', "in a wind"),
    ("<option", '<option><flag limit="disable"/></option><option', "disables or enables"),
    ("<option", '<option><flag energy="enable"/></option><option', "disables or enables"),
    ('contype="0" conaffinity="0"', "", "geoms can collide"),
    ('name="joint1" type="hinge"', 'name="joint1" type="slide"', "two slides and a hinge"),
    ('name="joint1" type="hinge" axis="0 0 1"', 'name="joint1" axis="0 1 0"', "world's x and y"),
    ('name="joint1"', 'name="joint1" damping="1"', "joint damping"),
    ('name="joint1"', 'name="joint1" stiffness="1"', "joint springs"),
    ('name="joint1"', 'name="joint1" frictionloss="1"', "joint friction"),
    ('name="joint1"', 'name="joint1" margin="0.1"', "limits with a margin"),
    ('name="joint1"', 'name="joint1" ref="5"', "a reference other than 0"),
    ('name="joint1"', 'name="joint1" solreflimit="-100 -1"', "solref is not a positive"),
    ('name="joint1"', 'name="joint1" solimplimit=".9 .95 .001 .5 3"', "power other than 2"),
    ('name="joint1"', 'name="joint1" actuatorfrcrange="-1 1"', "limited motor force"),
    ('axis="1 0 0"/>', 'axis="1 0 0" armature="2"/>', "armature of its slides differs"),
    ('type="slide" axis="1 0 0"', 'type="slide" axis="0 0 1"', "world's x and y"),
    ('type="slide" axis="1 0 0"', 'type="slide" axis="1 0 0" range="-1 1"', "root are limited"),
    ('<body name="link1"', '<body><geom size=".1 .1"/></body><body name="link1"', "one chain"),
    ('<body name="link1" pos="0.5 0 0"', '<body name="link1" pos="0.5 1 0"', "not on one line"),
    ('<body name="link1"', '<body name="link1" euler="30 0 0"', "turned out of the plane"),
    ('"0 0 0 -1 0 0"', '"0 0 0 -1 0 0.5"', "axes of inertia"),
    ("<motor", "<position", "actuators other than motors"),
    ("<motor", '<motor forcerange="-1 1"', "actuators with a limited force"),
    ('<motor joint="joint1"', '<motor joint="root"', "a joint of its root"),
    (
        "</actuator>",
        '</actuator><tendon><fixed><joint joint="joint1" coef="1"/></fixed></tendon>',
        "tendons",
    ),
    (
        "</actuator>",
        '</actuator><equality><joint joint1="joint1" joint2="joint2"/></equality>',
        "equality constraints",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), EDITS, ids=[edit[2] for edit in EDITS])
def test_what_is_no_chain_is_refused(old, new, said):
    mjcf = CHAIN.replace('<joint type="hinge"', '<joint name="root" type="hinge"', 1)
    assert old in mjcf
    model = mujoco.MjModel.from_xml_string(mjcf.replace(old, new, 1))
    with pytest.raises(UsageError, match=said) as caught:
        read_chain(model)
    assert "engine='mujoco'" in str(caught.value)
    assert "\n" not in str(caught.value)
