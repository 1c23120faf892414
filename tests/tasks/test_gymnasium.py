"""Gymnasium environments against hand-written loops over `gymnasium.make`."""

from __future__ import annotations

import copy
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from conncore.errors import UsageError
from conncore.tasks import make_task


class LinearNetwork:
    """One matrix a member; no state, so any subset of members acts as the whole does."""

    def __init__(self, task):
        self.shape = (task.n_actions, task.n_obs)
        self.sizes = []

    def policy(self, genomes, n_threads=None):
        self.sizes.append(len(genomes))
        return LinearPolicy(genomes.reshape(-1, *self.shape))

    def genomes(self, n_members):
        return np.random.default_rng(0).normal(size=(n_members, int(np.prod(self.shape))))


class LinearPolicy:
    def __init__(self, matrices):
        self.matrices = matrices
        self.status = np.zeros(len(matrices), dtype=np.uint8)

    def reset(self):
        self.status[:] = 0

    def act(self, observations):
        assert observations.dtype == np.float64
        # elementwise, so that a member's sum does not depend on the population's size
        actions = np.tanh((self.matrices * observations[:, None, :]).sum(axis=2))
        self.status[~np.isfinite(actions).all(axis=1)] = 1
        return actions


def hand_loop(name, matrix, seed, to_action, n_steps=10_000):
    """The episode of one member, as Gymnasium's own page writes it."""
    env = gymnasium.make(name)
    observation, _ = env.reset(seed=seed)
    total, over, t = 0.0, False, 0
    while not over and t < n_steps:
        output = np.tanh((matrix * np.float64(observation)).sum(axis=1))
        observation, reward, terminated, truncated, _ = env.step(to_action(output))
        total += float(reward)
        over, t = terminated or truncated, t + 1
    env.close()
    return total, t


def test_cartpole_equals_a_hand_loop():
    task = make_task("CartPole-v1")
    assert (task.n_obs, task.n_actions, task.n_steps) == (4, 2, 500)
    network = LinearNetwork(task)
    genomes = network.genomes(70)
    seeds = list(range(40, 110))
    fitness = task.evaluate(network, genomes, seeds)
    assert network.sizes == [64, 6]  # bounded chunks
    expected = [
        hand_loop("CartPole-v1", g.reshape(2, 4), s, lambda output: int(output.argmax()))
        for g, s in zip(genomes, seeds, strict=True)
    ]
    np.testing.assert_array_equal(fitness, [total for total, _ in expected])
    steps = [t for _, t in expected]
    assert min(steps) < 15, "some member must fall early"
    assert max(steps) == 500, "some member must reach the time limit"


def test_pendulum_equals_a_hand_loop():
    task = make_task("Pendulum-v1")
    assert (task.n_obs, task.n_actions, task.n_steps) == (3, 1, 200)
    network = LinearNetwork(task)
    genomes = network.genomes(3)
    fitness = task.evaluate(network, genomes, seed=11, n_threads=2)
    for m in range(3):
        matrix = genomes[m].reshape(1, 3)
        # torques are +-2, in float32
        total, _ = hand_loop("Pendulum-v1", matrix, 11, lambda y: np.float32(2.0 * y))
        assert fitness[m] == total


@pytest.mark.parametrize(("split", "offset"), [("validation", 2**29), ("held-out", 2**30)])
def test_a_split_has_starts_of_its_own(split, offset):
    task = make_task("Pendulum-v1", max_steps=20)
    network = LinearNetwork(task)
    genomes = network.genomes(2)
    fitness = task.evaluate(network, genomes, [8, 9], split=split)
    for m, seed in enumerate((offset + 8, offset + 9)):
        matrix = genomes[m].reshape(1, 3)
        total, _ = hand_loop("Pendulum-v1", matrix, seed, lambda y: np.float32(2.0 * y), 20)
        assert fitness[m] == total


