"""MNIST: a network sees images of handwritten digits and names the digits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError, choose, need_count
from conncore.noise import Split
from conncore.tasks.base import FloatArray, PolicyFactory, Task, member_seeds
from conncore.tasks.mnist_files import N_CLASSES, SIDE, LabelledImages, load_mnist
from conncore.threads import resolve_threads

_POOLS = (1, 2, 4, 7, 14)  # the divisors of the side, except the side itself
_VALIDATION_SHARE = 12  # the last 1 / 12 of the training images: 5,000 of 60,000


class Mnist(Task):
    """Handwritten digits (LeCun, Cortes & Burges): which digit does an image show?

    Parameters
    ----------
    batch : int
        Number of images in a minibatch. A generation is trained on one minibatch.
    hold : int
        Number of steps for which the network sees each image. A signal needs one step per synapse
        on its way from input to output.
    score : {"accuracy", "likelihood"}
        Fitness in training; see the table of rewards.
    pool : int
        1, 2, 4, 7 or 14. One input of the network is the mean of a square of ``pool`` x ``pool``
        pixels: 1 keeps all 28 x 28 pixels, 2 halves the resolution and leaves a quarter of the
        inputs.
    data : path, optional
        Directory of the four MNIST files, plain or gzipped. If None, the directory that the
        environment variable CONNCORE_DATA names, or its folder `mnist`. If CONNCORE_DATA has no
        such files, conncore downloads them once.

    Raises
    ------
    UsageError
        If an option is out of range, or a file is missing or damaged.

    Notes
    -----
    **Observations**

    | index                   | observation                              | unit        | range   |
    | ----------------------- | ---------------------------------------- | ----------- | ------- |
    | 0 to (28 / pool)**2 - 1 | brightness of a square minus its average | 255 greys   | -1 to 1 |

    Squares are numbered row by row. The average is that over the training images.

    **Actions.** Ten, one per digit. The answer to an image is the digit whose output is largest:
    the output of the decoder before its tanh, summed over the steps of the image. Every image
    starts from the reset state of the network.

    **Reward**, one per episode, which is also the fitness:

    | score      | equation                                             | unit | range    | chance |
    | ---------- | ---------------------------------------------------- | ---- | -------- | ------ |
    | accuracy   | ``100 * mean(answer == digit)``                      | %    | 0 to 100 | 10     |
    | likelihood | ``100 * exp(mean(log(softmax(outputs)[digit])))``    | %    | 0 to 100 | 10     |

    The likelihood is the geometric mean of the probability of the right digit. It distinguishes
    networks that give equal answers. Validation and held-out scores are always the accuracy.

    **Start.** The split chooses the images, and in training the seed chooses the minibatch:

    | split      | images                                               | starts of a run  |
    | ---------- | ---------------------------------------------------- | ---------------- |
    | train      | `batch` of the first 55,000 training images, by seed | 1 per generation |
    | validation | the last 5,000 training images, for every seed       | 1                |
    | held-out   | the 10,000 test images, for every seed               | 1                |

    **Episode end.** After `hold` steps per image.
    """

    name = "mnist"
    n_actions = N_CLASSES
    n_validation = 1
    n_held_out = 1
    locations = ("data",)

    def __init__(
        self,
        batch: int = 256,
        hold: int = 4,
        score: str = "accuracy",
        pool: int = 1,
        data: str | os.PathLike[str] | None = None,
    ) -> None:
        need_count("hold", hold)
        if pool not in _POOLS:
            raise UsageError(f"pool is {pool}; give one of {', '.join(map(str, _POOLS))}")
        self.batch = batch
        self.n_steps = hold
        self.pool = pool
        self.n_obs = (SIDE // pool) ** 2
        self.score = choose("score", score, ("accuracy", "likelihood"))
        self.data = None if data is None else str(Path(data).resolve())
        known, test = load_mnist(self.data)
        n_train = len(known) - len(known) // _VALIDATION_SHARE
        need_count("batch", batch, 1, n_train)
        self._train = known[:n_train]
        self._whole: dict[Split, LabelledImages] = {"validation": known[n_train:], "held-out": test}
        self._mean = self._train.images.mean(axis=0, dtype=np.float64)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options; see `Task.describe`."""
        described: dict[str, str | int | float | bool] = {
            "name": self.name,
            "batch": self.batch,
            "hold": self.n_steps,
            "score": self.score,
            "pool": self.pool,
        }
        return described if self.data is None else {**described, "data": self.data}

    def evaluate(
        self,
        network: PolicyFactory,
        genomes: FloatArray,
        seed: int | Sequence[int],
        n_threads: int | None = None,
        *,
        split: Split = "train",
    ) -> FloatArray:
        """Score every genome on a minibatch, or on all images of another split.

        See `Task.evaluate`. In training the seed of a member chooses its minibatch; members of one
        minibatch are evaluated together. The seed of a validation or held-out start has no effect.
        """
        threads = resolve_threads(n_threads)
        seeds = np.array(member_seeds(seed, len(genomes), split))
        if split in self._whole:
            seeds[:] = 0
        score = _SCORES[self.score if split == "train" else "accuracy"]
        fitness = np.empty(len(genomes))
        for start in dict.fromkeys(seeds.tolist()):
            members = np.flatnonzero(seeds == start)
            shown = self._whole.get(split) or self._minibatch(start)
            answers = network.respond(
                genomes[members], self._observe(shown.images), self.n_steps, threads
            )
            fitness[members] = score(answers, shown.labels)
        return fitness

    def examples(
        self, seed: int, split: Split, n_images: int
    ) -> tuple[LabelledImages, NDArray[np.float32]]:
        """Return the first images of a start with their labels, and what the network sees of them.

        Parameters
        ----------
        seed : int
            What `member_seeds` returns for the start.
        split : {"train", "validation", "held-out"}
        n_images : int

        Returns
        -------
        LabelledImages
        (n_images, n_obs) float32
        """
        found = (self._whole.get(split) or self._minibatch(seed))[:n_images]
        return found, self._observe(found.images)

    def _minibatch(self, seed: int) -> LabelledImages:
        rng = np.random.Generator(np.random.Philox(seed))
        return self._train[rng.choice(len(self._train), self.batch, replace=False)]

    def _observe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        centred = np.asarray((images - self._mean) / 255.0, dtype=np.float32)
        if self.pool == 1:
            return centred
        side = SIDE // self.pool
        rows = centred.reshape(len(images), side, self.pool, SIDE).mean(axis=2)
        squares = np.mean([rows[:, :, i :: self.pool] for i in range(self.pool)], axis=0)
        return np.asarray(squares.reshape(len(images), self.n_obs))


