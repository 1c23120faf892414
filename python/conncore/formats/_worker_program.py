"""The program that `_worker` runs to read a binary file.

It reads one line of JSON and the file's content, and writes one line of JSON and arrays. It does
not import conncore, which would take longer than most files.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from typing import Any

from _worker_common import Facts, entries, limit, word  # from this directory
from _worker_hdf5 import read_hdf5, read_matlab_hdf5

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [path for path in sys.path if os.path.abspath(path) != HERE]  # no library lies here
os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others reserve more than they use
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"


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
