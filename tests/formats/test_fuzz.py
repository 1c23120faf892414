"""Broken, hostile and random files: one line that names the file, and nothing else, ever.

CONNCORE_FUZZ=100000 tries that many mutated files; a few hundred are tried without it.
"""

from __future__ import annotations

import bz2
import gzip
import importlib.util
import io
import lzma
import os
import random
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError
from conncore.formats import read, save_npz
from format_files import write_book

FILES = Path(__file__).parents[1] / "files" / "formats"
TRIES = int(os.environ.get("CONNCORE_FUZZ", "300"))
#: Read in a process of their own, which takes a while to start: one try in 250.
SLOW = {"edges.parquet": "pyarrow", "edges.feather": "pyarrow"}
SLOW |= dict.fromkeys(("haspel.mat", "plain.mat", "small.mtx"), "scipy")
SLOW |= {"sonata.h5": "h5py", "shiu": "pyarrow", "banc": "pyarrow"}
SLOW |= dict.fromkeys(("small.gml", "small.net", "small.gexf"), "networkx")
PACKERS = [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
TOKENS = [
    *(
        b"\0",
        b"\xff\xfe",
        b'"',
        b"'",
        b"\n",
        b"\r",
        b",",
        b"\t",
        b" ",
        b"=1+1",
        b"-1",
        b"0",
        b"1e999",
    ),
    *(b"nan", b"inf", b"-0.0", b"9007199254740993", b"1" * 400, b"1_0", b"[", b"{", b"]" * 9),
    *(b"[" * 99999, b"null", b"true", b"<a>", b"</a>", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"&x;"),
    *(b"../../etc/passwd", b"\xf0\x9f\xaa\xb1", b"<node id='x'/>", "\u0661".encode()),
]

#: Headers that describe members with holes.
SPARSE = [
    {"GNU.sparse.map": "0,1,9999999999,1", "GNU.sparse.size": "10000000000"},
    {"GNU.sparse.map": "0,-1", "GNU.sparse.size": "-1"},
    {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9999999999"},
    {"size": "-512"},
    {"size": "99999999999"},
]


def trees():
    """Every file to begin with, as the files of a directory or a file alone."""
    found = {}
    for path in sorted(FILES.iterdir()):
        package = SLOW.get(path.name)
        if package is None or importlib.util.find_spec(package):
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
            found[path.name] = {file.name: file.read_bytes() for file in inside}
    found["edges.csv"] = {
        "edges.csv": b"pre,post,type,weight,sign\nA,B,chemical,2,1\nB,A,gap,0.5,\n",
        "cells.csv": b"name,class,transmitter,role,segment,side\nA,DA,ACh,motor,0,dorsal\nB,,,,,\n",
    }
    found["ids.csv"] = {"ids.csv": b"29,84,90,91\n0,4,0,0\n1,0,0,0\n2,0,3,0\n0,0,0,5\n"}
    rows = b"pre_root_id,post_root_id,x,y,z\n1,2,5,5,5\n,,6,6,6\n,3,7,7,7\n"
    found["synapses.csv"] = {"synapses.csv": rows}
    buffer = io.BytesIO()
    write_book(buffer, s=[[None, "A", "B"], ["A", None, 2], ["B", "NA", 1.5]])
    found["matrix.xlsx"] = {"matrix.xlsx": buffer.getvalue()}
    buffer = io.BytesIO()
    save_npz_to(buffer)
    found["own.npz"] = {"own.npz": buffer.getvalue()}
    return found


def save_npz_to(buffer):
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"conncore-fuzz-{os.getpid()}.npz"
    save_npz(
        Connectome.from_edges("x", [0, 1], [1, 0], sign=[1, -1], gap_pre=[0], gap_post=[1]), path
    )
    buffer.write(path.read_bytes())
    path.unlink()


def mutate(data, rng, others):
    """The bytes with one to four changes."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 1, 4, 30, 300)))
        kind = rng.randrange(8)
        if kind == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 1 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del data[at:end]
        elif kind == 3:
            data[at:at] = data[at:end] * rng.choice((1, 2, 50))
        elif kind == 4:
            data[at:end] = rng.choice(TOKENS)
        elif kind == 5:
            data[at:at] = rng.choice(TOKENS)
        elif kind == 6:
            del data[at:]
        else:
            other = rng.choice(others)
            begin = rng.randrange(len(other) + 1)
            data[at:end] = other[begin : begin + rng.choice((4, 40, 400))]
    return bytes(data)


def mutate_inside(data, rng, others):
    """An archive with one member changed, under its name or a wrong one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as new:
        names = archive.namelist()
        chosen = rng.choice(names)
        for name in names:
            content = archive.read(name)
            if name == chosen:
                content = mutate(content, rng, others)
                name = rng.choice((name, name, name, "../../x.csv", "/etc/passwd", "a" * 9999))
            new.writestr(name, content, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    return out.getvalue()


def packed(files, rng, others):
    """The end of a name and the bytes of an archive of these files; one level may be damaged."""

    def damaged(data):
        return mutate(data, rng, others) if rng.random() < 0.3 else data

    members = {
        f"{name}.gz" if rng.random() < 0.5 else name: content for name, content in files.items()
    }
    members = {
        name: damaged(gzip.compress(content, 1)) if name.endswith(".gz") else content
        for name, content in members.items()
    }
    out = io.BytesIO()
    if rng.random() < 0.5:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return ".zip", damaged(out.getvalue())
    form = rng.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if form == tarfile.PAX_FORMAT and rng.random() < 0.5:
                info.pax_headers = rng.choice(SPARSE)
            archive.addfile(info, io.BytesIO(content))
    return ".tar.gz", damaged(gzip.compress(damaged(out.getvalue()), 1))


def options_for(folder, path, name):
    if name == "edges.csv":
        return {"format": "edges", "cells": folder / "cells.csv"}
    if name == "blanks.csv":
        return {"format": "matrix"}
    return {}


def used_seconds():
    """Of processors, by this process and its children, whatever else the machine does."""
    return sum(os.times()[:4])


def check(path, **options):
    """Read, and see that only errors of the right kind come out, with the path, in one line."""
    start = used_seconds()
    message = ""
    try:
        assert read(path, **options).n_cells > 0
    except ConnectomeError as error:
        message = str(error)
    assert not message or message.startswith(str(path.parent))
    assert "\n" not in message
    assert used_seconds() - start < 5


@pytest.mark.filterwarnings("error", "ignore::conncore.errors.ConnectomeWarning")
def test_mutated_files_raise_nothing_else(tmp_path):
    rng = random.Random(20261123)
    begin = trees()
    others = [content for files in begin.values() for content in files.values()]
    quick = [name for name in begin if name not in SLOW]
    slow = [name for name in begin if name in SLOW]
    for k in range(TRIES):
        name = rng.choice(slow) if slow and k % 250 == 249 else rng.choice(quick)
        files = dict(begin[name])
        changed = rng.choice(sorted(files))
        content = files[changed]
        if content.startswith(b"PK") and rng.random() < 0.7:
            files[changed] = mutate_inside(content, rng, others)
        else:
            files[changed] = mutate(content, rng, others)
        folder = tmp_path / "tree" if len(files) > 1 else tmp_path
        folder.mkdir(exist_ok=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        alone = len(files) == 1 or name == "edges.csv"
        path = folder / name if alone else folder
        if alone and rng.random() < 0.05:
            end, pack = rng.choice(PACKERS)
            path = folder / f"{name}{end}"
            path.write_bytes(mutate(pack(files[name]), rng, others))
        elif name not in SLOW and name != "edges.csv" and rng.random() < 0.05:
            suffix, content = packed(files, rng, others)
            path = tmp_path / f"{name}{suffix}"
            path.write_bytes(content)
        try:
            check(path, **options_for(folder, path, name))
        except BaseException:
            print(f"try {k}: {name}, {changed}: {files[changed][:2000]!r}")
            raise
        for file in files:
            (folder / file).unlink()


def bomb_gzip(path):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"1," * (1 << 20)
    path.write_bytes(b"".join([*(packer.compress(block) for _ in range(20)), packer.flush()]))


def bomb_workbook(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<w>" + b" " * (40 << 20) + b"</w>")


def bomb_entities(path):
    steps = "".join(f"<!ENTITY e{k + 1} '{f'&e{k};' * 10}'>" for k in range(12))
    path.write_text(f"<!DOCTYPE g [<!ENTITY e0 'x'>{steps}]><graphml>&e12;</graphml>")


def bomb_array(path):
    np.save(path, np.zeros((2, 2)))
    head = path.read_bytes().replace(b"(2, 2), }          ", b"(9999999, 9999999)}")
    path.write_bytes(head)


def bomb_arrays(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("text.npy", b"\0" * (40 << 20))


def bomb_sparse(path):
    empty = np.empty(0, np.int32)
    shape = np.array([10**12, 10**12])
    np.savez(path, format=b"coo", shape=shape, row=empty, col=empty, data=empty)


def bomb_nesting(path):
    path.write_text('{"nodes": ' + "[" * 10**6)


def bomb_population(path):
    inside = "<population id='p' size='999999999'/>"
    path.write_text(f"<neuroml><network id='n'>{inside}</network></neuroml>")


def bomb_instance(path):
    path.write_text(
        "<neuroml><network id='n'><population id='p' size='1'><instance id='999999'/></population>"
        * 50
    )


def bomb_sheet(path):
    rows = "".join(f'<c r="XFD{k}"><v>1</v></c>' for k in range(1, 9)) + '<c r="XFD1048576"/>'
    head = '<workbook><sheets><sheet name="hermaphrodite chemical" r:id="r1"/></sheets></workbook>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", head)
        archive.writestr(
            "xl/_rels/workbook.xml.rels", '<R><Relationship Id="r1" Target="s.xml"/></R>'
        )
        archive.writestr("xl/worksheets/s.xml", f"<sheetData>{rows}</sheetData>")


def bomb_strides(path):
    nodes = [{"name": f"T{k}", "pattern": ["stride", [1, 1]]} for k in range(5000)]
    path.write_text(str({"nodes": nodes, "edges": [], "offsets": []}).replace("'", '"'))


BOMBS = {
    "x.csv.gz": bomb_gzip,
    "x.xlsx": bomb_workbook,
    "sheet.xlsx": bomb_sheet,
    "x.graphml": bomb_entities,
    "x.npy": bomb_array,
    "x.npz": bomb_arrays,
    "sparse.npz": bomb_sparse,
    "x.json": bomb_nesting,
    "x.nml": bomb_population,
    "y.nml": bomb_instance,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_in_no_time(tmp_path, name):
    path = tmp_path / name
    BOMBS[name](path)
    start = used_seconds()
    with pytest.raises(ConnectomeError, match=name.replace(".", r"\.")):
        read(path)
    assert used_seconds() - start < 5


def test_a_wide_eye_of_many_types_is_refused(tmp_path):
    path = tmp_path / "x.json"
    bomb_strides(path)
    with pytest.raises(ConnectomeError, match="holds more than 1000000 rows, too many for a file"):
        read(path, extent=100)


def test_columns_that_unpack_without_end_are_refused(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "x.parquet"
    same = pa.array(np.zeros(5_000_000, np.int64))
    parquet.write_table(pa.table({"pre": same, "post": same}), path)
    assert path.stat().st_size < 10**6
    with pytest.raises(ConnectomeError, match="holds 5000000 rows, too many for its size"):
        read(path)
    long = pa.table({"pre": ["x" * (1 << 26)], "post": ["y"]})
    settings = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
    with parquet.ParquetWriter(path, long.schema, **settings) as writer:
        for _ in range(8):
            writer.write_table(long)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ConnectomeError, match=r"x\.parquet: cannot be read as parquet"):
        read(path)


def test_a_data_set_that_unpacks_without_end_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        for name in ("source_node_id", "target_node_id"):
            file.create_dataset(f"edges/e/{name}", (10**10,), "u8", chunks=(10**6,), compression=9)
    with pytest.raises(ConnectomeError, match="holds 10000000000 rows, too many"):
        read(path)


def test_a_matlab_file_that_unpacks_without_end_is_refused(tmp_path):
    pytest.importorskip("scipy")
    rows = 7000
    size = 8 * rows * rows
    flags = struct.pack("<IIII", 6, 8, 6, 0)
    name = struct.pack("<IIII", 5, 8, rows, rows) + struct.pack("<II", 1, 1) + b"A".ljust(8, b"\0")
    head = flags + name + struct.pack("<II", 9, size & 0xFFFFFFFF)
    packer = zlib.compressobj(1)
    body = packer.compress(struct.pack("<II", 14, (len(head) + size) & 0xFFFFFFFF) + head)
    block = b"\0" * (1 << 24)
    body += b"".join(packer.compress(block) for _ in range(24)) + packer.flush()
    start = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49)
    (tmp_path / "x.mat").write_bytes(start + struct.pack("<II", 15, len(body)) + body)
    with pytest.raises(ConnectomeError, match=r"x\.mat: cannot be read as mat"):
        read(tmp_path / "x.mat")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.skipif("CONNCORE_DEBUG" in os.environ, reason="the sanitizer takes memory of its own")
def test_a_megabyte_takes_less_than_a_gigabyte(tmp_path):
    """The worst of what is within the limits: as many names, and as many edges, as can be."""
    rows = (f"{k:x},{k + 1:x}\n" for k in range(0, 10**6, 2))
    text = ("pre,post\n" + "".join(rows)).encode()
    (tmp_path / "names.csv.gz").write_bytes(gzip.compress(text)[: 1 << 30])
    (tmp_path / "dense.txt.gz").write_bytes(gzip.compress(("1 " * 990 + "\n").encode() * 990))
    code = (
        "import sys; from conncore.formats import read; [read(p) for p in sys.argv[1:]]; "
        "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    )
    files = [str(tmp_path / "names.csv.gz"), str(tmp_path / "dense.txt.gz")]
    done = subprocess.run(
        [sys.executable, "-c", code, *files], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 1 << 20
