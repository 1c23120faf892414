"""HDF5 files that take their values from another file: refused, and the other file stays closed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from conncore.errors import ConnectomeError
from conncore.formats import read

h5py = pytest.importorskip("h5py")
PLACES = np.arange(8, dtype=np.uint64)
PRE, POST = "edges/e/source_node_id", "edges/e/target_node_id"


def external_storage(file, folder):
    file.create_dataset(PRE, (8,), "u8", external=[(str(folder / "secret.bin"), 0, 64)])


def virtual_source(file, folder):
    layout = h5py.VirtualLayout((8,), "u8")
    layout[:] = h5py.VirtualSource(str(folder / "secret.h5"), PRE, (8,))
    file.create_virtual_dataset(PRE, layout)


def external_link(file, folder):
    file[PRE] = h5py.ExternalLink(str(folder / "secret.h5"), PRE)


def external_population(file, folder):
    del file["edges/e"]
    file["edges/e"] = h5py.ExternalLink(str(folder / "secret.h5"), "edges/e")


def external_edges(file, folder):
    del file["edges"]
    file["edges"] = h5py.ExternalLink(str(folder / "secret.h5"), "edges")


def soft_link_out(file, folder):
    file["out"] = h5py.ExternalLink(str(folder / "secret.h5"), "/")
    file[PRE] = h5py.SoftLink(f"/out/{PRE}")


def soft_link_to_external_storage(file, folder):
    file.create_dataset("x", (8,), "u8", external=[(str(folder / "secret.bin"), 0, 64)])
    file[PRE] = h5py.SoftLink("/x")


def external_weights(file, folder):
    file[PRE] = PLACES
    file.create_dataset(
        "edges/e/0/nsyns", (8,), "u8", external=[(str(folder / "secret.bin"), 0, 64)]
    )


def external_index(file, folder):
    file[PRE] = file["edges/e/edge_group_id"] = PLACES * 0
    file.create_dataset(
        "edges/e/edge_group_index", (8,), "u8", external=[(str(folder / "secret.bin"), 0, 64)]
    )


WAYS_OUT = (
    external_storage,
    virtual_source,
    external_link,
    external_population,
    external_edges,
    soft_link_out,
    soft_link_to_external_storage,
    external_weights,
    external_index,
)


def write(path, build=None):
    with h5py.File(path, "w") as file:
        file[POST] = PLACES
        if build is not None:
            build(file, path.parent)


@pytest.mark.parametrize("build", WAYS_OUT, ids=lambda build: build.__name__)
@pytest.mark.parametrize("there", [True, False], ids=["there", "missing"])
def test_values_of_another_file_are_refused(tmp_path, build, there):
    if there:
        (tmp_path / "secret.bin").write_bytes((PLACES + 424242).tobytes())
        with h5py.File(tmp_path / "secret.h5", "w") as file:
            file[PRE] = file[POST] = PLACES
    path = tmp_path / "x.h5"
    write(path, build)
    reason = r".*(takes its values from other files|is a link to another file)"
    with pytest.raises(ConnectomeError, match=rf"^{re.escape(str(path))}: {reason}") as caught:
        read(path)
    assert "424242" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_soft_link_within_the_file_is_followed(tmp_path):
    def inside(file, _):
        file["a/b"] = PLACES
        file["c"] = h5py.SoftLink("/a")
        file[PRE] = h5py.SoftLink("/c/b")
        # Python reads a codec from the disk for this text.
        ascii_text = h5py.string_dtype("ascii")
        file[POST].attrs.create("node_population", "cells", dtype=ascii_text)
        file["a/b"].attrs.create("node_population", "cells", dtype=ascii_text)

    write(tmp_path / "x.h5", inside)
    assert read(tmp_path / "x.h5").n_edges == 8


def test_links_in_circles_are_refused(tmp_path):
    def circle(file, _):
        file[PRE] = h5py.SoftLink(f"/{PRE}")

    write(tmp_path / "x.h5", circle)
    with pytest.raises(ConnectomeError, match="the links at source_node_id run in circles"):
        read(tmp_path / "x.h5")
