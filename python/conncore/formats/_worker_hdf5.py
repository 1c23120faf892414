"""Reads HDF5 for `_worker_program`: data sets of SONATA, and MATLAB files of version 7.3."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import Any

from _worker_common import Facts, entries, limit, word


def read_matlab_hdf5(content: bytes, request: dict[str, Any]) -> Facts:
    """`read_matlab` for version 7.3, which stores the columns of a matrix as rows."""
    import h5py
    import numpy as np

    limit(request)
    facts: dict[str, Any] = {"variables": [], "texts": {}}
    with h5py.File(io.BytesIO(content), "r") as file:
        found = {}
        for name in sorted(file):
            data = None if name.startswith("#") else find(h5py, file, name)
            if isinstance(data, h5py.Dataset):
                found[name] = data
                usual = "double" if data.dtype.kind in "iuf" else "other"
                of = data.attrs.get("MATLAB_class", usual)
                of = of.decode() if isinstance(of, bytes) else str(of)
                facts["variables"].append((name, data.shape[::-1], of))
            elif data is not None and "MATLAB_sparse" in data.attrs:
                n_columns = find(h5py, data, "jc").size - 1
                found[name] = data
                shape = (int(data.attrs["MATLAB_sparse"]), n_columns)
                facts["variables"].append((name, shape, "sparse"))
        if request["matrix"] is None:
            return facts, []

        def values_of(data: Any, name: str) -> Any:
            check_stored_here(h5py, data, name)
            if data.size > request["most_rows"]:
                raise ValueError(f"{name} holds {data.size} values, too many for the file's size")
            with no_more_files():
                return np.asarray(data[()])

        def text_of(data: Any, name: str) -> str:
            values = values_of(data, name)
            if values.dtype.kind not in "iuf":
                raise ValueError(f"{name} holds neither text nor numbers")
            is_text = data.attrs.get("MATLAB_class", b"char") in (b"char", "char")
            return "".join(chr(v) if is_text else word(v) for v in values.T.ravel().tolist())

        for name in request["texts"]:
            data = found[name]
            values = values_of(data, name)
            if h5py.check_ref_dtype(data.dtype) is h5py.Reference:  # a cell array
                words = [text_of(file[ref], name) for ref in values.ravel()]
            elif data.attrs.get("MATLAB_class") in (b"char", "char"):
                words = ["".join(map(chr, row)) for row in values.T.tolist()]
            else:
                words = list(map(word, values.T.ravel().tolist()))
            facts["texts"][name] = [text.strip() for text in words]
        data, name = found[request["matrix"]], request["matrix"]
        if isinstance(data, h5py.Group):
            import scipy.sparse

            parts = [
                values_of(find(h5py, data, part), f"{name}/{part}") for part in ("data", "ir", "jc")
            ]
            shape = next(shape for known, shape, _ in facts["variables"] if known == name)
            matrix = scipy.sparse.csc_array(tuple(parts), shape)
            matrix.check_format()
            return facts, entries(matrix, request)
        matrix = values_of(data, name)
        if matrix.dtype.kind not in "iufb":
            raise ValueError(f"{name} holds no real numbers")
    return facts, entries(matrix.T, request)


def check_stored_here(h5py: Any, data: Any, path: str) -> None:
    """Refuse what is no data set, and a data set that takes its values from other files."""
    if not isinstance(data, h5py.Dataset):
        raise ValueError(f"{path} holds no numbers")
    if data.external or data.id.get_create_plist().get_layout() == h5py.h5d.VIRTUAL:
        raise ValueError(f"{path} takes its values from other files; copy them into it")


def read_hdf5(content: bytes, request: dict[str, Any]) -> Facts:
    """The wanted data sets below a group, and the attributes of each.

    "*/x" means x in each group whose name is a number.
    """
    import h5py
    import numpy as np

    limit(request)
    facts: dict[str, Any] = {"groups": [], "loaded": [], "attributes": []}
    arrays = []
    with h5py.File(io.BytesIO(content), "r") as file:
        group = find(h5py, file, request["group"])
        if not isinstance(group, h5py.Group):
            raise ValueError(f"there is no group {request['group']!r}")
        facts["groups"] = sorted(group)
        wanted = []
        for name in request["datasets"] or []:
            below = [child for child in facts["groups"] if child.isdecimal()]
            starred = name.startswith("*/")
            wanted += [f"{child}/{name[2:]}" for child in below] if starred else [name]
        for name in wanted:
            path = f"{request['group']}/{name}"
            data = find(h5py, group, name)
            if data is None:
                continue
            check_stored_here(h5py, data, path)
            if data.dtype.kind not in "iuf":
                raise ValueError(f"{path} holds no numbers")
            if data.size > request["most_rows"]:
                raise ValueError(f"{path} holds {data.size} rows, too many for the file's size")
            with no_more_files():
                values = np.asarray(data[()])
            facts["loaded"].append(name)
            facts["attributes"].append(
                {
                    key: value.decode() if isinstance(value, bytes) else str(value)
                    for key, value in data.attrs.items()
                }
            )
            arrays.append(values)
    return facts, arrays


def find(h5py: Any, group: Any, path: str, depth: int = 0) -> Any:
    """The object at a path, or None. A link to another file is refused and never followed.

    h5py's own look-ups, `in` too, open the other file.
    """
    for part in filter(None, path.split("/")):
        if not isinstance(group, h5py.Group):
            return None
        links, name = group.id.links, part.encode()
        if not links.exists(name):
            return None
        kind = links.get_info(name).type
        if kind == h5py.h5l.TYPE_SOFT:
            if depth == 16:
                raise ValueError(f"the links at {part} run in circles")
            target = links.get_val(name).decode()
            start = group.file if target.startswith("/") else group
            group = find(h5py, start, target, depth + 1)
        elif kind == h5py.h5l.TYPE_HARD:
            group = group[part]
        else:
            raise ValueError(f"{part} is a link to another file; copy its data into this one")
    return group


@contextlib.contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open no file meanwhile, if the system can do that."""
    try:
        import resource
    except ImportError:
        yield
        return
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)  # the number that the next file would get
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
