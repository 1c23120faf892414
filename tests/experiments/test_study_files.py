"""A study takes over only what is its own, and finished runs outlive study.json."""

from __future__ import annotations

import json
import os
import shutil
import signal

import pytest

from conncore.errors import CheckpointError, UsageError
from conncore.evolution.evolve import evolve
from conncore.evolution.stopping import RunStopped
from conncore.experiments.results import write_results
from conncore.experiments.study import Arm, Stage, describe, restore_study, run_study
from conncore.network.network import Network
from conncore.optimizers import ES, GA
from fake_runs import tiny_connectome
from small_studies import SmallTask, files, go, make_arms, numbers


@pytest.fixture(scope="module", autouse=True)
def no_pictures():
    """Drawing takes longer than all else here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conncore.evolution.loop.draw_curve", lambda *args, **options: None)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "study"
    outcomes, _ = go(path)
    return path, numbers(outcomes)


@pytest.fixture
def study(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "study")


def edit(file, **changes):
    fields = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({k: v for k, v in fields.items() if v != "drop"}))


def refused(study, words, error=CheckpointError, **options):
    task = SmallTask()
    with pytest.raises(error, match=words) as found:
        go(study, task, **options)
    assert "\n" not in str(found.value)
    assert not task.calls  # before any work


@pytest.mark.parametrize("gone", [False, True])
def test_a_study_without_its_settings_loses_no_finished_run(study, made, gone):
    (study / "two" / "seed-1.json").unlink()
    whole = (study / "study.json").read_bytes()
    kept = files(study)
    if gone:
        (study / "study.json").unlink()
    else:
        (study / "study.json").write_bytes(b"")
    outcomes, lines = go(study)
    assert numbers(outcomes) == made[1]
    assert len(lines) == 1  # the run that had no outcome
    assert kept.items() <= files(study).items()
    assert (study / "study.json").read_bytes() == whole


def test_without_study_json_all_must_fit(study):
    (study / "study.json").unlink()
    one, two = make_arms(SmallTask())
    refused(study, r"holds files but no study \('two'\)", UsageError, arms=[one])
    longer = make_arms(SmallTask(), (Stage("pretrain", ES(population_size=4, n_scout=4), 4),))
    refused(study, r"with other settings: generations is 3 there and 4 here", arms=longer)
    other = [one, Arm("two", one.build, two.stages)]
    refused(study, r"seed-\d.json is the outcome of another run: settings is", arms=other)
    early = study / "one" / "seed-0.json"
    edit(early, settings="drop", digest="drop")
    go(study)  # its run directories say its settings
    (study / "study.json").unlink()
    shutil.rmtree(study / "one" / "seed-0")
    refused(study, r"seed-0.json does not say its settings .*restore study.json")
    early.unlink()
    (study / "one" / "notes.txt").touch()
    refused(study, r"notes.txt does not belong to the study", UsageError)


def test_outcomes_of_other_runs_are_refused_before_any_work(study):
    for file in (study / "two" / "seed-1.json", study / "one" / "seed-1.json"):
        file.unlink()
    one, two = study / "one" / "seed-0.json", study / "two" / "seed-0.json"
    good = one.read_bytes()
    one.write_bytes(two.read_bytes())
    refused(study, r"one/seed-0.json is the outcome of another run: arm is 'two' there and 'one'")
    one.write_bytes(good)
    go(study)
    one.write_bytes((study / "one" / "seed-1.json").read_bytes())
    refused(study, r"one/seed-0.json is the outcome of another run: seed is 1 there and 0 here")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"score": "1"}, "score is '1'; it must be a finite number or null"),
        ({"score": 1.5}, "it was changed after conncore wrote it"),
        ({"seed": 0.0}, "seed is 0.0"),
        ({"curves": []}, "it has no curves"),
        ({"curves": [3]}, "curves is not a table of fields"),
        ({"curves": [{"stage": "a", "best": [1.0], "mean": ["x"]}]}, "curves.mean is"),
        ({"curves": [{"stage": "a", "best": [1.0], "mean": [1.0, 2.0]}]}, "differ in length"),
        ({"n_parameters": 0}, "n_parameters is 0"),
        ({"n_edges": True}, "n_edges is True"),
        ({"seconds": -1}, "seconds is -1"),
        ({"commit": None}, "commit is None"),
        ({"settings": "0"}, "settings is '0'"),
        ({"colour": 1}, "the field colour is unknown"),
        ({"n_edges": "drop"}, "the field n_edges is missing"),
    ],
)
@pytest.mark.parametrize("early", [False, True])
def test_every_field_of_an_outcome_is_checked(study, changes, words, early):
    file = study / "one" / "seed-0.json"
    if early:
        edit(file, digest="drop")
        if "changed" in words:  # an early version did not notice
            return
    edit(file, **changes)
    refused(study, rf"seed-0.json is damaged \(.*{words}.*delete it to run it again")


@pytest.mark.parametrize("seed", [0, 1])
def test_run_directories_of_other_runs_are_refused_before_any_work(study, seed):
    for arm in ("one", "two"):
        (study / arm / "seed-0.json").unlink()
    folder = study / "two" / "seed-0"
    if seed == 1:
        shutil.rmtree(folder)
        shutil.copytree(study / "two" / "seed-1", folder)
        refused(study, r"pretrain is a run with other settings: seed is 1 there and 0 here")
        return
    shutil.rmtree(folder / "evolve")
    network, task = Network(tiny_connectome(), SmallTask(), "lif", "dense"), SmallTask()
    optimizer = GA(population_size=6, n_elites=3)
    wide = network.with_individual_weights()
    evolve(wide, task, optimizer, 4, 0, folder / "evolve", 1, False)
    refused(study, r"evolve is a run with other settings: optimizer.n_elites is 3 there and 2 here")


def test_a_run_from_another_start_or_network_is_refused(study):
    (study / "two" / "seed-0.json").unlink()
    folder = study / "two" / "seed-0"
    shutil.rmtree(folder / "evolve")
    wide = Network(tiny_connectome(), SmallTask(), "lif", "dense").with_individual_weights()
    optimizer = GA(population_size=6, n_elites=2)
    evolve(wide, SmallTask(), optimizer, 4, 0, folder / "evolve", 1, False)
    refused(study, r"evolve is a run with other settings: start is None there and 'sha256:")
    shutil.rmtree(folder)
    shutil.copytree(study / "one" / "seed-0", folder)
    refused(study, r"network.neuron is 'relu' there and 'lif' in the network given")


def test_an_edited_report_is_refused(study, tmp_path, made):
    task = SmallTask()
    outcomes, _ = go(study)
    report = tmp_path / "report.json"
    write_results(report, "", describe(make_arms(task), task), outcomes)
    whole = report.read_text()
    run = outcomes["one"][0]
    assert whole.count(f'"score":{run.score!r}') == 1
    report.write_text(whole.replace(f'"score":{run.score!r}', '"score":0.25'))
    with pytest.raises(CheckpointError, match=r"report.json is damaged \(it was changed"):
        restore_study(report, tmp_path / "again")
    report.write_text(whole)
    kept = files(study)
    (study / "study.json").write_bytes(b"")
    (study / "one" / "seed-0.json").unlink()
    restore_study(report, study)
    assert files(study).keys() == kept.keys()
    assert numbers(go(study)[0]) == made[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_signal_between_two_runs_stops_before_the_next(tmp_path):
    def tell(line):
        os.kill(os.getpid(), signal.SIGTERM)

    task = SmallTask()
    with pytest.raises(RunStopped, match="stopped; run the same command again") as stopped:
        run_study(make_arms(task), task, (0, 1), tmp_path / "study", 1, tell)
    assert stopped.value.exit_status == 143
    assert len(files(tmp_path / "study")) == 1


def test_episodes_and_starts_are_settings_of_a_stage():
    task, es = SmallTask(), ES(population_size=4, n_scout=4)
    usual = describe(make_arms(task, (Stage("evolve", es, 3),)), task)
    (stage,) = usual["arms"]["one"]["stages"]
    assert stage.keys() == {"name", "optimizer", "generations", "expand"}
    training = {"episodes": 3, "common_starts": False}
    other = describe(make_arms(task, (Stage("evolve", es, 3, **training),)), task)
    assert other["arms"]["one"]["stages"] == [stage | training]
    with pytest.raises(UsageError, match="episodes is 0"):
        Stage("evolve", es, 3, episodes=0)


def test_a_stage_runs_with_its_episodes_and_starts(tmp_path):
    task = SmallTask()
    stages = (Stage("evolve", ES(population_size=4, n_scout=4), 2, episodes=3),)
    arms = make_arms(task, stages)
    go(tmp_path, task, (0,), arms)
    training = [call for call in task.calls if call[1] == "train"]
    assert len(training) == 2 * 3 * (1 + 2), "two arms, three episodes, scouts and generations"
    (tmp_path / "one" / "seed-0.json").unlink()
    go(tmp_path, task, (0,), arms)  # takes the run over
    assert len([call for call in task.calls if call[1] == "train"]) == len(training)
