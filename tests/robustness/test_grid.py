"""Grid files: what they hold, and what is refused by name."""

from __future__ import annotations

import pytest

from conncore.errors import UsageError
from conncore.robustness.grid import read_grid


def written(tmp_path, text):
    file = tmp_path / "grid.toml"
    file.write_text(text)
    return file


def test_fixed_choices_are_in_every_grid(tmp_path):
    text = """
    seeds = 7
    [set]
    generations = 60
    log_weights = [2, 1]
    [[choices]]
    optimizer = ["ga"]
    sigma = [0.01, 0.1]
    [[choices]]
    optimizer = ["es"]
    generations = [30, 60]
    read_at = [10]
    """
    grid = read_grid(written(tmp_path, text))
    assert grid.seeds == 7
    first, second = grid.choices
    assert first == {
        "generations": [60], "log_weights": [(2.0, 1.0)], "optimizer": ["ga"], "sigma": [0.01, 0.1],
    }  # fmt: skip
    assert second["generations"] == [30, 60]
    assert second["read_at"] == [10]


def test_a_comparison_names_its_nulls(tmp_path):
    text = 'nulls = ["degree"]\n[choices]\nneuron = ["lif"]'
    grid = read_grid(written(tmp_path, text), compare=True)
    assert grid.options == {"nulls": ["degree"]}
    assert grid.seeds is None
    with pytest.raises(UsageError, match="unknown key 'nulls'"):
        read_grid(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[choices", "is no TOML file"),
        ("sedes = 3", "unknown key 'sedes'; choose one of: choices, seeds, set"),
        ("seeds = 0", "seeds is 0"),
        ("set = 3", r"set is 3; write it as a table, \[set\]"),
        ("[choices]\nnoses = [1]", "unknown key 'noses'"),
        ("[choices]\nsigma = 0.1", r"sigma is 0.1; give a list of values, or move it to \[set\]"),
        ('[choices]\nsigma = ["x"]', "sigma is 'x'; give a number"),
        ("[choices]\nelites = [1.5]", "elites is 1.5; give a whole number"),
        ('[set]\nobserve = ["angles"]', r"observe is \['angles'\]; give angles"),
        ("choices = [3]", "choices is 3; write it as a table"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as error:
        read_grid(written(tmp_path, text))
    assert "grid.toml" in str(error.value)


def test_nulls_of_a_comparison_are_names(tmp_path):
    with pytest.raises(UsageError, match="nulls is 'degree'; give a list of names"):
        read_grid(written(tmp_path, 'nulls = "degree"'), compare=True)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml cannot be read: No such file"):
        read_grid(tmp_path / "none.toml")