def test_a_members_score_is_its_own():
    task = make_task("Pendulum-v1", max_steps=20)
    network = LinearNetwork(task)
    genomes = network.genomes(66)
    seeds = list(range(66))
    together = task.evaluate(network, genomes, seeds)
    assert len(set(together)) == 66
    some = [65, 3, 64, 10]
    np.testing.assert_array_equal(task.evaluate(network, genomes[some], some), together[some])


def test_one_seed_starts_all_members_alike():
    task = make_task("CartPole-v1")
    network = LinearNetwork(task)
    genomes = np.tile(network.genomes(1), (65, 1))
    assert len(set(task.evaluate(network, genomes, seed=5))) == 1


def test_a_failing_member_fails_alone():
    task = make_task("Pendulum-v1", max_steps=10)
    network = LinearNetwork(task)
    genomes = network.genomes(3)
    healthy = task.evaluate(network, genomes, seed=1)
    genomes[1] = np.nan
    fitness = task.evaluate(network, genomes, seed=1)
    np.testing.assert_array_equal(fitness, [healthy[0], -np.inf, healthy[2]])


def test_an_episode_ends_at_the_environments_limit():
    task, longer = make_task("Pendulum-v1"), make_task("Pendulum-v1", max_steps=250)
    network = LinearNetwork(task)
    genomes = network.genomes(2)
    fitness = task.evaluate(network, genomes, seed=3)
    np.testing.assert_array_equal(longer.evaluate(network, genomes, seed=3), fitness)


def test_discrete_observations_are_one_hot():
    task = make_task("FrozenLake-v1")
    assert (task.n_obs, task.n_actions) == (16, 4)
    network = LinearNetwork(task)
    # always to the right: the member walks along the top, and slips by its seed alone
    genomes = np.zeros((1, 4, 16))
    genomes[0, 2] = 1.0
    seeds = list(range(30))
    fitness = task.evaluate(network, np.repeat(genomes.reshape(1, -1), 30, axis=0), seeds)
    expected = []
    for seed in seeds:
        env = gymnasium.make("FrozenLake-v1")
        env.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            _, reward, terminated, truncated, _ = env.step(2)
            total, over = total + reward, terminated or truncated
        expected.append(total)
    np.testing.assert_array_equal(fitness, expected)


class Echo(gymnasium.Env):
    """Rewards what it was given, for ever: shows actions and observations as they arrive."""

    observation_space = spaces.Box(0, 255, (2, 2), np.uint8)

    def __init__(self, action_space):
        self.action_space = action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.array([[1, 2], [3, 4]], dtype=np.uint8), {}

    def step(self, action):
        assert action in self.action_space
        return np.zeros((2, 2), dtype=np.uint8), float(np.sum(action)), False, False, {}


@pytest.fixture
def register_echo():
    names = []

    def register(action_space):
        names.append(f"conncore-test/Echo{len(names)}-v0")
        gymnasium.register(names[-1], lambda: Echo(action_space))
        return names[-1]

    yield register
    for name in names:
        del gymnasium.registry[name]


def test_box_actions_are_stretched_to_their_bounds(register_echo):
    low, high = np.array([[-4.0, 0.0]]), np.array([[2.0, np.inf]])
    name = register_echo(spaces.Box(low, high, dtype=np.float64))
    task = make_task(name, max_steps=2)
    assert (task.n_obs, task.n_actions, task.n_steps) == (4, 2, 2)
    # the first observation is 1 2 3 4, the second 0: outputs tanh(0.1 * 4), tanh(0.1 * 2), then 0
    genome = 0.1 * np.array([[0, 0, 0, 1], [0, 1, 0, 0]], dtype=float)
    fitness = task.evaluate(LinearNetwork(task), genome.reshape(1, -1), seed=0)
    first = (-1 + 3 * np.tanh(0.4)) + np.tanh(0.2)  # bounded, and passed as it is
    assert fitness[0] == pytest.approx(first - 1)
    assert make_task(name).n_steps == 1000  # nobody set a limit


