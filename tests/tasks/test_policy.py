"""Trained networks act in environments, one or many, and remember what they should."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import conncore as cc
import conncore.environments  # registers the environments
from conncore.errors import UsageError
from conncore.tasks import make_task
from conncore.tasks.policy import TaskPolicy


def network(task, **options):
    return cc.Network(cc.load("celegans-haspel2011"), task, io="dense", **options)


class Boxes(gymnasium.Env):
    """Observes a Dict, acts by a Dict; the reward tells the two apart."""

    observation_space = spaces.Dict({"a": spaces.Box(-1, 1, (2,)), "b": spaces.Discrete(3)})
    action_space = spaces.Dict({"c": spaces.Box(-4, 2, (2,)), "d": spaces.Discrete(2)})

    def _look(self):
        return {"a": self.np_random.uniform(-1, 1, 2).astype(np.float32), "b": self.turn % 3}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.turn = 0
        return self._look(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        self.turn += 1
        return self._look(), float(action["c"].sum() + action["d"]), False, self.turn == 30, {}


@pytest.mark.parametrize("make", [Boxes, "CartPole-v1", "MountainCarContinuous-v0"])
def test_a_loaded_run_earns_what_its_task_gives(make, tmp_path):
    task = make_task(make, max_steps=50)
    net = network(task)
    optimizer = cc.GA(population_size=4, n_elites=1)
    cc.evolve(net, task, optimizer, 1, out=tmp_path / "run", progress=False)
    trained = cc.load_run(tmp_path / "run", task=task)
    policy = trained.policy()
    env = Boxes() if make is Boxes else gymnasium.make(make)
    observation, _ = env.reset(seed=8)
    total = 0.0
    for _ in range(50):
        observation, reward, terminated, truncated, _ = env.step(policy.act(observation))
        total += reward
        if terminated or truncated:
            break
    assert total == trained.task.evaluate(trained.network, trained.best.genome[None], 8)[0]


@pytest.mark.parametrize("make", [Boxes, "CartPole-v1"])
def test_many_environments_get_the_actions_of_each(make):
    task = make_task(make)
    net = network(task)
    (genome,) = net.random_genomes(1, seed=2)
    makes = [Boxes if make is Boxes else lambda: gymnasium.make(make)] * 3
    envs = gymnasium.vector.SyncVectorEnv(makes)
    many, single = TaskPolicy(net, genome, 3), [TaskPolicy(net, genome) for _ in range(3)]
    observations, _ = envs.reset(seed=0)
    for _ in range(5):
        actions = many.act(observations)
        assert envs.action_space.contains(actions)
        seen = gymnasium.vector.utils.iterate(envs.observation_space, observations)
        each = [policy.act(observation) for policy, observation in zip(single, seen, strict=True)]
        done = gymnasium.vector.utils.iterate(envs.action_space, actions)
        for one, other in zip(done, each, strict=True):
            assert one == other if make is not Boxes else one["d"] == other["d"]
        observations = envs.step(actions)[0]


@pytest.mark.parametrize("name", ["conncore/Swimmer-v0", "conncore/Walker2d-v0"])
def test_a_vector_environment_and_partial_resets(name):
    """Episodes that begin at different times earn what the task gives each of them."""
    envs = gymnasium.make_vec(name, 4, autoreset_mode="Disabled", max_episode_steps=120)
    task = envs.task
    task.n_steps = 120
    net = network(task, neuron="alif")
    genome = net.random_genomes(7, seed=4)[6]
    policy = TaskPolicy(net, genome, 4)
    observations, _ = envs.reset(seed=[0, 1, 2, 3])
    starts, totals, found = np.arange(4), np.zeros(4), {}
    for step in range(400):
        actions = policy.act(observations)
        assert actions.dtype == envs.action_space.dtype
        observations, rewards, terminated, truncated, _ = envs.step(actions)
        totals += rewards
        over = terminated | truncated
        if step == 50:
            over[1] = True  # given up
        if over.any():
            done = terminated | truncated
            found |= dict(zip(starts[done].tolist(), totals[done].tolist(), strict=True))
            starts[over] += 4
            totals[over] = 0.0
            observations, _ = envs.reset(seed=starts.tolist(), options={"reset_mask": over})
            policy.reset(over)
    assert len(found) > 8
    numbers = list(found)
    again = task.evaluate(net, np.tile(genome, (len(numbers), 1)), numbers)
    np.testing.assert_array_equal(list(found.values()), again)


@pytest.mark.parametrize("neuron", ["relu", "lif", "alif", "izhikevich"])
@pytest.mark.parametrize("representation", ["lanes", "events"])
def test_a_policy_continues_from_a_saved_state(neuron, representation, monkeypatch):
    task = make_task("swimmer6")
    net = network(task, neuron=neuron)
    monkeypatch.setattr(cc.Network, "representation", lambda self, n: representation)
    (genome,) = net.random_genomes(1, seed=1)
    rows = np.random.default_rng(0).uniform(-1, 1, (20, 3, task.n_obs))
    policy, other = (TaskPolicy(net, genome, 3, n_threads=2) for _ in range(2))
    for row in rows[:10]:
        policy.act(row)
    state = policy.get_state()
    assert state["activity"].any()
    expected = [policy.act(row) for row in rows[10:]]
    other.set_state(state)
    np.testing.assert_array_equal([other.act(row) for row in rows[10:]], expected)
    lanes_or_events = "events" if representation == "lanes" else "lanes"
    monkeypatch.setattr(cc.Network, "representation", lambda self, n: lanes_or_events)
    third = TaskPolicy(net, genome, 3)
    third.set_state(state)
    np.testing.assert_array_equal([third.act(row) for row in rows[10:]], expected)
    policy.reset(np.array([False, True, False]))
    fresh = TaskPolicy(net, genome, 3).get_state()
    for name, values in policy.get_state().items():
        np.testing.assert_array_equal(values[1], fresh[name][1])
        np.testing.assert_array_equal(values[[0, 2]], other.get_state()[name][[0, 2]])
    assert not policy.status.any()


def test_what_does_not_fit_is_refused():
    task = make_task("CartPole-v1")
    net = network(task, neuron="lif")
    genomes = net.random_genomes(2)
    with pytest.raises(UsageError, match=r"genome has shape \(2, "):
        TaskPolicy(net, genomes)
    policy = TaskPolicy(net, genomes[0], 2)
    with pytest.raises(UsageError, match=r"the observation has the shape \(3, 4\)"):
        policy.act(np.zeros((3, 4)))
    with pytest.raises(UsageError, match="which is float64"):
        policy.reset(np.zeros(2))
    state = policy.get_state()
    with pytest.raises(UsageError, match=r"state has \['activity', 'trace'\], needs"):
        policy.set_state({name: state[name] for name in ("activity", "trace")})
    with pytest.raises(UsageError, match="'v' has shape"):
        policy.set_state({**state, "v": state["v"][:1]})
    with pytest.raises(UsageError, match="must be 0 or 1"):
        policy.set_state({**state, "activity": state["activity"] + 0.5})
    swimmer = make_task("swimmer6")
    with pytest.raises(UsageError, match=r"observations have shape \(1, 3\)"):
        TaskPolicy(network(swimmer), network(swimmer).random_genomes(1)[0]).act(np.zeros(3))
