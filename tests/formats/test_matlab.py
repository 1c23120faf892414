"""Plain matrices in MATLAB files: SciPy writes version 5, h5py the layout of version 7.3."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from conncore.errors import ConnectomeError
from conncore.formats import detect, read
from conncore.formats._files import Source
from conncore.formats.matlab import kind_of_mat
from format_files import FILES, edges, gaps

pytest.importorskip("scipy")
from scipy import sparse
from scipy.io import savemat

h5py = pytest.importorskip("h5py")
A = np.array([[0, 3, 0], [0, 0, -2], [1.5, 0, 0]])
EDGES = {("0", "1"): (3, 1), ("1", "2"): (2, -1), ("2", "0"): (1.5, 1)}
NAMED = {("AVAL", "B"): (3, 1), ("B", "17"): (2, -1), ("17", "AVAL"): (1.5, 1)}
DATA = Path(os.environ.get("CONNCORE_DATA", "/nowhere"))


def write_73(path, **variables):
    """As MATLAB does: columns as rows, text as numbers of characters, cells as references."""
    with h5py.File(path, "w", userblock_size=512) as file:

        def put(name, values):
            if isinstance(values, list):
                refs = [put(f"#refs#/{name}{k}", text).ref for k, text in enumerate(values)]
                data = file.create_dataset(name, (1, len(refs)), h5py.ref_dtype)
                data[0] = refs
                data.attrs["MATLAB_class"] = np.bytes_("cell")
            elif isinstance(values, str):
                data = file.create_dataset(name, data=np.array([[ord(c)] for c in values], "u2"))
                data.attrs["MATLAB_class"] = np.bytes_("char")
            elif sparse.issparse(values):
                data = file.create_group(name)
                csc = sparse.csc_array(values)
                data.attrs["MATLAB_sparse"] = np.uint64(csc.shape[0])
                data["data"], data["ir"], data["jc"] = csc.data, csc.indices, csc.indptr
            else:
                data = file.create_dataset(name, data=np.asarray(values).T)
                data.attrs["MATLAB_class"] = np.bytes_("double")
            return data

        for name, values in variables.items():
            put(name, values)
    start = b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM"
    with open(path, "r+b") as file:
        file.write(start)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", [np.array, sparse.csc_array])
def test_the_only_square_matrix_is_read(tmp_path, packed, kind):
    path = tmp_path / "x.mat"
    savemat(path, {"A": kind(A), "n": 3, "list": [[1, 2, 3]]}, do_compression=packed)
    assert detect(path) == "matlab"
    assert edges(read(path)) == EDGES
    assert edges(read(path, orientation="post_pre"))[("1", "0")] == (3, 1)
    savemat(path, {"A": kind(abs(A))}, do_compression=packed)
    assert sorted(gaps(read(path, type="gap"))) == [("0", "1", 3), ("1", "2", 2), ("2", "0", 1.5)]


@pytest.mark.parametrize("kind", [np.array, sparse.csc_array])
def test_version_73_keeps_rows_and_columns(tmp_path, kind):
    path = tmp_path / "x.mat"
    write_73(path, A=kind(A), n=[["x"]] and np.ones((1, 1)))
    assert detect(path) == "matlab"
    assert edges(read(path)) == EDGES


def test_plain_hdf5_is_read_like_version_73(tmp_path):
    path = tmp_path / "x.mat"
    with h5py.File(path, "w") as file:
        file["A"] = np.array([[0.0, 1], [2, 0]])
    assert edges(read(path)) == {("0", "1"): (2, 0), ("1", "0"): (1, 0)}


@pytest.mark.parametrize("form", ["cell", "char"])
@pytest.mark.parametrize("version", ["5", "7.3"])
def test_names_and_classes_are_variables(tmp_path, form, version):
    path = tmp_path / "x.mat"
    names = ["AVAL", "B", "17"]
    ids = np.array([[101, 102, 2**40]], np.int64)
    if version == "5":
        cells = np.array(names, object) if form == "cell" else np.array(names)
        savemat(path, {"A": A, "labels": cells, "ids": ids})
    else:
        grid = np.array([list(f"{name:4}") for name in names])
        write_73(path, A=A, labels=names, ids=ids)
        if form == "char":
            with h5py.File(path, "r+") as file:
                del file["labels"]
                file["labels"] = grid.view(np.uint32).astype("u2").T
                file["labels"].attrs["MATLAB_class"] = np.bytes_("char")
    worm = read(path, names="labels", classes="ids")
    assert edges(worm) == NAMED
    assert worm.classes == ("101", "102", str(2**40))
    (tmp_path / "names.txt").write_text("X\nY\nZ\n")
    assert read(path, names=tmp_path / "names.txt").names == ("X", "Y", "Z")


def test_one_of_several_matrices_is_named(tmp_path):
    path = tmp_path / "x.mat"
    savemat(path, {"A": A, "B": np.ones((2, 2)), "C": np.ones((2, 3)), "d": "text"})
    with pytest.raises(
        ConnectomeError, match=r"x\.mat: has the matrices A \(3 x 3\), B \(2 x 2\); name one with"
    ):
        read(path)
    assert read(path, variable="B").n_cells == 2
    with pytest.raises(ConnectomeError, match=r"no matrix 'd'; its matrices are A \(3 x 3\), B"):
        read(path, variable="d")
    with pytest.raises(ConnectomeError, match="the matrix has 2 rows and 3 columns"):
        read(path, variable="C")
    savemat(path, {"C": np.ones((2, 3)), "d": "text"})
    with pytest.raises(
        ConnectomeError, match=r"no square matrix; its variables are C \(2 x 3\), d"
    ):
        read(path)
    savemat(path, {"A": np.array([[0, np.nan], [1, 0]])})
    with pytest.raises(ConnectomeError, match=r"A\(1,2\) is nan, which is not finite"):
        read(path)
    savemat(path, {"A": np.array([[0, 1j], [1, 0]])})
    with pytest.raises(ConnectomeError, match="A holds no real numbers"):
        read(path)


@pytest.mark.parametrize("packed", [False, True])
def test_the_file_of_haspel_2011_is_known_by_its_variables(tmp_path, packed):
    path = tmp_path / "x.mat"
    savemat(path, {"a": 1, "long_name": "x" * 99, "A_conn_full": A}, do_compression=packed)
    assert detect(path) == "haspel2011"
    savemat(path, {"a": 1, "A_con": A, "Names": ["x" * 99]}, do_compression=packed)
    assert detect(path) == "matlab"
    shutil.make_archive(str(tmp_path / "zipped"), "zip", FILES, "haspel.mat")
    assert detect(tmp_path / "zipped.zip") == "haspel2011"


def test_names_of_variables_are_looked_up_at_once():
    """Zeros after the head are no variables, and are not walked through."""
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
    source = Source("x.mat", "x.mat", head + bytes(1 << 27), 1 << 27)
    start = time.process_time()
    assert kind_of_mat(source) == "matlab"
    assert time.process_time() - start < 1


@pytest.mark.parametrize("damage", ["external", "virtual", "link", "ref"])
def test_values_of_other_files_are_refused(tmp_path, damage):
    path, other = tmp_path / "x.mat", tmp_path / "secret.h5"
    with h5py.File(other, "w") as file:
        file["A"] = A
    with h5py.File(path, "w") as file:
        if damage == "external":
            file.create_dataset("A", (3, 3), "f8", external=[(str(other), 0, 72)])
        elif damage == "virtual":
            layout = h5py.VirtualLayout((3, 3), "f8")
            layout[:] = h5py.VirtualSource(str(other), "A", (3, 3))
            file.create_virtual_dataset("A", layout)
        elif damage == "link":
            file["A"] = h5py.ExternalLink(str(other), "A")
        else:
            file["A"] = A
            hidden = file.create_dataset("#refs#/a", (3,), "u2", external=[(str(other), 0, 6)])
            file.create_dataset("N", (1, 3), h5py.ref_dtype)[0] = [hidden.ref] * 3
            file["N"].attrs["MATLAB_class"] = np.bytes_("cell")
    message = "link to another file" if damage == "link" else "takes its values from other files"
    with pytest.raises(ConnectomeError, match=message):
        read(path, names="N") if damage == "ref" else read(path)


def test_matrices_of_the_field():
    path = DATA / "field" / "bct_directed.mat"
    if not path.exists():
        pytest.skip("CONNCORE_DATA has no field/bct_directed.mat")
    whole = read(path, variable="CIJall")
    assert (whole.n_cells, whole.n_edges, whole.weight.sum()) == (95, 2126, 3410)
    part = read(path, variable="CIJctx", names="Names")
    assert (part.n_cells, part.names[:2]) == (52, ("17", "18"))
