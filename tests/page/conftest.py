import pytest

import conncore as cc
from conncore.recording.record import record


@pytest.fixture(scope="session")
def recorded_run():
    """A run of a spiking worm on the swimmer, and an episode of it."""
    task = cc.make_task("swimmer6")
    network = cc.Network(cc.load("celegans-haspel2011"), task, steps_per_action=2)
    run = cc.evolve(network, task, cc.ES(population_size=4), generations=2, progress=False)
    return run, record(run)
