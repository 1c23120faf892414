"""Pictures are what the environment draws at each step, or the images that a network sees."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import conncore as cc
from conncore.errors import UsageError
from conncore.recording.record import record
from digits import write_mnist


class Lamp(gymnasium.Env):
    """Its picture has the brightness 10 k in step k; a square of 4 x 4 pixels is brighter by 8."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (2,))
    action_space = gymnasium.spaces.Discrete(2)
    size = (8, 12)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.step_now = 0
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.step_now += 1
        return np.zeros(2, np.float32), 1.0, False, self.step_now == 20, {}

    def render(self):
        frame = np.full((*self.size, 3), 10 * self.step_now, np.uint8)
        frame[:4, :4, 0] += 8
        return frame


class Dark(Lamp):
    metadata = {"render_modes": ["human"]}  # noqa: RUF012


class Broken(Lamp):
    def render(self):
        raise gymnasium.error.DependencyNotInstalled("install paint")


def episode_of(env, render=True, **options):
    task = cc.make_task(env, max_steps=20, **options)
    network = cc.Network(cc.load("celegans-haspel2011-segment"), task, "lif", io="dense")
    return record(network, network.random_genomes(1, seed=0)[0], render=render)


def test_frames_are_those_of_each_step():
    episode = episode_of(Lamp)
    pictures = episode.pictures
    assert (pictures.every, pictures.captions) == (1, ())
    assert pictures.frames.shape == (20, 8, 12, 3)
    for step in range(20):
        assert pictures.frames[step, 7, 11, 1] == 10 * step
    assert repr(pictures) == "<Pictures: 20 frames of 12 x 8 pixels>"
    assert episode_of(Lamp, render=False).pictures is None
    assert episode_of(Dark).pictures is None
    assert episode.reward.tolist() == [1.0] * 20


def test_large_and_many_frames_are_thinned(monkeypatch):
    monkeypatch.setattr("conncore.recording.pictures._MOST_PIXELS", 6)
    monkeypatch.setattr("conncore.recording.pictures._MOST_FRAMES", 7)
    pictures = episode_of(Lamp).pictures
    assert pictures.every == 3
    assert pictures.frames.shape == (7, 4, 6, 3)
    assert pictures.frames[:, 3, 5, 0].tolist() == [0, 30, 60, 90, 120, 150, 180]
    assert pictures.frames[0, :3, 0, 0].tolist() == [8, 8, 0]


def test_a_missing_package_is_named():
    with pytest.raises(UsageError, match="install paint"):
        episode_of(Broken)


def test_images_of_mnist_and_the_answers_to_them(tmp_path):
    (_, _), (images, labels) = write_mnist(tmp_path / "mnist")
    task = cc.make_task("mnist", data=tmp_path / "mnist", pool=4, hold=3, batch=16)
    worm = cc.load("celegans-haspel2011-segment")
    network = cc.Network(worm, task, "relu", io="dense", steps_per_action=2)
    genome = network.random_genomes(1, seed=4)[0]
    episode = record(network, genome)
    assert episode.fitness == task.evaluate(network, genome[None], 0, split="held-out")[0]
    pictures = episode.pictures
    np.testing.assert_array_equal(pictures.frames, images[:24])
    assert (pictures.every, episode.n_steps, len(pictures.captions)) == (3, 72, 24)
    answers = episode.actions[::3].argmax(axis=1)
    for caption, label, answer in zip(pictures.captions, labels, answers, strict=False):
        wrong = "" if label == answer else " (wrong)"
        assert caption == f"digit {label}, answer {answer}{wrong}"
    assert episode.activity.shape == (144, worm.n_cells)
    expected = network.simulate(genome, episode.observations[3:6])  # image 1, from rest
    np.testing.assert_array_equal(episode.activity[6:12], expected)
    assert record(network, genome, split="train", seed=1).pictures.frames.shape == (16, 28, 28)
