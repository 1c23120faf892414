"""The checks of arguments: what they take, and the one line that they raise."""

from __future__ import annotations

import ast
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import conncore
from conncore.errors import (
    ConnectomeError,
    UsageError,
    choose,
    need,
    need_count,
    need_factor,
    need_positive,
    real_array,
    visible,
)


def refused(message, check, *arguments):
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        check(*arguments)


def test_need():
    need(True, "never seen")
    refused("x is 3; give 4", need, False, "x is 3; give 4")


def test_choose():
    assert choose("engine", "b", ["b", "a"]) == "b"
    refused("unknown engine 'c'; choose one of: a, b", choose, "engine", "c", ["b", "a"])


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(1), 2**80])
def test_need_count_takes_whole_numbers(value):
    number = need_count("n", value)
    assert type(number) is int
    assert number == value


@pytest.mark.parametrize(
    "value", [0, -1, 1.0, 1.5, "2", None, True, np.float64(2), np.bool_(1), []]
)
def test_need_count_refuses_all_else(value):
    refused(f"n is {value!r}; give a whole number from 1 up", need_count, "n", value)


def test_need_count_has_a_range():
    assert need_count("n", 0, 0, 5) == 0
    assert need_count("n", 5, 0, 5) == 5
    for value in (-1, 6):
        refused(f"n is {value}; give a whole number from 0 to 5", need_count, "n", value, 0, 5)


@pytest.mark.parametrize("value", [0, -0.1, np.nan, np.inf, "1", None, 1j])
def test_need_positive(value):
    for good in (1, 1e-300, np.float32(0.5), np.int64(2)):
        need_positive("sigma", good)
    refused(f"sigma is {value!r}; give a number above 0", need_positive, "sigma", value)


@pytest.mark.parametrize("value", [0, -0.1, 1.0001, np.nan, np.inf, "1", None])
def test_need_factor(value):
    for good in (1, 1e-300, 0.5, np.float32(0.5)):
        need_factor("decay", good)
    message = f"decay is {value!r}; give a factor above 0 and at most 1"
    refused(message, need_factor, "decay", value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("AVAL", "AVAL"),
        ("Purkinje-Zelle \N{GREEK SMALL LETTER ALPHA} \N{MICROSCOPE}", None),
        ("[red]a[/red] :smile:", None),
        ("back\\slash 'quoted'", None),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\nerror: b\r\tc", r"a\nerror: b\r\tc"),
        ("\x7f\x9b31m\0", r"\x7f\x9b31m\x00"),
        ("a\u202ecba\u2028\u2029", r"a\u202ecba\u2028\u2029"),
        ("\ud800", r"\ud800"),
    ],
)
def test_visible(text, shown):
    shown = text if shown is None else shown
    assert visible(text) == shown
    assert visible(shown) == shown
    assert str(UsageError(f"{text} is wrong")) == f"{shown} is wrong"


def test_a_flag_is_no_part_of_the_message():
    error = UsageError("use io='dense'", flag="--io dense")
    assert str(error) == "use io='dense'"
    assert pickle.loads(pickle.dumps(error)).flag == "--io dense"
    with pytest.raises(UsageError) as refused:
        need(False, "use io='dense'", flag="--io dense")
    assert refused.value.flag == "--io dense"
    assert UsageError("no flag").flag == ""


def test_only_the_command_line_names_its_flags():
    """Elsewhere a text holds a flag only as the `flag` of an error."""
    package = Path(conncore.__file__).parent
    elsewhere = [f for f in package.rglob("*.py") if not {"cli", "bench"} & set(f.parts)]
    assert len(elsewhere) > 100
    for file in elsewhere:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        of_errors = [n for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg == "flag"]
        allowed = {id(text) for keyword in of_errors for text in ast.walk(keyword)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or id(node) in allowed:
                continue
            if file.name != "provenance.py":  # git's arguments
                assert not re.search(r"(^|[( ])--[a-z]", str(node.value)), (file, node.lineno)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.ma.masked_array([1.0, 2.0], [False, True]), "the array is masked"),
        ([1.0, 2j], "complex128; give real numbers"),
        (np.array([1, 2j], dtype=object), "no array of real numbers"),
        ([[1.0], [1.0, 2.0]], "no array of real numbers"),
        (["1", "2"], "give real numbers"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), "give real numbers"),
    ],
)
def test_real_array_refuses_what_numpy_would_change(values, said):
    with pytest.raises(UsageError, match=f"^weights: .*{said}"):
        real_array("weights", values)
    with pytest.raises(ConnectomeError):
        real_array("weights", values, ConnectomeError)


def test_real_array_takes_real_numbers():
    floats = np.ones(3)
    assert real_array("weights", floats) is floats
    for values in ([1, 2], [True], np.float32(2), np.array([1, 2.5], dtype=object)):
        np.testing.assert_array_equal(real_array("weights", values), np.asarray(values, float))
