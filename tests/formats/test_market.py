"""Matrix Market files, compared with SciPy."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from conncore.errors import ConnectomeError
from conncore.formats import detect, read
from format_files import edges, gaps

pytest.importorskip("scipy")
from scipy import sparse
from scipy.io import mmread, mmwrite


def test_a_coordinate_file(tmp_path):
    path = tmp_path / "x.mtx"
    path.write_text("%%MatrixMarket matrix coordinate integer general\n% a\n3 3 2\n1 2 3\n2 3 2\n")
    assert detect(path) == "matrixmarket"
    worm = read(path)
    assert (worm.names, worm.name) == (("0", "1", "2"), "x")
    assert edges(worm) == {("0", "1"): (3, 0), ("1", "2"): (2, 0)}
    assert edges(read(path, orientation="post_pre")) == {("1", "0"): (3, 0), ("2", "1"): (2, 0)}
    assert gaps(read(path, type="gap")) == [("0", "1", 3), ("1", "2", 2)]
    packed = tmp_path / "x.mtx.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert detect(packed) == "matrixmarket"
    assert read(packed).checksum == worm.checksum
    (tmp_path / "names.txt").write_text("A\nB\nC\n")
    (tmp_path / "classes.txt").write_text("K\nK\nO\n")
    named = read(path, names=tmp_path / "names.txt", classes=tmp_path / "classes.txt")
    assert (named.names, named.classes) == (("A", "B", "C"), ("K", "K", "O"))


@pytest.mark.parametrize("symmetry", ["general", "symmetric", "skew-symmetric"])
@pytest.mark.parametrize(
    ("form", "field"),
    [(sparse.coo_array, "integer"), (sparse.coo_array, "pattern"), (np.asarray, "real")],
)
def test_entries_are_those_of_scipy(tmp_path, symmetry, form, field):
    field = "real" if symmetry == "skew-symmetric" else field  # a pattern has no signs
    rng = np.random.default_rng(1)
    values = rng.integers(1, 9, (12, 12)) * (rng.random((12, 12)) < 0.3)
    values = np.tril(values, -1)
    if symmetry != "general":
        values = values + (1 if symmetry == "symmetric" else -1) * values.T
    path = tmp_path / "x.mtx"
    mmwrite(path, form(values), field=field, symmetry=symmetry)
    expected = sparse.csr_array(mmread(path)).toarray()
    worm = read(path)
    found = np.zeros((12, 12))
    found[worm.pre, worm.post] = worm.weight * np.where(worm.sign == 0, 1, worm.sign)
    np.testing.assert_array_equal(found, expected)


def test_entries_at_one_place_are_summed(tmp_path):
    path = tmp_path / "x.mtx"
    path.write_text(
        "%%MatrixMarket matrix coordinate real general\n2 2 4\n1 2 3\n1 2 1.5\n2 1 1\n2 1 -1\n"
    )
    assert edges(read(path)) == {("0", "1"): (4.5, 0)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3\n", "cannot be read as mtx"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 2\n1 2 3\n", "cannot be read as mtx"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 3\n", "cannot be read as mtx"),
        ("%%MatrixMarket matrix coordinate real general\n2 3 1\n2 1 3\n", "2 rows and 3 columns"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n2 1 nan\n", "has the weight nan"),
        ("%%MatrixMarket matrix coordinate complex general\n2 2 1\n2 1 1 1\n", "complex numbers"),
        (
            "%%MatrixMarket matrix coordinate real general\n1000000000 1000000000 1\n2 1 1\n",
            "states 1000000000 rows, 1000000000 columns and 1 entries, too many for its size",
        ),
        ("%%MatrixMarket matrix array real general\n40000 40000\n1\n", "1600000000 entries, too"),
    ],
)
def test_bad_files_are_refused(tmp_path, text, message):
    path = tmp_path / "x.mtx"
    path.write_text(text)
    with pytest.raises(ConnectomeError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
