"""The studies of `conncore multiverse`: their defaults are those of `reproduce` and `compare`."""

from __future__ import annotations

import json

import pytest

from conncore import compare, load, make_task
from conncore.errors import UsageError
from conncore.experiments.study import describe
from conncore.optimizers import ES
from conncore.paper.experiments import EXPERIMENTS, QUICK
from conncore.robustness.cells import plan
from conncore.robustness.targets import NAMES, check_reading, compare_target, paper_target


@pytest.mark.parametrize(
    ("figure", "place", "settings"),
    [
        ("fig3", 0, {}),
        ("fig3", 1, {"io": "anatomical"}),
        ("fig4", 1, {}),
        ("fig4", 0, {"pretrain_arms": "none"}),
        ("fig4", 0, {"pretrain_arms": "none", "pretrain": 3}),
    ],
)
def test_a_figure_reaches_the_variants_of_its_experiments(figure, place, settings):
    target = paper_target(figure, QUICK, {})
    task, arms = target.build(**settings)
    experiment = EXPERIMENTS[figure][place]
    wanted = experiment.task({})
    assert describe(arms, task) == describe(experiment.arms(wanted, QUICK), wanted)
    assert [c.text for c in target.claims] == [c.text for c in experiment.claims]


def test_other_experiments_go_by_their_names():
    assert {"fig3", "fig4", "compare", "fig5-cheetah", "fig3-anatomical"} <= set(NAMES)
    task, _ = paper_target("fig5-cheetah", QUICK, {}).build()
    assert task.name == "HalfCheetah-v5"
    with pytest.raises(UsageError, match="izhikevich has no claims"):
        paper_target("izhikevich", QUICK, {})
    with pytest.raises(UsageError, match="unknown figure 'fig9'"):
        paper_target("fig9", QUICK, {})


def test_the_length_of_a_pretraining_that_nobody_has_makes_no_cell():
    target = paper_target("fig4", QUICK, {})
    grid = [{"pretrain_arms": "none", "pretrain": n} for n in (3, 4)]
    grid += [{"pretrain_arms": "circuits", "pretrain": n} for n in (3, 4)]
    cells, arms = plan(target.build, grid)
    assert [len(cell.combinations) for cell in cells] == [2, 1, 1]
    assert sum(name.startswith("mlp") for name in arms) == 1


def test_a_comparison_is_that_of_compare(tmp_path):
    worm, task = load("celegans-haspel2011"), make_task("swimmer6")
    target = compare_target(["degree", "mlp"], population=4, generations=2)
    found, arms = target.build()
    es = ES(population_size=4, n_scout=32)
    compare(worm, task, ["degree", "mlp"], 1, out=tmp_path, optimizer=es, generations=2,
            n_threads=1)  # fmt: skip
    there = json.loads((tmp_path / "study.json").read_text())
    assert json.loads(json.dumps(describe(arms, found))) == there
    assert [claim.text for claim in target.claims] == [
        "the circuit scores above degree", "the circuit scores above mlp",
    ]  # fmt: skip


def test_scores_have_no_earlier_generation():
    check_reading("fig4", [{"read_at": [1]}])
    check_reading("compare", {"neuron": ["lif"]})
    with pytest.raises(UsageError, match="read_at is for learning curves"):
        check_reading("compare", [{"neuron": ["lif"]}, {"read_at": [1]}])
