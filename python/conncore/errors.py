"""The errors that users see, and the checks of arguments that raise them.

Each message is one line that says what is wrong, where, and what to do.
"""

from __future__ import annotations

import math
import operator
import unicodedata
from collections.abc import Iterable
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Kinds of characters that a terminal obeys or hides: controls, formats, ends of lines.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    r"""Return a text with its control characters escaped, such as ``\x1b`` and ``\n``.

    Names, citations and paths come from strangers' files. Use this function before you print one.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        ascii(character)[1:-1] if unicodedata.category(character) in _UNSEEN else character
        for character in text
    )


class ConncoreError(Exception):
    """Base of all errors raised on purpose; the command line exits with status 1.

    Attributes
    ----------
    flag : str
        What a user of the command line types, where the message names an argument of Python:
        ``UsageError("use io='dense'", flag="--io dense")``. Only the command line prints it.
    """

    exit_status = 1

    def __init__(self, *message: object, flag: str = "") -> None:
        super().__init__(*message)
        self.flag = flag

    def __str__(self) -> str:
        """The message as one line without control characters."""
        return visible(super().__str__())


class UsageError(ConncoreError, ValueError):
    """A wrong argument, option or input; the command line exits with status 2."""

    exit_status = 2


class ConnectomeError(UsageError):
    """A connectome file or record that cannot be used as it is."""


class DuplicateEdgesError(ConnectomeError):
    """A table that gives an edge in several rows; the reader can add their weights on request."""


class UntrustedRunError(UsageError):
    """A run that would import a module of its own, and that the caller has not said to trust."""


class CheckpointError(UsageError):
    """A run directory or checkpoint that cannot be continued or read."""


class ConnectomeWarning(UserWarning):
    """A reader decided something about a file that its user should know, such as a weight of 1."""


class NotFiniteWarning(UserWarning):
    """The state of a neuron became infinite or NaN in `Network.simulate`."""


class SlowNeuronWarning(UserWarning):
    """Networks of neurons without a compiled kernel run in NumPy, which is slow."""


class UnseededWarning(UserWarning):
    """An environment draws random numbers that its seed does not determine."""


def need(ok: bool, message: str, flag: str = "") -> None:
    """Raise a `UsageError` with `message` unless `ok`; `flag` as in `ConncoreError`."""
    if not ok:
        raise UsageError(message, flag=flag)


def choose(what: str, name: str, known: Iterable[str], where: str = "") -> str:
    """Return `name` if it is one of `known`, else raise a `UsageError` that lists them.

    `what` and `where` describe the name in the message: "unknown option 'x' of format npz".
    """
    names = sorted(known)
    if name not in names:
        place = where and f" {where}"
        raise UsageError(f"unknown {what} {name!r}{place}; choose one of: {', '.join(names)}")
    return name


def need_count(name: str, value: int, least: int = 1, most: int | None = None) -> int:
    """Return `value` as an int, if it is a whole number from `least` to `most`.

    Parameters
    ----------
    name : str
        The name of the number in the message.
    value : int
        Any integer type, NumPy's included, but not a bool or a float.
    least, most : int
        The range. If `most` is None, there is no upper limit.

    Raises
    ------
    UsageError
        If `value` is anything else.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least or (most is not None and number > most):
        upper = "up" if most is None else f"to {most}"
        raise UsageError(f"{name} is {value!r}; give a whole number from {least} {upper}")
    return number


def real_array(what: str, values: Any, error: type[UsageError] = UsageError) -> NDArray[Any]:
    """Return `values` as an array of real numbers, without a copy if it is one already.

    NumPy itself would drop imaginary parts and masks, and read numbers from text.

    Parameters
    ----------
    what : str
        The name of the array in the message: "genomes".
    values : array_like
    error : type
        The error to raise.

    Raises
    ------
    UsageError
        If `values` is masked, complex, ragged or no numbers.
    """
    import numpy as np  # takes long to import, and `conncore --help` does not need it

    if isinstance(values, np.ma.MaskedArray):
        raise error(f"{what}: the array is masked; fill or remove the masked values")
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise error(f"{what}: these values are no array of real numbers") from None
    if array.dtype.kind not in "biuf":
        raise error(f"{what}: the array holds {array.dtype}; give real numbers")
    return array


def need_positive(name: str, value: float) -> None:
    """Raise a `UsageError` unless `value` is a finite number above 0."""
    ok = isinstance(value, Real) and math.isfinite(value) and value > 0
    need(ok, f"{name} is {value!r}; give a number above 0")


def need_factor(name: str, value: float) -> None:
    """Raise a `UsageError` unless `value` is a number above 0 and at most 1."""
    ok = isinstance(value, Real) and 0 < value <= 1
    need(ok, f"{name} is {value!r}; give a factor above 0 and at most 1")
