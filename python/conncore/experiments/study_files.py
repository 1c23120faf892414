"""The files of a study, and the checks of what stands in them.

::

    study.json                    the settings of the arms; other settings are refused
    <arm>/seed-<n>.json           the outcome of a finished run, with a digest of its settings
    <arm>/seed-<n>/<stage>/       the run directory of each stage

If study.json is deleted or empty, it is written again, provided that all that stands there belongs
to the study.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conncore.errors import CheckpointError, UsageError
from conncore.evolution.schema import (
    COUNT,
    LIST,
    NAME,
    NUMBER,
    POSITIVE,
    SECONDS,
    SHA256,
    TEXT,
    Field,
    check_record,
    first_difference,
)
from conncore.evolution.takeover import check_run
from conncore.experiments.study_records import Arm, Curve, Outcome
from conncore.provenance import versions
from conncore.storage import disk_errors, write_atomically

if TYPE_CHECKING:
    from conncore.tasks import Task

#: Version of the layout of study.json and the outcomes; a study of another one is refused.
FORMAT = 2

_REPORTS = ("compare.json", "compare.txt", "compare.png", "report.html")
NUMBER_OR_NULL = Field("a finite number or null", lambda v: v is None or NUMBER.accepts(v))
_SERIES = Field(
    "a list of numbers or nulls",
    lambda v: type(v) is list and len(v) > 0 and all(map(NUMBER_OR_NULL.accepts, v)),
)
_OUTCOME = {
    "arm": NAME,
    "seed": COUNT,
    "curves": LIST,
    "score": NUMBER_OR_NULL,
    "n_parameters": POSITIVE,
    "n_edges": COUNT,
    "seconds": SECONDS,
}
_CURVES = Field("a list of curves", lambda v: type(v) is list and all(map(_SERIES.accepts, v)))
_OUTCOME_OPTIONAL = {
    "commit": TEXT,
    "date": TEXT,
    "starts": _CURVES,
    "settings": SHA256,
    "digest": SHA256,
}
_CURVE = {"stage": NAME, "best": _SERIES, "mean": _SERIES}


def describe(arms: Sequence[Arm], task: Task) -> dict[str, Any]:
    """Return all settings that decide a study's numbers, except the seeds, as plain values."""
    return {
        "format": FORMAT,
        "task": task.describe(),
        "arms": {
            arm.name: {
                "connectome": network.connectome.checksum,
                "network": network.describe(),
                "stages": [
                    {
                        "name": stage.name,
                        "optimizer": stage.optimizer.describe(),
                        "generations": stage.generations,
                        "expand": stage.expand,
                        **stage.training,
                    }
                    for stage in arm.stages
                ],
            }
            for arm, network in ((arm, arm.build(0)) for arm in arms)
        },
    }


def outcome_file(out: Path, arm: str, seed: int) -> Path:
    """Return the place of the outcome of one run."""
    return out / arm / f"seed-{seed}.json"