def accuracy(answers: NDArray[np.float32], labels: NDArray[np.uint8]) -> FloatArray:
    """Percentage of images whose largest answer is at their label, per member.

    Parameters
    ----------
    answers : (n_members, n_images, n_classes) float32
    labels : (n_images,) uint8

    Returns
    -------
    (n_members,) float64
        -inf for a member with an answer that is not finite.
    """
    right = 100.0 * (answers.argmax(axis=2) == labels).mean(axis=1)
    return _where_finite(answers, right)


def likelihood(answers: NDArray[np.float32], labels: NDArray[np.uint8]) -> FloatArray:
    """Geometric mean of the probability of the label, in percent, per member.

    Parameters and return value as in `accuracy`; probabilities are the softmax of the answers.
    """
    with np.errstate(invalid="ignore"):  # of answers that are not finite
        logits = np.subtract(answers, answers.max(axis=2, keepdims=True), dtype=np.float64)
    chosen = logits[:, np.arange(len(labels)), labels]
    log_probability = chosen - np.log(np.exp(logits, out=logits).sum(axis=2))
    return _where_finite(answers, 100.0 * np.exp(log_probability.mean(axis=1)))


def _where_finite(answers: NDArray[np.float32], scores: FloatArray) -> FloatArray:
    finite = np.isfinite(answers).all(axis=(1, 2))
    return np.where(finite, scores, -np.inf)


_SCORES = {"accuracy": accuracy, "likelihood": likelihood}