def test_no_environment_is_given_the_output_of_a_failed_network(register_echo):
    task = make_task(register_echo(spaces.Box(-1, 1, (1,), np.float64)), max_steps=3)
    fitness = task.evaluate(LinearNetwork(task), np.array([[np.nan] * 4, [0.0] * 4]), seed=0)
    np.testing.assert_array_equal(fitness, [-np.inf, 0.0])


def test_discrete_actions_may_start_anywhere(register_echo):
    task = make_task(register_echo(spaces.Discrete(3, start=7)), max_steps=1)
    genome = np.zeros((3, 4))
    genome[1] = 1.0
    assert task.evaluate(LinearNetwork(task), genome.reshape(1, -1), seed=0)[0] == 8


def test_a_task_is_rebuilt_from_its_description_and_from_a_pickle():
    task = make_task("CartPole-v1", max_steps=30)
    assert task.describe() == {"name": "CartPole-v1", "max_steps": 30}
    network = LinearNetwork(task)
    genomes = network.genomes(4)
    fitness = task.evaluate(network, genomes, seed=2)
    for twin in (make_task(**task.describe()), pickle.loads(pickle.dumps(task))):
        np.testing.assert_array_equal(twin.evaluate(network, genomes, seed=2), fitness)


def test_other_action_spaces_are_refused(register_echo):
    with pytest.raises(UsageError, match=r"supported are Box of floats, .*TransformAction"):
        make_task(register_echo(spaces.Box(0, 5, (2,), np.int64)))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("CartPol-v1", {}, "unknown task 'CartPol-v1'.*Did you mean: `CartPole`"),
        ("nowhere:Env-v0", {}, "cannot make 'nowhere:Env-v0': No module named 'nowhere'.*sys.path"),
        ("CartPole-v1", {"max_steps": 0}, "max_steps is 0"),
        (
            "CartPole-v1",
            {"engine": "mujoco"},
            "cannot take 'engine' .*the options are max_steps, action_scale",
        ),
    ],
)
def test_wrong_names_and_options_say_what_to_do(name, options, said):
    with pytest.raises(UsageError, match=said) as caught:
        make_task(name, **options)
    assert "\n" not in str(caught.value)


class Named(gymnasium.Env):
    """Its arguments have names that `make_task` takes itself."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, name="none", max_steps=0, action_scale=0.0, size=0):
        self.given = (name, max_steps, action_scale, size)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, dtype=np.float32), {}

    def step(self, action):
        return np.zeros(2, dtype=np.float32), float(self.given[1]), True, False, {}


def test_kwargs_hold_arguments_whose_names_are_taken():
    given = {"name": "me", "max_steps": 7, "action_scale": 2.0}
    task = make_task(Named, max_steps=5, size=3, kwargs=given)
    assert task.n_steps == 5
    assert task._make().given == ("me", 7, 2.0, 3)
    network = LinearNetwork(task)
    assert task.evaluate(network, network.genomes(2), 0).tolist() == [7.0, 7.0]
    described = task.describe()
    assert (described["name"], described["max_steps"]) == ("Named", 5)
    assert described["size"] == 3
    assert described["rebuildable"] is False
    with pytest.raises(UsageError, match="argument 'size' is given twice"):
        make_task(Named, size=3, kwargs={"size": 4})


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1", Named])
@pytest.mark.parametrize("copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_tasks_can_be_pickled_and_copied(name, copied):
    task = make_task(name, max_steps=30)
    other = copied(task)
    network = LinearNetwork(task)
    genomes = network.genomes(5)
    scores = task.evaluate(network, genomes, range(5))
    assert np.array_equal(other.evaluate(network, genomes, range(5)), scores)
    assert other.describe() == task.describe()


def test_a_task_of_a_lambda_says_that_it_cannot_be_pickled():
    task = make_task(lambda: gymnasium.make("CartPole-v1"), max_steps=30)
    with pytest.raises(UsageError, match=r"cannot be pickled .*at the top of a module"):
        pickle.dumps(task)
    network = LinearNetwork(task)
    genomes = network.genomes(3)
    scores = copy.deepcopy(task).evaluate(network, genomes, 0)
    assert np.array_equal(scores, task.evaluate(network, genomes, 0))
