"""Each choice changes what it says, in the arms that it applies to, and nothing else."""

from __future__ import annotations

import pytest

from conncore import Network, load, make_null, make_task
from conncore.errors import UsageError
from conncore.experiments.choices import CHOICES
from conncore.experiments.settings import apply_settings
from conncore.experiments.study import Arm, Stage, describe
from conncore.optimizers import ES
from conncore.paper.experiments import EXPERIMENTS, FULL
from digits import write_mnist

EVERY = {e.name: e for group in EXPERIMENTS.values() for e in group}
CIRCUITS = ("circuit", "statistics", "circuit-anatomical", "statistics-anatomical")
MLPS = ("mlp", "sparse-mlp")
MODEL = {f"network.{name}" for name in ("neuron", "constants", "log_weights", "trace")}
EVOLVE, PRETRAIN = "evolve.optimizer.", "pretrain.optimizer."

PRETRAINED = ("fig4-pretrained", "circuits", {"pretrain"}, CIRCUITS)

# Key: the experiment, a value, what must differ in each arm (without an arm: in the task), and the
# arms that must not change.
CHANGES = {
    "connectome": ("fig5-cheetah", "celegans-cook2019-motor", {"connectome"}, ()),
    "task": ("fig4-ga", "dm-swimmer6", {"task.name"}, ()),
    "engine": ("fig4-ga", "mujoco", {"task.engine"}, ()),
    "observe": ("fig4-ga", "angles", {"task.observe"}, ()),
    "max_steps": ("fig4-ga", 500, {"task.max_steps"}, ()),
    "frame_skip": ("fig4-ga", 2, {"task.frame_skip"}, ()),
    "reward_point": ("fig4-ga", "center-of-mass", {"task.reward_point"}, ()),
    "episodes": ("fig4-pretrained", 3, {"evolve.episodes", "pretrain.episodes"}, ()),
    "common_starts": (
        "fig4-pretrained",
        "no",
        {"evolve.common_starts", "pretrain.common_starts"},
        (),
    ),
    "batch": ("fig5-mnist", 512, {"task.batch"}, ()),
    "hold": ("fig5-mnist", 2, {"task.hold"}, ()),
    "pool": ("fig5-mnist", 2, {"task.pool"}, ()),
    "score": ("fig5-mnist", "likelihood", {"task.score"}, ()),
    "neuron": ("fig4-ga", "alif", MODEL, MLPS),
    "io": ("fig3-dense", "anatomical", {"network.io"}, ()),
    "weights": ("fig4-ga", "individual", {"network.weights"}, MLPS),
    "initial_weights": ("fig4-ga", "counts", {"network.initial_weights"}, MLPS),
    "log_weights": ("fig4-ga", "-1,-2", {"network.log_weights"}, ("mlp",)),
    "steps_per_action": ("fig4-ga", 3, {"network.steps_per_action"}, MLPS),
    "trace": ("fig4-ga", 0.5, {"network.trace"}, MLPS),
    "bias": ("fig4-ga", "none", {"network.bias"}, ()),
    "bias_cells": ("fig4-ga", "all", {"network.bias_cells"}, ()),
    "decoder": ("fig4-ga", "linear", {"network.decoder"}, ()),
    "delay": ("fig4-ga", 5, {"network.delay"}, MLPS),
    "mlp_neuron": ("fig4-ga", "tanh", {"network.neuron", "network.constants"}, CIRCUITS),
    "mlp_dale": (
        "fig4-ga",
        "yes",
        {"connectome", "network.weights", EVOLVE + "slice_sigma"},
        (*CIRCUITS, "sparse-mlp"),
    ),
    "tune": ("fig4-ga", "all", {"network.tune"}, MLPS),
    "pretrain": ("fig4-pretrained", 40, {"pretrain.generations"}, ()),
    "pretrain_population": ("fig3-dense", 50, {PRETRAIN + "population_size"}, ()),
    "pretrain_scouts": ("fig3-dense", 60, {PRETRAIN + "n_scout"}, ()),
    "pretrain_sigma": ("fig3-dense", 0.2, {PRETRAIN + "sigma"}, ()),
    "pretrain_sigma_decay": ("fig3-dense", 0.99, {PRETRAIN + "sigma_decay"}, ()),
    "pretrain_learning_rate": ("fig3-dense", 0.2, {PRETRAIN + "learning_rate"}, ()),
    "pretrain_learning_rate_decay": ("fig3-dense", 1, {PRETRAIN + "learning_rate_decay"}, ()),
    "pretrain_update": ("fig3-dense", "adam", {PRETRAIN + "update"}, ()),
    "pretrain_shaping": ("fig3-dense", "z-ranks", {PRETRAIN + "shaping"}, ()),
    "pretrain_over_sigma": ("fig3-dense", "no", {PRETRAIN + "over_sigma"}, ()),
    "pretrain_weight_decay": ("fig3-dense", 0.01, {PRETRAIN + "weight_decay"}, ()),
    "pretrain_sigma_weights": ("fig4-pretrained", 0.2, {PRETRAIN + "slice_sigma"}, ()),
    "pretrain_learning_rate_weights": (
        "fig4-pretrained",
        0.2,
        {PRETRAIN + "slice_learning_rate"},
        (),
    ),
    "pretrain_arms": PRETRAINED,
    "optimizer": (
        "fig5-mnist",
        "es",
        {EVOLVE + name for name in ("name", "sigma", "sigma_decay", "n_elites", "slice_sigma")}
        | {EVOLVE + name for name in ("learning_rate", "learning_rate_decay", "n_scout", "update")},
        (),
    ),
    "generations": ("fig4-ga", 20, {"evolve.generations"}, ()),
    "population": ("fig4-ga", 20, {EVOLVE + "population_size"}, ()),
    "scouts": ("fig5-mnist-es", 20, {EVOLVE + "n_scout"}, ()),
    "sigma": ("fig4-ga", 0.5, {EVOLVE + "sigma"}, ()),
    "sigma_weights": ("fig4-ga", 0.5, {EVOLVE + "slice_sigma"}, ()),
    "sigma_constants": ("fig3-dense", 0, {EVOLVE + "slice_sigma"}, ()),
    "sigma_decay": ("fig4-ga", 0.9, {EVOLVE + "sigma_decay"}, ()),
    "elites": ("fig4-ga", 4, {EVOLVE + "n_elites"}, ()),
    "learning_rate": ("fig5-mnist-es", 0.5, {EVOLVE + "learning_rate"}, ()),
    "learning_rate_decay": ("fig5-mnist-es", 0.9, {EVOLVE + "learning_rate_decay"}, ()),
    "update": ("fig5-mnist-es", "sgd", {EVOLVE + "update"}, ()),
    "shaping": ("fig5-mnist-es", "z-scores", {EVOLVE + "shaping"}, ()),
    "over_sigma": ("fig5-mnist-es", "no", {EVOLVE + "over_sigma"}, ()),
    "weight_decay": ("fig5-mnist-es", 0.01, {EVOLVE + "weight_decay"}, ()),
}


