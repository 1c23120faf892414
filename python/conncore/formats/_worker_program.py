"""The program that `_worker` runs to read a binary file.

It reads one line of JSON and the file's content, and writes one line of JSON and arrays. It does
not import conncore.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [path for path in sys.path if os.path.abspath(path) != HERE]  # no library lies here
os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others reserve more than they use
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

Facts = tuple[dict[str, Any], list[Any]]


def limit(request: dict[str, Any]) -> None:
    """Limit the memory and time of this process, if the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        seconds = math.ceil(time.process_time() + request["seconds"])
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        with open("/proc/self/status") as status:
            used = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
        most = used * 1024 + request["memory"]
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def read_table(kind: str, content: bytes, request: dict[str, Any]) -> Facts:
    """The wanted columns: numbers as arrays, text as words and the place of each row's word."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    limit(request)
    buffer = pa.BufferReader(content)
    if kind == "parquet":
        import pyarrow.parquet as pq

        file = pq.ParquetFile(buffer)
        schema, n_rows = file.schema_arrow, file.metadata.num_rows
    else:
        try:
            batches = pa.ipc.open_file(buffer)
        except pa.ArrowInvalid:
            buffer.seek(0)
            batches = pa.ipc.open_stream(buffer)
        schema, n_rows = batches.schema, 0
    titles = [name.strip() for name in schema.names]
    wanted = request["wanted"]
    places = [k for k, title in enumerate(titles) if wanted is None or normal(title) in wanted]
    if n_rows <= request["most_rows"]:
        names = [schema.names[k] for k in places]
        table = file.read(names) if kind == "parquet" else batches.read_all().select(names)
        table.validate(full=True)
        n_rows = table.num_rows
    if n_rows > request["most_rows"]:
        raise ValueError(f"it holds {n_rows} rows, too many for its size")
    facts: dict[str, Any] = {"titles": titles, "loaded": [titles[k] for k in places]}
    numeric = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in schema.types]
    facts["numeric"] = [title for title, known in zip(titles, numeric, strict=True) if known]
    facts |= {"n_rows": n_rows, "words": []}
    arrays = []
    for k in range(len(places)):
        words, values = encode(pa, table.column(k))
        facts["words"].append(words)
        arrays.append(values)
    return facts, arrays


def normal(title: str) -> str:
    """The form in which conncore compares titles, see `normal_title` in `_vocabulary`."""
    return re.sub(r"[\W_]+", "", title.casefold()) or title


def encode(pa: Any, column: Any) -> tuple[list[str] | None, Any]:
    """A column as words and codes, or None and numbers."""
    import numpy as np
    import pyarrow.compute as pc

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        column = column.cast(kind)
        if column.null_count and not pa.types.is_floating(kind):
            first = int(np.flatnonzero(column.is_null().to_numpy())[0])
            raise ValueError(f"row {first + 1} has an empty number")
        values = column.to_numpy()
        return None, values.astype(np.float64) if values.dtype == np.float16 else values
    column = pc.fill_null(column.cast(pa.string()), "").dictionary_encode()
    column = column.unify_dictionaries().combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        if not column.num_chunks:
            return [], np.empty(0, np.int32)
        column = column.chunk(0)
    return column.dictionary.to_pylist(), np.asarray(column.indices)


def read_mat(content: bytes, request: dict[str, Any]) -> Facts:
    """Numbers and lists of text among the variables of a MATLAB file (version 5 to 7)."""
    import numpy as np
    import scipy.io

    limit(request)
    variables = scipy.io.loadmat(io.BytesIO(content), chars_as_strings=True)
    facts: dict[str, Any] = {"numbers": [], "texts": {}}
    arrays = []
    for name, value in variables.items():
        if not isinstance(value, np.ndarray):
            continue
        if value.ndim == 2 and value.dtype.kind in "iuf":
            facts["numbers"].append(name)
            arrays.append(value.astype(np.float64))
        elif value.dtype == object:
            facts["texts"][name] = ["".join(map(str, np.ravel(cell))) for cell in value.ravel()]
    return facts, arrays


def read_mtx(content: bytes, request: dict[str, Any]) -> Facts:
    """The entries of a Matrix Market file, whose stated sizes are checked first."""
    import scipy.io

    with contextlib.suppress(ImportError):  # each thread would reserve memory
        from scipy.io import _fast_matrix_market

        _fast_matrix_market.PARALLELISM = 1
    limit(request)
    n_rows, n_columns, n_entries, _, field, _ = scipy.io.mminfo(io.BytesIO(content))
    if max(n_rows, n_columns, n_entries) > request["most_rows"]:
        raise ValueError(
            f"it states {n_rows} rows, {n_columns} columns and {n_entries} entries, too many for "
            "its size"
        )
    if field == "complex":
        raise ValueError("its entries are complex numbers")
    return {"shape": [n_rows, n_columns]}, entries(scipy.io.mmread(io.BytesIO(content)), request)


def entries(matrix: Any, request: dict[str, Any]) -> list[Any]:
    """Row, column and value of the entries of a matrix that are not 0."""
    import numpy as np

    if not isinstance(matrix, np.ndarray):  # sparse
        matrix = matrix.tocoo()
        row, column, value = matrix.row, matrix.col, matrix.data
    else:
        row, column = np.nonzero(matrix)
        value = matrix[row, column]
    if len(value) > request["most_rows"]:
        raise ValueError(f"it holds {len(value)} entries, too many for its size")
    return [row.astype(np.int32), column.astype(np.int32), value.astype(np.float64)]


def read_matlab(content: bytes, request: dict[str, Any]) -> Facts:
    """The list of the variables of a MATLAB file (up to version 7), a matrix, and texts."""
    import numpy as np
    import scipy.io

    limit(request)
    found = scipy.io.whosmat(io.BytesIO(content))
    facts: dict[str, Any] = {"variables": [(name, list(shape), of) for name, shape, of in found]}
    if request["matrix"] is None:
        return facts, []
    wanted = [request["matrix"], *request["texts"]]
    variables = scipy.io.loadmat(io.BytesIO(content), variable_names=wanted)
    facts["texts"] = {}
    for name in request["texts"]:
        cells = variables[name].ravel()
        words = ["".join(map(word, np.ravel(cell))) for cell in cells]
        facts["texts"][name] = [text.strip() for text in words]
    matrix = variables[request["matrix"]]
    if getattr(matrix, "dtype", np.dtype(object)).kind not in "iufb":
        raise ValueError(f"{request['matrix']} holds no real numbers")
    return facts, entries(matrix, request)


def word(value: Any) -> str:
    """A name: text as it is, and a whole number without a decimal point."""
    return str(int(value)) if not isinstance(value, str) and value == value // 1 else str(value)


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


def read_graph(kind: str, content: bytes, request: dict[str, Any]) -> Facts:
    """The nodes and edges of a graph, with attributes that are texts or numbers."""
    import networkx

    limit(request)
    if kind == "gml":
        graph = networkx.parse_gml(content.decode("utf-8-sig").splitlines(), label="id")
    elif kind == "pajek":
        graph = networkx.parse_pajek(content.decode("utf-8-sig").splitlines())
    else:
        graph = networkx.read_gexf(io.BytesIO(content))
    if max(graph.number_of_nodes(), graph.number_of_edges()) > request["most_rows"]:
        raise ValueError("it holds more nodes or edges than a file of its size may")
    places = {node: k for k, node in enumerate(graph)}
    facts = {
        "directed": graph.is_directed(),
        "graph": plain(graph.graph),
        "ids": [str(node) for node in graph],
        "nodes": [plain(data) for _, data in graph.nodes(data=True)],
        "edges": [[places[i], places[j], plain(data)] for i, j, data in graph.edges(data=True)],
    }
    return facts, []


def plain(attributes: dict[Any, Any]) -> dict[str, Any]:
    """Attributes as JSON holds them; other values become text."""
    return {
        str(key): value if isinstance(value, (str, int, float)) else str(value)
        for key, value in attributes.items()
    }


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


READERS = {
    "mat": read_mat,
    "matlab": read_matlab,
    "matlab 7.3": read_matlab_hdf5,
    "mtx": read_mtx,
    "hdf5": read_hdf5,
}


def main() -> None:
    """Answer one request."""
    request = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # keep the output of libraries out of the answer
    kind = request["kind"]
    arrays: list[Any] = []
    try:
        if kind in ("parquet", "feather"):
            facts, arrays = read_table(kind, content, request)
        elif kind in ("gml", "pajek", "gexf"):
            facts, arrays = read_graph(kind, content, request)
        else:
            facts, arrays = READERS[kind](content, request)
        arrays = [a.astype(a.dtype.newbyteorder("<"), order="C") for a in arrays]
        facts["arrays"] = [(a.dtype.str, a.shape) for a in arrays]
        head = json.dumps(facts)
    except ModuleNotFoundError:
        head, arrays = json.dumps({"missing": True}), []
    except MemoryError:
        head, arrays = json.dumps({"error": "it needs too much memory for its size"}), []
    except Exception as error:  # the libraries raise all kinds on damaged files
        head, arrays = json.dumps({"error": " ".join(str(error).split())[:200]}), []
    out.write(head.encode() + b"\n")
    for values in arrays:
        out.write(values.data if values.size else b"")
    out.flush()


if __name__ == "__main__":
    main()
