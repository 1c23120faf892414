"""MuJoCo models (MJCF) of planar swimmers with any number of links.

The physics is that of Gymnasium's and dm_control's swimmers, number for number. The models have no
textures, lights, cameras or sensors.
"""

from __future__ import annotations

from conncore.errors import UsageError


def gymnasium_swimmer(n_links: int) -> str:
    """Return the MJCF of Gymnasium's swimmer with `n_links` links.

    Capsules 1 m long in a dense fluid, RK4 at 0.01 s, motors of +-150 N m, joints limited to
    +-100 degrees. With 3 links it is Gymnasium's own body; further links repeat the last.
    """
    first = (
        '<joint type="slide" axis="1 0 0"/>'
        '<joint type="slide" axis="0 1 0"/>'
        '<joint type="hinge" axis="0 0 1"/>'
        '<geom fromto="1.5 0 0 0.5 0 0"/>'
    )
    links = [f'<body name="link0">{first}']
    for i in range(1, _checked(n_links)):
        # the first link reaches forward from its origin, the others backward
        anchor = 0.5 if i == 1 else -1
        links.append(
            f'<body name="link{i}" pos="{anchor} 0 0">'
            f'<joint name="joint{i}" type="hinge" axis="0 0 1" limited="true" range="-100 100"/>'
            '<geom fromto="0 0 0 -1 0 0"/>'
        )
    return _model(
        option='density="4000" viscosity="0.1" integrator="RK4" timestep="0.01"',
        defaults='<joint armature="0.1"/>'
        '<geom type="capsule" size="0.1" density="1000" contype="0" conaffinity="0"/>',
        links=links,
        gear="150",
    )


def dm_control_swimmer(n_links: int) -> str:
    """Return the MJCF of dm_control's swimmer with `n_links` links.

    Thin plates 0.1 m long and 10 g heavy in a dense fluid, Euler at 0.002 s, motors of
    +-5e-4 N m, joints with soft limits at +-360/n_links degrees. The head points to its -y.
    """
    limit = 360.0 / _checked(n_links)
    # the joint is at the front end of its link; the root joints have neither armature nor limits
    at = 'pos="0 -.05 0"'
    plate = '<geom type="box" size=".001 .05 .01" mass=".01"/>'
    links = [
        '<body name="link0" pos="0 0 .05">'
        f'<joint type="slide" axis="1 0 0" {at}/>'
        f'<joint type="slide" axis="0 1 0" {at}/>'
        f'<joint type="hinge" axis="0 0 1" {at}/>{plate}'
    ]
    links += [
        f'<body name="link{i}" pos="0 .1 0">'
        f'<joint name="joint{i}" type="hinge" axis="0 0 1" {at} limited="true" '
        f'range="{-limit} {limit}" solreflimit=".05 1" solimplimit="0 .8 .1" '
        f'armature="1e-6"/>{plate}'
        for i in range(1, n_links)
    ]
    return _model(
        option='density="3000" integrator="Euler" timestep="0.002"',
        defaults='<geom contype="0" conaffinity="0"/>',
        links=links,
        gear="5e-4",
    )


def _checked(n_links: int) -> int:
    if n_links < 2:
        raise UsageError(f"a swimmer of {n_links} links has no joint; give at least 2 links")
    return n_links


def _model(*, option: str, defaults: str, links: list[str], gear: str) -> str:
    """Nest the links (each an open <body>) and give every joint between them a motor."""
    motors = "".join(
        f'<motor joint="joint{i}" gear="{gear}" ctrllimited="true" ctrlrange="-1 1"/>'
        for i in range(1, len(links))
    )
    return (
        f'<mujoco model="swimmer{len(links)}">'
        '<compiler angle="degree"/>'
        f"<option {option}/>"
        f"<default>{defaults}</default>"
        f"<worldbody>{''.join(links)}{'</body>' * len(links)}</worldbody>"
        f"<actuator>{motors}</actuator>"
        "</mujoco>"
    )
