"""Which MuJoCo models are planar bodies on a floor, and why the others are refused."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.tasks.planar import read_planar
from planar_models import NAMES, gymnasium_model

BODY = """<mujoco><option timestep="0.01"/><worldbody>
<geom name="floor" type="plane" size="9 9 9" contype="0" conaffinity="1"/>
<body name="trunk" pos="0 0 1"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/>
<joint name="root" type="hinge" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .5 0 0" size=".1"
 contype="1" conaffinity="0"/>
<body name="shin" pos=".5 0 0"><joint name="knee" type="hinge" axis="0 1 0" limited="true"
 range="-50 50"/>
<geom name="shin" type="capsule" fromto="0 0 0 0 0 -.5" size=".1" contype="1" conaffinity="0"/>
</body></body></worldbody><actuator><motor joint="knee"/></actuator></mujoco>"""
SHIN = '<geom name="shin" type="capsule" fromto="0 0 0 0 0 -.5"'
FLOOR = '<geom name="floor" type="plane"'
KNEE = 'name="knee" type="hinge"'
EDITS = [
    ('timestep="0.01"', 'timestep="0.01" integrator="implicit"', "integrator is mjINT_IMPLICIT,"),
    ('timestep="0.01"', 'timestep="0.01" gravity="1 0 -9"', "gravity does not act along z"),
    ('timestep="0.01"', 'timestep="0.01" density="1"', "in a fluid"),
    ('timestep="0.01"', 'timestep="0.01" viscosity="1"', "in a fluid"),
    ('timestep="0.01"', 'timestep="0.01" cone="elliptic"', "not a pyramid with impratio 1"),
    ('timestep="0.01"', 'timestep="0.01" impratio="2"', "not a pyramid with impratio 1"),
    ('timestep="0.01"', 'timestep="0.01" noslip_iterations="1"', "noslip"),
    ("<option", '<option><flag eulerdamp="disable"/></option><option', "disables or enables"),
    ("<option", '<option><flag energy="enable"/></option><option', "disables or enables"),
    (SHIN, f'{SHIN} condim="4"', "condim other than 3"),
    (SHIN, f'{SHIN} priority="1"', "different priorities"),
    (SHIN, f'{SHIN} solref="-100 -1"', "a contact's solref is not a positive"),
    (SHIN, f'{SHIN} solimp=".9 .95 .001 .5 3"', "a contact's solimp has a power other than 2"),
    (SHIN, SHIN.replace('fromto="0 0 0 0 0 -.5"', 'fromto="0 0 0 0 .1 -.5"'), "lie in the plane"),
    (SHIN, SHIN.replace("capsule", "cylinder"), "neither a capsule nor a sphere"),
    (FLOOR, f'{FLOOR} euler="0 9 0"', "other than a level floor"),
    (FLOOR, f'{FLOOR} priority="1"', "different priorities"),
    ('conaffinity="1"', 'conaffinity="2"', "nothing of it can touch a floor"),
    ("<body name", '<geom size=".1" conaffinity="1"/><body name', "other than a level floor"),
    (
        "</body></body>",
        '<body><geom type="box" size=".1 .1 .1" conaffinity="1"/><joint axis="0 1 0"/></body>'
        "</body></body>",
        "neither a capsule nor a sphere",
    ),
    ('name="root" type="hinge"', 'name="root" type="hinge" damping="1"', "joints of its root have"),
    ('name="root" type="hinge"', 'name="root" type="hinge" range="0 1"', "joints of its root have"),
    ('<body name="trunk"', '<body name="trunk" euler="0 9 0"', "its root is turned"),
    ('<body name="shin"', '<body name="shin" euler="9 0 0"', "turned out of the plane"),
    ('<body name="trunk"', '<body><geom size=".1"/></body><body name="trunk"', "not one tree"),
    ('type="slide" axis="1 0 0"', 'type="slide" axis="0 1 0"', "the world's x and z"),
    (KNEE, 'name="knee" type="slide"', "two slides and a hinge"),
    (f'{KNEE} axis="0 1 0"', f'{KNEE} axis="0 0 1"', "the world's x and z"),
    (KNEE, f'{KNEE} frictionloss="1"', "joint friction"),
    (KNEE, f'{KNEE} margin="0.1"', "limits with a margin"),
    (KNEE, f'{KNEE} solreflimit="-100 -1"', "a limit's solref is not a positive"),
    ("<motor", "<position", "actuators other than motors"),
    ('<motor joint="knee"', '<motor joint="root"', "a joint of its root"),
]


@pytest.mark.parametrize(("old", "new", "said"), EDITS, ids=[edit[1] for edit in EDITS])
def test_what_is_no_planar_body_is_refused(old, new, said):
    assert old in BODY
    model = mujoco.MjModel.from_xml_string(BODY.replace(old, new, 1))
    with pytest.raises(UsageError, match=said) as caught:
        read_planar(model)
    assert "engine='mujoco'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_planar_body_is_read():
    body = read_planar(mujoco.MjModel.from_xml_string(BODY))
    assert (body.n_links, body.runge_kutta, body.timestep) == (2, False, 0.01)
    assert body.parents.tolist() == [-1, 0]
    assert body.height == 1.0
    points = np.stack([body.points[name] for name in ("link", "x", "z")], axis=1)
    expected = [[0, 0, 0], [0, 0.5, 0], [1, 0, 0], [1, 0, -0.5]]
    np.testing.assert_allclose(points, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_gymnasiums_bodies_have_legs_of_three_links(name):
    body = read_planar(gymnasium_model(name))
    one_leg = name == "Hopper-v5"
    assert body.parents.tolist() == ([-1, 0, 1, 2] if one_leg else [-1, 0, 1, 2, 0, 4, 5])
    n_points = {"HalfCheetah-v5": 16, "Walker2d-v5": 14, "Hopper-v5": 8}[name]
    assert len(body.points["link"]) == n_points
    # trunk and leg, trunk and foot, thigh and foot
    assert len(body.pairs["one"]) == (3 if one_leg else 0)
