"""Each experiment of the paper can be built."""

from __future__ import annotations

from conncore.paper.beyond import BEYOND
from conncore.paper.experiments import EXPERIMENTS, QUICK
from digits import write_mnist


def test_each_experiment_of_the_paper_can_be_built(tmp_path):
    """Every arm's first and last network, without running any."""
    write_mnist(tmp_path, n_train=1200)
    for group in [*EXPERIMENTS.values(), *BEYOND.values()]:
        for experiment in group:
            task = experiment.task({"data": tmp_path})
            arms = experiment.arms(task, QUICK)
            assert set(experiment.published) <= {arm.name for arm in arms}
            for arm in arms:
                networks = [arm.build(seed) for seed in (0, 1)]
                assert networks[0].layout.slices.keys() == networks[1].layout.slices.keys()
                for stage in arm.stages:
                    names = getattr(stage.optimizer, "slice_sigma", {})
                    assert set(names) <= set(networks[0].layout.slices)
