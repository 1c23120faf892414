"""Damaged run directories and studies: the same result to the bit, or one line that refuses.

CONNCORE_MUTATIONS=500 tries more of them.
"""

from __future__ import annotations

import datetime
import io
import json
import os
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomli_w

import conncore as cc
from conncore.errors import ConncoreError
from conncore.evolution.evolve import evolve, resume, score
from conncore.evolution.restore import load_run
from conncore.optimizers import CMA, ES, GA, SuccessiveHalving
from fake_runs import FakeNetwork, SphereTask, tiny_connectome
from small_runs import crash_at
from small_studies import SmallTask, go, numbers

N_MUTATIONS = int(os.environ.get("CONNCORE_MUTATIONS", "60"))
FAKES = {"network": FakeNetwork(), "task": SphereTask()}
METHODS = {
    "es": ES(population_size=6, n_scout=8),
    "ga": GA(population_size=6, n_elites=2),
    "cma": CMA(population_size=6, n_scout=8),
    "halving": SuccessiveHalving(
        population_size=4,
        n_scout=8,
        n_starts=4,
        factor=2,
        n_episodes=80,
        optimizer="ga",
        settings={"n_elites": 2},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def no_pictures():
    """Drawing takes longer than all else here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)
        yield


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Finished and interrupted runs, a run of a known task, and an interrupted study."""
    base = tmp_path_factory.mktemp("places")
    for seed in (0, 1):
        for name, method in METHODS.items():
            options = {"optimizer": method, "generations": 5, "seed": seed, "progress": False}
            evolve(**FAKES, **options, out=base / f"whole-{name}-{seed}")
            crashing = {"network": FakeNetwork(), "task": SphereTask(crash_at(5))}
            with pytest.raises(RuntimeError, match="crash"):
                evolve(**crashing, **options, out=base / f"cut-{name}-{seed}")
        task = cc.make_task("MountainCarContinuous-v0", max_steps=3)
        network = cc.Network(tiny_connectome(), task, "alif", "dense", tune=["v_th"])
        evolve(network, task, METHODS["es"], 2, seed, base / f"known-es-{seed}", 1, False)
    with pytest.raises(RuntimeError, match="crash"):
        go(base / "study", SmallTask(before=crash_at(28)))
    assert len(list((base / "study").glob("*/seed-*.json"))) == 2
    go(base / "study-whole")
    return base


def files_of(place):
    return sorted(p for p in place.rglob("*") if p.is_file() and p.name != ".lock")


def flip(file, rng, other):
    content = bytearray(file.read_bytes())
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    file.write_bytes(content)


def cut(file, rng, other):
    content = file.read_bytes()
    start, stop = sorted(rng.integers(len(content) + 1, size=2))
    file.write_bytes((content[:stop], content[start:], content[:start] + content[stop:])[stop % 3])


def remove(file, rng, other):
    file.unlink()
    if rng.random() < 0.3:
        file.write_bytes(b"")
    elif rng.random() < 0.2:
        file.mkdir()


def swap(file, rng, other):
    """Exchange it with a file of its kind, here or in another run."""
    here = [f for f in files_of(file.parent) if f.suffix == file.suffix and f != file]
    root = other if (other / file.name).exists() else None
    if root is not None and rng.random() < 0.7:
        shutil.copy(other / file.name, file)
    elif here:
        second = here[rng.integers(len(here))]
        first = file.read_bytes()
        file.write_bytes(second.read_bytes())
        second.write_bytes(first)


def lines(file, rng, other):
    if file.suffix == ".npz":
        return edit(file, rng, other)
    found = file.read_bytes().splitlines(keepends=True)
    one, two = rng.integers(len(found), size=2)
    match rng.integers(3):
        case 0:
            found[one], found[two] = found[two], found[one]
        case 1:
            del found[one]
        case _:
            found.insert(one, found[two])
    return file.write_bytes(b"".join(found))


def edit(file, rng, other):
    """Change one field, and write the file again."""
    if file.suffix == ".npz":
        with np.load(file) as loaded:
            arrays = dict(loaded)
        name = list(arrays)[rng.integers(len(arrays))]
        changed = edited_array(arrays[name], rng)
        arrays = {n: changed if n == name else a for n, a in arrays.items()}
        buffer = io.BytesIO()
        np.savez(buffer, **{n: a for n, a in arrays.items() if a is not None})
        file.write_bytes(buffer.getvalue())
    elif file.suffix == ".toml":
        config = tomllib.loads(file.read_text())
        edit_leaf(config, rng)
        file.write_text(tomli_w.dumps(config))
    elif file.suffix == ".jsonl":
        records = [json.loads(line) for line in file.read_text().splitlines()]
        edit_leaf(records, rng)
        file.write_text("".join(json.dumps(record) + "\n" for record in records))
    elif file.suffix == ".json":
        content = json.loads(file.read_text())
        edit_leaf(content, rng)
        file.write_text(json.dumps(content))


def edited_array(array, rng):
    if rng.random() < 0.15:
        return None
    if array.dtype.names:
        changed = array.copy()
        if len(changed):
            name = array.dtype.names[rng.integers(len(array.dtype.names))]
            changed[name][rng.integers(len(changed))] += 1
        return changed
    if array.dtype.kind not in "fiu":
        return np.array("another")
    choices = [
        lambda: array[None],
        lambda: array.astype(np.float32),
        lambda: array[..., :-1] if array.ndim else array + 1,
        lambda: array + 1,
        lambda: array * np.nan,
        lambda: np.where(rng.random(array.shape) < 0.3, array * 2, array),
    ]
    return choices[rng.integers(len(choices))]()


def edit_leaf(content, rng):
    """Change a random leaf of nested dicts and lists."""
    while True:
        keys = list(content) if isinstance(content, dict) else list(range(len(content)))
        if not keys:
            return
        key = keys[rng.integers(len(keys))]
        if not isinstance(content[key], dict | list) or rng.random() < 0.1:
            break
        content = content[key]
    value = content[key]
    choices = [0, -1, 10**12, 1.5, "x", [], {}, [1], {"a": 1}, True, datetime.date(2000, 1, 1)]
    if type(value) in (int, float):
        choices += [value + 1, value * 2, -value, float(value)] * 3
    if type(value) is str:
        choices += [value[:-1], value + "a", value.upper(), "lif", "ga"] * 2
    changed = choices[rng.integers(len(choices))]
    content[key] = changed if not isinstance(changed, datetime.date) else "2000-01-01"
    if rng.random() < 0.15:
        del content[key]


KINDS = (flip, flip, cut, remove, swap, lines, edit, edit)


def of_run(run):
    """All that a run says, as bytes."""
    best = run.best
    parts = [best.genome.tobytes(), best.scores.tobytes(), best.seeds.tobytes(), best.chosen]
    parts += [best.generation, best.slices, run.history.tobytes(), run.title]
    return [*parts, run.config["run"]["seed"], run.network.describe(), run.task.describe()]


def of_best(best):
    return [best.genome.tobytes(), best.scores.tobytes(), best.seeds.tobytes(), best.generation]


def use(place, way):
    given = {} if "known" in place.name else FAKES
    if "study" in place.name:
        return numbers(go(place)[0])
    if way == "resume":
        run = resume(place, progress=False, n_threads=1, **given)
        return [*of_run(run), (place / "metrics.jsonl").read_bytes()]
    if way == "score":
        return of_best(score(place, 4, n_threads=1, **given))
    return of_run(load_run(place, **given))


def attempt(place, way, what):
    """The result and "", or None and the line that refuses."""
    try:
        return use(place, way), ""
    except ConncoreError as error:
        return None, str(error)
    except Exception as error:
        raise AssertionError(f"{what}: {error!r}") from error


def test_a_mutation_is_harmless_or_refused_in_one_line(places, tmp_path):
    expected, n_refused, n_same = {}, 0, 0
    for number in range(N_MUTATIONS):
        rng = np.random.default_rng([7, number])
        name = ("whole", "cut", "known", "study")[number % 4]
        method = "es" if name == "known" else list(METHODS)[rng.integers(3)]
        source = places / ("study" if name == "study" else f"{name}-{method}-0")
        ways = {"study": ["study"], "cut": ["resume", "score"]}
        way = rng.choice(ways.get(name, ["resume", "score", "load"]))
        if (source.name, way) not in expected:
            place = Path(shutil.copytree(source, tmp_path / "expected" / source.name / way))
            place = place.rename(place.parent / source.name)
            expected[source.name, way] = use(place, way)
            shutil.rmtree(place)
        place = Path(shutil.copytree(source, tmp_path / str(number) / source.name))
        files = files_of(place)
        file = files[rng.integers(len(files))]
        other = places / ("study-whole" if name == "study" else f"{name}-{method}-1")
        kind = KINDS[rng.integers(len(KINDS))]
        if file.stat().st_size == 0:
            continue
        kind(file, rng, other / file.parent.relative_to(place))
        what = f"mutation {number}: {kind.__name__} of {file.relative_to(tmp_path)}, {way}"
        found, refusal = attempt(place, way, what)
        if refusal:
            assert "\n" not in refusal, what
            n_refused += 1
        elif name == "cut" and way == "score" and kind is remove and found[3] == 4:
            # Without its newest checkpoint, the run has a solution of generation 4, and says so.
            assert file.name == "checkpoint-5.npz"
        else:
            assert found == expected[source.name, way], what
            n_same += 1
        shutil.rmtree(tmp_path / str(number))
    assert n_refused > N_MUTATIONS // 5
    assert n_same > N_MUTATIONS // 10


def test_the_study_of_an_interruption_ends_as_the_whole_one(places, tmp_path):
    study = shutil.copytree(places / "study", tmp_path / "study")
    assert numbers(go(study)[0]) == numbers(go(places / "study-whole")[0])
