"""dm_control's own swimmer, compiled without importing dm_control.

dm_control 1.0.50 cannot be imported under MuJoCo 4, but its files are fine: the two functions that
add the links are taken from its source and run on its XML with the standard library's ElementTree.

Run as a script, with dm_control's files on the path (`pip install --no-deps dm_control`), it
writes dm_swimmer6.npz beside itself: what dm_control's body does under random controls.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import platform
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import mujoco
import numpy as np

REFERENCE = Path(__file__).with_name("dm_swimmer6.npz")
N_SUBSTEPS = 15  # 0.03 s of 0.002 s
N_STEPS = 300


def find_suite() -> Path | None:
    """Return the folder of dm_control's suite, or None where dm_control is not installed."""
    spec = importlib.util.find_spec("dm_control")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "suite"


def compile_swimmer(suite: Path, n_links: int) -> mujoco.MjModel:
    """Compile dm_control's swimmer of `n_links` links from its own source and XML."""
    source = ast.parse((suite / "swimmer.py").read_text())
    source.body = [
        node
        for node in source.body
        if isinstance(node, ast.FunctionDef) and node.name in ("_make_model", "_make_body")
    ]
    etree = SimpleNamespace(
        fromstring=ElementTree.fromstring,
        Element=ElementTree.Element,
        SubElement=ElementTree.SubElement,
        tostring=lambda root, pretty_print: ElementTree.tostring(root, encoding="unicode"),
    )
    common = SimpleNamespace(read_model=lambda name: (suite / name).read_text())
    names = {"etree": etree, "common": common}
    exec(compile(source, "swimmer.py", "exec"), names)
    assets = {f"./common/{f.name}": f.read_bytes() for f in (suite / "common").glob("*.xml")}
    return mujoco.MjModel.from_xml_string(names["_make_model"](n_links), assets)


def roll_out(model: mujoco.MjModel, seed: int) -> dict[str, np.ndarray]:
    """Drive the body with random controls, hard enough to bring joints to their limits."""
    rng = np.random.default_rng(seed)
    data = mujoco.MjData(model)
    data.qpos[2:] = rng.uniform(-1.0, 1.0, model.nq - 2)
    mujoco.mj_forward(model, data)
    # a new random control every 10 steps, beyond the motors' range too
    controls = np.repeat(rng.uniform(-1.5, 1.5, (N_STEPS // 10, model.nu)), 10, axis=0)
    qpos, qvel, head = [data.qpos.copy()], [data.qvel.copy()], []
    for control in controls:
        data.ctrl[:] = control
        mujoco.mj_step(model, data, nstep=N_SUBSTEPS)
        qpos.append(data.qpos.copy())
        qvel.append(data.qvel.copy())
        # sensors lag behind the state after a step; a copy keeps the rollout as it is
        now = mujoco.MjData(model)
        now.qpos[:], now.qvel[:] = data.qpos, data.qvel
        mujoco.mj_forward(model, now)
        head.append(now.sensor("head_vel").data.copy())
    return {
        "controls": controls,
        "qpos": np.array(qpos),
        "qvel": np.array(qvel),
        "head_velocity": np.array(head),
    }


if __name__ == "__main__":
    suite = find_suite()
    if suite is None:
        raise SystemExit("dm_control is not installed: pip install --no-deps dm_control")
    np.savez_compressed(
        REFERENCE,
        **roll_out(compile_swimmer(suite, 6), seed=0),
        mujoco=mujoco.__version__,
        machine=platform.machine(),
        dm_control=importlib.metadata.version("dm_control"),
    )
    print(f"wrote {REFERENCE}")
