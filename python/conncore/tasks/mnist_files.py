"""The four files of MNIST: finds, downloads, reads and checks them."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.storage import downloads

SIDE = 28  # pixels
_UNSIGNED_BYTES = 8  # the type code
_GZIP = b"\x1f\x8b"
N_CLASSES = 10
VARIABLE = "CONNCORE_DATA"
MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"

# The mirror's files and their sha256. A directory may hold them without the .gz.
FILES = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}

_FEWEST = 12  # images: 1 / 12 of the training set is for validation
# Seconds to wait for a connection, and for the next bytes: without network nothing may hang.
_TIMEOUT = (3.0, 20.0)


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images and the digits that they show.

    Attributes
    ----------
    images : (n_images, 784) uint8
    labels : (n_images,) uint8, from 0 to 9
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: slice | NDArray[np.int64]) -> LabelledImages:
        return LabelledImages(self.images[which], self.labels[which])


def load_mnist(data: str | os.PathLike[str] | None = None) -> tuple[LabelledImages, LabelledImages]:
    """Return the training and the test set.

    Parameters
    ----------
    data : path, optional
        Directory of the four files. If None, the function looks in the directory that the
        environment variable CONNCORE_DATA names, then in its folder `mnist`. If neither has one of
        the files, it downloads them once into the user's cache.

    Returns
    -------
    train, test : LabelledImages

    Raises
    ------
    UsageError
        If the files are not found and cannot be downloaded, or a file is damaged or incomplete.
    """
    paths = _find(data)
    train, test = (_read(images, labels) for images, labels in (paths[:2], paths[2:]))
    return train, test


def _find(data: str | os.PathLike[str] | None) -> list[Path]:
    if data is not None:
        return _in_directory(Path(data))
    named = os.environ.get(VARIABLE)
    if named:
        for directory in (Path(named), Path(named, "mnist")):
            if any(_candidates(directory, name) for name in FILES):
                return _in_directory(directory)
    return _download()


def _candidates(directory: Path, name: str) -> list[Path]:
    either = (directory / name, directory / name.removesuffix(".gz"))
    return [path for path in either if path.is_file()]


def _in_directory(directory: Path) -> list[Path]:
    found = {name: _candidates(directory, name) for name in FILES}
    missing = [name for name, paths in found.items() if not paths]
    if missing:
        raise UsageError(
            f"{directory} does not have MNIST's {', '.join(missing)} (plain or .gz): pass a "
            f"directory with all four files as data=, or set ${VARIABLE} to it",
            flag="--data DIR",
        )
    return [paths[0] for paths in found.values()]


def _download() -> list[Path]:
    pooch = downloads()
    cache = Path(pooch.os_cache("conncore"), "mnist")
    if not all((cache / name).is_file() for name in FILES):
        print(f"downloading MNIST (12 MB) from {MIRROR} to {cache}", file=sys.stderr, flush=True)
    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(timeout=_TIMEOUT, chunk_size=1 << 16)
    try:
        return [
            Path(pooch.retrieve(MIRROR + name, f"sha256:{sha256}", name, cache, None, downloader))
            for name, sha256 in FILES.items()
        ]
    except ValueError:  # pooch raises it for a wrong checksum and leaves no file behind
        reason = "wrong checksum"
    except OSError as error:  # the network's errors too; their text is long
        reason = error.strerror or type(error).__name__
    raise UsageError(
        f"MNIST cannot be downloaded from {MIRROR} to {cache} ({reason}); get "
        f"{', '.join(FILES)} and pass their directory as data=, or set ${VARIABLE} to it",
        flag="--data DIR",
    )


def _read(images_path: Path, labels_path: Path) -> LabelledImages:
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.shape[1:] != (SIDE, SIDE):
        size = " x ".join(map(str, images.shape[1:]))
        raise UsageError(f"{images_path} has images of {size} pixels, must be {SIDE} x {SIDE}")
    if len(images) < _FEWEST:
        raise UsageError(f"{images_path} has {len(images)} images, must have {_FEWEST} or more")
    if len(images) != len(labels):
        raise UsageError(f"{labels_path} has {len(labels)} labels for {len(images)} images")
    wrong = np.flatnonzero(labels >= N_CLASSES)
    if wrong.size:
        raise UsageError(
            f"{labels_path}: label {wrong[0]} (from 0) is {labels[wrong[0]]}, must be 0 to 9"
        )
    return LabelledImages(images.reshape(len(images), SIDE * SIDE), labels)


def read_idx(path: Path, n_dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes; the function detects gzip from the content.

    The format: two zero bytes, the type of the values, the number of dimensions; the size of each
    dimension as a big-endian 32-bit number; the values, the last dimension fastest. Described at
    http://yann.lecun.com/exdb/mnist.

    Parameters
    ----------
    path : Path
    n_dimensions : int
        Number of dimensions that the file must have.

    Returns
    -------
    ndarray, n_dimensions dimensions, uint8, read-only

    Raises
    ------
    UsageError
        If the file cannot be read, or is not a complete IDX file of this kind.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UsageError(f"{path} is damaged or cut short: not a whole gzip file") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    magic = bytes([0, 0, _UNSIGNED_BYTES, n_dimensions])
    if content[:4] != magic:
        raise UsageError(
            f"{path} starts with {content[:4].hex() or 'nothing'}, not with {magic.hex()}: "
            f"it is not an IDX file of bytes in {n_dimensions} dimensions"
        )
    start = 4 + 4 * n_dimensions
    if len(content) < start:
        raise UsageError(f"{path} is cut short within its header")
    shape = tuple(int(n) for n in np.frombuffer(content[4:start], dtype=">u4"))
    n_values = prod(shape)
    if len(content) - start != n_values:
        sizes = " x ".join(map(str, shape))
        raise UsageError(
            f"{path} has {len(content) - start} values after its header, which says "
            f"{sizes} = {n_values}: it is damaged or cut short"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