def study_of(name, tmp_path):
    experiment = EVERY[name]
    if "mnist" in name:
        write_mnist(tmp_path, n_train=1200)
    task = experiment.task({"data": tmp_path})
    return task, experiment.arms(task, FULL)


def leaves(value, path=""):
    """The plain values of a description by path; a stage by its name."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = {stage["name"]: {k: v for k, v in stage.items() if k != "name"} for stage in value}
    if not isinstance(value, dict) or path.endswith(("slice_sigma", "slice_learning_rate")):
        return {path: value}
    found = {}
    for key, inner in value.items():
        part = "" if key in ("stages",) else f".{key}"
        found |= leaves(inner, path + part)
    return found


def changed(before, after):
    one, other = leaves(before), leaves(after)
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def test_every_choice_is_tested_here():
    assert set(CHANGES) == {key for key, row in CHOICES.items() if row.part != "reading"}


@pytest.mark.parametrize("key", CHANGES)
def test_a_choice_changes_what_it_says_and_nothing_else(key, tmp_path):
    name, value, wanted, same = CHANGES[key]
    task, arms = study_of(name, tmp_path)
    before = describe(arms, task)
    study = apply_settings(task, arms, {key: value})
    after = describe(study.arms, study.task)
    found = changed(before, after)
    if any(path.startswith("task.") for path in wanted):
        assert {path[1:] for path in found} == wanted
        assert all(arm.build(1).task is study.task for arm in study.arms)
        return
    for arm in before["arms"]:
        start = f".arms.{arm}."
        of_arm = {path.removeprefix(start) for path in found if path.startswith(start)}
        if key == "pretrain_arms":  # the whole stage goes
            of_arm = {path.split(".")[0] for path in of_arm}
        if key == "connectome" and arm == "mlp":  # its cells have other names
            of_arm -= {"network.inputs", "network.outputs"}
        if key in ("neuron", "mlp_neuron"):  # each constant is a leaf
            of_arm = {"network." + path.split(".")[1] for path in of_arm}
        assert of_arm == (set() if arm in same else wanted), arm
    if key != "pretrain_arms":
        assert study.exempt == (
            {key: [arm for arm in before["arms"] if arm in same]} if same else {}
        )
    if key == "connectome":
        return
    # The null models of other seeds change alike.
    for old, new in zip(arms, study.arms, strict=True):
        if key == "mlp_dale" and old.name == "mlp":
            assert {*new.build(3).connectome.sign} == {-1, 1}
            continue
        assert old.build(3).connectome.checksum == new.build(3).connectome.checksum


def test_no_settings_leave_the_study_as_it_is(tmp_path):
    task, arms = study_of("fig4-pretrained", tmp_path)
    study = apply_settings(task, arms, {})
    assert study.task is task
    assert study.arms == arms


def test_settings_that_repeat_the_default_keep_the_description(tmp_path):
    task, arms = study_of("fig4-pretrained", tmp_path)
    same = {"observe": "angles+velocities", "neuron": "relu", "sigma": 0.01, "sigma_weights": 0.02,
            "pretrain_arms": "all", "pretrain": 1000, "optimizer": "ga"}  # fmt: skip
    study = apply_settings(task, arms, same)
    assert describe(study.arms, study.task) == describe(arms, task)


def test_settings_combine_in_the_order_of_the_table(tmp_path):
    """The optimizer comes first, however the settings are ordered."""
    task, arms = study_of("fig4-ga", tmp_path)
    study = apply_settings(task, arms, {"sigma": 0.3, "optimizer": "es", "population": 40})
    stage = study.arms[0].stages[-1]
    assert (stage.optimizer.name, stage.optimizer.sigma) == ("es", 0.3)
    assert stage.optimizer.population_size == 40
    assert list(study.settings) == ["optimizer", "population", "sigma"]


def test_another_connectome_comes_first_and_has_its_own_null_models(tmp_path):
    task, arms = study_of("fig4-ga", tmp_path)
    other = load("celegans-cook2019-motor")
    study = apply_settings(task, arms, {"sigma": 0.3, "connectome": other.name})
    assert {arm.stages[-1].optimizer.sigma for arm in study.arms} == {0.3}
    built = {arm.name: arm.build(5).connectome for arm in study.arms}
    assert [arm.name for arm in study.arms] == [arm.name for arm in arms]
    assert built["circuit"].checksum == other.checksum
    null = make_null("statistics", other, 5)
    assert built["statistics-anatomical"].checksum == null.checksum
    assert built["mlp"].n_cells == other.n_cells
    with pytest.raises(UsageError, match="no arm says how it is made of another connectome"):
        apply_settings(task, study.arms, {"connectome": "celegans-haspel2011"})


def test_halving_gets_as_many_episodes(tmp_path):
    task, arms = study_of("fig4-ga", tmp_path)
    stage = apply_settings(task, arms, {"optimizer": "halving"}).arms[0].stages[-1]
    assert stage.optimizer.n_episodes == 200 * 750
    assert stage.generations == stage.optimizer.n_generations


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("fig4-ga", {"pretrain": 5}, "pretrain does not apply here: no arm has the stage pretrain"),
        ("fig4-ga", {"pretrain_arms": "none"}, "no arm has the stage pretrain; .* are evolve"),
        ("fig4-ga", {"learning_rate": 1}, "the stage evolve uses ga, which has no such setting"),
        ("fig4-ga", {"batch": 5}, "batch does not apply here: the task swimmer6 has no such"),
        ("best-swimmer6", {"sigma": 1}, "no arm has the stage evolve; .* are individual, shared"),
        ("fig4-ga", {"io": "dense"}, "io=dense makes the arms circuit and circuit-an"),
        ("fig4-ga", {"read_at": 5}, "read_at is for conncore multiverse only"),
        ("fig4-ga", {"elites": 750}, "n_elites is 750"),
        ("fig4-ga", {"nose": 1}, "unknown key 'nose'"),
    ],
)  # fmt: skip
def test_what_does_not_apply_is_refused_by_name(name, settings, message, tmp_path):
    task, arms = study_of(name, tmp_path)
    with pytest.raises(UsageError, match=message):
        apply_settings(task, arms, settings)


def test_a_study_of_perceptrons_alone_has_no_circuits(tmp_path):
    task, arms = study_of("fig4-ga", tmp_path)
    with pytest.raises(UsageError, match="neuron does not apply here: each network is a percep"):
        apply_settings(task, arms[-2:], {"neuron": "alif"})


def test_constants_that_are_all_tuned_stay_so_with_another_neuron(tmp_path):
    task, arms = study_of("fig3-dense", tmp_path)
    study = apply_settings(task, arms[:1], {"neuron": "lif"})
    network = study.arms[0].build(0)
    assert set(network.tune) == set(network.constants)


def test_any_study_can_be_changed():
    """Not only the paper's: here with a task of Gymnasium, whose options are free."""
    worm, task = load("celegans-haspel2011"), make_task("CartPole-v1")
    arm = Arm("one", lambda seed: Network(worm, task, "lif", "dense"), (Stage("evolve", ES(), 3),))
    study = apply_settings(task, [arm], {"sigma": 0.5, "trace": 0.25})
    assert study.arms[0].stages[0].optimizer.sigma == 0.5
    assert study.arms[0].build(0).trace == 0.25


def test_perceptrons_keep_a_step_per_layer_and_learn_with_dales_law(tmp_path):
    task, arms = study_of("fig4-ga", tmp_path)
    study = apply_settings(task, arms, {"mlp_neuron": "tanh", "mlp_dale": "yes", "elites": 3})
    (mlp,) = (arm for arm in study.arms if arm.name == "mlp")
    network = mlp.build(0)
    assert (network.neuron, network.steps_per_action, network.weights) == ("tanh", 2, "shared")
    stage = mlp.stages[-1]
    assert stage.optimizer.slice_sigma == {"log_weights": 0.02}
    genomes = network.with_individual_weights().random_genomes(750)
    slices = network.with_individual_weights().layout.slices
    assert stage.optimizer.init(genomes, 0, slices=slices).generation == 0
    assert study.exempt == {
        "mlp_neuron": list(CIRCUITS),
        "mlp_dale": [*CIRCUITS, "sparse-mlp"],
    }