def outcome_record(outcome: Outcome, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return an outcome as plain values, with digests of the arm's settings and of itself."""
    fields = dataclasses.asdict(outcome)
    fields["score"] = outcome.score if math.isfinite(outcome.score) else None
    fields["settings"] = _settings_digest(settings, outcome.arm)
    if not outcome.starts:
        del fields["starts"]  # as in the files of earlier versions
    return {**fields, "digest": _digest(fields)}


def save_outcome(file: Path, outcome: Outcome, settings: Mapping[str, Any]) -> None:
    """Write an outcome."""
    _write(file, outcome_record(outcome, settings))


def load_outcome(file: Path, arm: Arm, seed: int, settings: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a run, if it is that of this arm, seed and settings.

    Raises
    ------
    CheckpointError
        The file is damaged, or belongs to another run.
    """
    fields = _read(file)
    try:
        outcome = _outcome(fields)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{file} is damaged ({error}); delete it to run it again") from None
    found = {
        "arm": outcome.arm,
        "seed": outcome.seed,
        "generations": {curve.stage: len(curve.mean) for curve in outcome.curves},
    }
    wanted = {
        "arm": arm.name,
        "seed": seed,
        "generations": {stage.name: stage.generations for stage in arm.stages},
    }
    digest = _settings_digest(settings, arm.name)
    if "settings" in fields:  # early versions did not write it
        found, wanted = found | {"settings": fields["settings"]}, wanted | {"settings": digest}
    different = first_difference(found, wanted)
    if different is not None:
        name, there, here = different
        raise CheckpointError(
            f"{file} is the outcome of another run: {name} is {there!a} there and {here!a} here; "
            "move it away to run it again"
        )
    return outcome


def _outcome(fields: Any) -> Outcome:
    """Return the outcome that these fields give, or raise a ValueError."""
    check_record(fields, _OUTCOME, _OUTCOME_OPTIONAL)
    for curve in fields["curves"]:
        check_record(curve, _CURVE, where="curves")
        if len(curve["best"]) != len(curve["mean"]):
            raise ValueError(f"the curves of {curve['stage']!a} differ in length")
    if not fields["curves"]:
        raise ValueError("it has no curves")
    rest = {name: value for name, value in fields.items() if name != "digest"}
    if fields.get("digest", _digest(rest)) != _digest(rest):
        raise ValueError("it was changed after conncore wrote it")
    rest.pop("settings", None)
    rest["curves"] = [Curve(**curve) for curve in rest["curves"]]
    rest["score"] = -math.inf if rest["score"] is None else float(rest["score"])
    return Outcome(**rest)


def report_outcomes(report: Path, content: Any) -> list[Outcome]:
    """Return the outcomes in the content of a report that `write_results` wrote.

    Raises
    ------
    CheckpointError
        The report is damaged.
    UsageError
        An older version wrote the report.
    """
    names = [field.name for field in dataclasses.fields(Outcome)]
    outcomes = []
    try:
        settings = content["settings"]
        _check_format(report, settings["format"])
        for run in content["outcomes"]:
            fields = {name: run[name] for name in names if name in run}
            fields["settings"] = _settings_digest(settings, run["arm"])
            outcomes.append(_outcome({**fields, "digest": run.get("digest", _digest(fields))}))
    except UsageError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CheckpointError(
            f"{report} is damaged ({error}); restore it, or choose another directory"
        ) from None
    return outcomes


def restore_study(report: Path, out: Path) -> None:
    """Restore the outcomes of a study from its report, if the study's directory is gone.

    Parameters
    ----------
    report : Path
        The JSON file that `write_results` wrote. If it does not exist, or if `out` holds a study,
        nothing is done.
    out : Path
        The study's directory.

    Raises
    ------
    CheckpointError
        `report` is damaged.
    UsageError
        An older version wrote `report`.
    """
    if _missing(out / "study.json") and report.exists():
        restore_outcomes(report, _read(report), out)


def restore_outcomes(report: Path, content: Any, out: Path) -> None:
    """Write the outcomes in the content of a report into a study's directory that is gone.

    Raises
    ------
    CheckpointError, UsageError
        As in `report_outcomes`.
    """
    study = out / "study.json"
    if not _missing(study):
        return
    outcomes = report_outcomes(report, content)
    settings = content["settings"]
    files = [outcome_file(out, run.arm, run.seed) for run in outcomes]
    for file, run in zip(files, outcomes, strict=True):
        if not file.exists():
            save_outcome(file, run, settings)
    _write(study, settings)  # last, so that a study with this file is complete


def open_study(out: Path, arms: Sequence[Arm], settings: Mapping[str, Any]) -> None:
    """Create a study's directory, or check that it belongs to the study of these settings.

    Raises
    ------
    UsageError
        `out` holds another study, a study of an older version, or other files.
    CheckpointError
        A file in `out` is damaged or belongs to another run.
    """
    file = out / "study.json"
    wanted = json.loads(json.dumps(settings))
    if _missing(file):
        _check_parts(out, arms, wanted)
        _write(file, wanted)
        return
    found = _read(file, "if nothing else in the directory changed, delete it to write it again")
    try:
        _check_format(file, found["format"])
        # A study may grow, so an arm that is missing on one side is not a difference.
        there = {name: found["arms"].get(name, arm) for name, arm in wanted["arms"].items()}
        found_here = found | {"arms": there}
    except UsageError:
        raise
    except (KeyError, TypeError, AttributeError):
        raise CheckpointError(
            f"{file} is damaged; restore it, or choose another directory"
        ) from None
    different = first_difference(found_here, wanted)
    if different is not None:
        name, old, new = different
        raise UsageError(
            f"{out} holds a study with other settings ({name} is {old!a} there and {new!a} here); "
            "choose another directory, or repeat the command that created it"
        )
    if there.keys() - found["arms"].keys():
        _write(file, wanted | {"arms": found["arms"] | there})


def check_folders(folder: Path, arm: Arm, seed: int) -> int:
    """Check the run directories of one run; return the number of stages that have one."""
    n_found = 0
    for stage in arm.stages:
        path = folder / stage.name
        if path.exists():
            check_run(path, stage.optimizer, stage.generations, seed, stage.training)
            n_found += 1
    return n_found


def _check_parts(out: Path, arms: Sequence[Arm], settings: Mapping[str, Any]) -> None:
    """Check that all that stands in a directory without study.json belongs to these arms."""
    names = sorted(path.name for path in out.iterdir()) if out.exists() else []
    known = {arm.name: arm for arm in arms}
    strange = [n for n in names if n not in known and n not in _REPORTS and "study.json" not in n]
    if strange or (names and not known.keys() & set(names) and "study.json" not in names):
        raise UsageError(
            f"{out} holds files but no study ({(strange or names)[0]!a}); choose another directory"
        )
    for arm in (known[name] for name in names if name in known):
        for path in sorted((out / arm.name).iterdir()) if (out / arm.name).is_dir() else []:
            match = re.fullmatch(r"seed-(\d{1,19})(\.json)?", path.name)
            if match is None:
                if path.name.startswith(".seed-"):  # half a file, which a kill left
                    continue
                raise UsageError(f"{path} does not belong to the study; choose another directory")
            seed, is_outcome = int(match[1]), match[2] is not None
            n_found = check_folders(path.with_suffix(""), arm, seed)
            if is_outcome:
                load_outcome(path, arm, seed, settings)
                if "settings" not in _read(path) and n_found < len(arm.stages):
                    raise CheckpointError(
                        f"{path} does not say its settings and {out} has no study.json; "
                        "restore study.json, or choose another directory"
                    )


def _missing(study: Path) -> bool:
    """Return whether study.json is missing or empty."""
    return not study.exists() or (study.is_file() and study.stat().st_size == 0)


def _settings_digest(settings: Mapping[str, Any], arm: str) -> str:
    return _digest([settings["format"], settings["task"], settings["arms"][arm]])


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check_format(file: Path, found: int) -> None:
    if found != FORMAT:
        raise UsageError(
            f"{file} has format {found}, but conncore {versions()['conncore']} reads format "
            f"{FORMAT}; choose another directory, or use the version that wrote the file"
        )


def _read(file: Path, advice: str = "delete it to run it again") -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{file} cannot be read ({error}); {advice}") from None


def _write(file: Path, content: Any) -> None:
    with disk_errors(file, "make room and run the same command again"):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, (json.dumps(content) + "\n").encode())
