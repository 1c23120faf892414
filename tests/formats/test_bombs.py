"""Files that unpack without end, by every way in, and what is no file: refused at once.

Each is read in a process of its own, which measures its memory and processor time.
"""

from __future__ import annotations

import bz2
import gzip
import importlib.util
import io
import lzma
import os
import socket
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import read

#: Reads a file and prints its error, the peak of the memory in KiB, and seconds of processor time.
READ = """
import resource, sys, time
from conncore.errors import ConnectomeError
from conncore.formats import read
start = time.process_time()
try:
    read(sys.argv[1], **dict(word.split("=") for word in sys.argv[2:]))
    print("it was read")
except ConnectomeError as error:
    print(error)
below = resource.getrusage(resource.RUSAGE_CHILDREN)
own = open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]
print(max(int(own), below.ru_maxrss))
print(time.process_time() - start + below.ru_utime + below.ru_stime)
"""
REFUSED = "unpacks to more than"
GIB = 1 << 30


def zeros(n_bytes, level=9):
    """A gzip file of so many zeros."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    block = bytes(1 << 24)
    return b"".join([*(packer.compress(block) for _ in range(n_bytes >> 24)), packer.flush()])


def pieces(n_bytes):
    """The same in pieces, so that the size at the end of the file says little."""
    return zeros(1 << 24) * (n_bytes >> 24)


def write_zeros(archive, name):
    """Half a GiB."""
    with archive.open(name, "w") as member:
        for _ in range(32):
            member.write(bytes(1 << 24))


def plain_gzip(path):
    path.write_bytes(zeros(GIB))


def gzip_in_pieces(path):
    path.write_bytes(pieces(4 * GIB))  # 4 MB, which may unpack to 270 MB


def zipped(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        write_zeros(archive, "x.csv")


def zip_of_many(path):
    """Each member is within the limit; all together they are not."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(64):
            archive.writestr(f"connections{k}.csv", bytes(1 << 23))


def zip_that_lies(path):
    """The size that the archive states is 10 bytes."""
    zipped(path)
    content = path.read_bytes()
    size = struct.pack("<I", 32 << 24)
    path.write_bytes(content.replace(size, struct.pack("<I", 10)))


def zip_of_bzip2(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        write_zeros(archive, "x.csv")


def gzip_in_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv.gz", pieces(4 * GIB))


def zeros_before_gzip_in_zip(path):
    """The first member spends the whole budget, so that nothing is left for the second."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("connections.csv", bytes(15 << 20))
        archive.writestr("neurons.csv.gz", zeros(GIB // 4))


def zeros_after_gzip_in_zip(path):
    """The first member, packed twice, spends more than there is, and what is left is negative."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("connections.csv.gz", zeros(GIB // 8))
        write_zeros(archive, "neurons.csv")


def tar_of(path, *members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    path.write_bytes(gzip.compress(buffer.getvalue()))


def tar_of_zeros(path):
    path.write_bytes(zeros(GIB // 2))


def gzip_in_tar(path):
    tar_of(path, ("traced-total-connections.csv.gz", zeros(GIB // 2)))


def sparse_member(path):
    """A header that describes 11.8 GB of holes."""
    info = tarfile.TarInfo("traced-total-connections.csv")
    info.size = 512
    headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": info.name,
        "GNU.sparse.realsize": str(11_800_000_000),
    }
    info.pax_headers = headers
    sparse_map = b"1\n11799999999\n0\n".ljust(512, b"\0")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(sparse_map))
    path.write_bytes(gzip.compress(buffer.getvalue()))


def archive_in_tar(path):
    """A level that tarfile unpacks by itself if one lets it."""
    path.write_bytes(gzip.compress(bz2.compress(bytes(GIB // 4))))


def bzip2(path):
    path.write_bytes(bz2.compress(bytes(GIB // 2)))


def xz(path):
    path.write_bytes(lzma.compress(bytes(GIB // 2), preset=0))


def xz_of_a_huge_dictionary(path):
    """The header asks for a dictionary of 4 GiB."""
    content = bytearray(lzma.compress(bytes(GIB // 4), preset=0))
    size = (content[12] + 1) * 4
    at = content.index(b"\x21\x01", 12) + 2
    content[at] = 40
    content[12 + size - 4 : 12 + size] = zlib.crc32(content[12 : 12 + size - 4]).to_bytes(
        4, "little"
    )
    path.write_bytes(content)


def bzip2_in_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv.bz2", bz2.compress(bytes(GIB // 2)))


def xz_of_tar(path):
    path.write_bytes(lzma.compress(bytes(GIB // 2), preset=0))


def many_headers(path):
    """Each member would get a copy of all the words that the first header gives."""
    words = {f"k{k}": "v" for k in range(100_000)}
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=words
    ) as archive:
        for k in range(5000):
            info = tarfile.TarInfo(f"{k}.csv")
            info.pax_headers = {"comment": "x"}
            archive.addfile(info)
    path.write_bytes(gzip.compress(buffer.getvalue()))


def arrays(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        write_zeros(archive, "text.npy")


def workbook(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        write_zeros(archive, "xl/worksheets/sheet1.xml")


def gzip_in_workbook(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", zeros(GIB // 2))


def matrix_market(path):
    """An empty matrix that claims a thousand million rows."""
    path.write_text("%%MatrixMarket matrix coordinate real general\n1000000000 1000000000 0\n")


def matlab(path):
    """Zeros in MATLAB's version 7.3."""
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("A", (50_000, 50_000), "u1", chunks=(1000, 1000), compression=9)


def parquet(path):
    """A word of 4 MiB that is stored once and stands in each of a million rows."""
    import pyarrow as pa
    from pyarrow import parquet

    words = pa.DictionaryArray.from_arrays(pa.array([0] * 10**6, pa.int32()), ["x" * (1 << 22)])
    table = pa.table({"pre": words, "post": words})
    parquet.write_table(table, path, compression="zstd", write_statistics=False)


BOMBS = {
    "a.csv.gz": (plain_gzip, REFUSED),
    "b.csv.gz": (gzip_in_pieces, REFUSED),
    "a.zip": (zipped, REFUSED),
    "b.zip": (zip_of_many, REFUSED),
    "c.zip": (zip_that_lies, "damaged zip archive"),
    "d.zip": (zip_of_bzip2, "not packed with deflate"),
    "e.zip": (gzip_in_zip, REFUSED),
    "f.zip": (zeros_before_gzip_in_zip, REFUSED),
    "g.zip": (zeros_after_gzip_in_zip, REFUSED),
    "a.tar.gz": (tar_of_zeros, REFUSED),
    "b.tar.gz": (gzip_in_tar, REFUSED),
    "c.tar.gz": (sparse_member, REFUSED),
    "d.tar.gz": (archive_in_tar, "damaged tar archive"),
    "e.tar.gz": (many_headers, "too many headers"),
    "a.csv.bz2": (bzip2, REFUSED),
    "a.csv.xz": (xz, REFUSED),
    "b.csv.xz": (xz_of_a_huge_dictionary, REFUSED),
    "h.zip": (bzip2_in_zip, REFUSED),
    "a.tar.xz": (xz_of_tar, REFUSED),
    "a.npz": (arrays, REFUSED),
    "a.xlsx": (workbook, REFUSED),
    "b.xlsx": (gzip_in_workbook, REFUSED),
    "a.mtx": (matrix_market, "too many for its size"),
    "a.mat": (matlab, "A holds 2500000000 values, too many for the file's size"),
    "a.parquet": (parquet, "cannot be read as parquet"),
}
NEEDS = {".parquet": "pyarrow", ".mtx": "scipy", ".mat": "h5py"}
BY_CODEX = (zip_of_many, zeros_before_gzip_in_zip, zeros_after_gzip_in_zip)


def measure(path, *options):
    """The error of a file, and the MiB and seconds that reading it took."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    message, memory, seconds = done.stdout.splitlines()
    return message, int(memory) / 1024, float(seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="measures in KiB, as Linux does")
@pytest.mark.skipif("CONNCORE_DEBUG" in os.environ, reason="the sanitizer takes memory of its own")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_300_mib_and_2_seconds(tmp_path, name):
    needed = NEEDS.get(Path(name).suffix)
    if needed and not importlib.util.find_spec(needed):
        pytest.skip(f"{needed} is not installed")
    build, reason = BOMBS[name]
    path = tmp_path / name
    build(path)
    assert path.stat().st_size < 5 << 20
    options = ["format=codex"] if build in BY_CODEX else []
    message, memory, seconds = measure(path, *options)
    print(f"{name}: {memory:.0f} MiB, {seconds:.2f} s; {message}")
    assert message.startswith(f"{path}: ")
    assert message.count(str(path)) == 1
    assert reason in message
    assert memory < 300
    assert seconds < 2


SPECIAL = {
    "a device": ["/dev/zero", "/dev/urandom", "/dev/tty"],
    "a pipe": ["pipe.csv", "pipe.npz", "pipe.h5", "pipe.xyz"],
    "a socket": ["socket.csv"],
}


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev and named pipes")
@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("format", [None, "edges", "npz", "cook2019", "neuprint"])
def test_what_is_no_file_is_never_opened(tmp_path, kind, format):
    for name in SPECIAL[kind]:
        path = tmp_path / name
        if kind == "a pipe":
            os.mkfifo(path)
        elif kind == "a socket":
            with closing(socket.socket(socket.AF_UNIX)) as server:
                server.bind(str(path))
        else:
            path = tmp_path / f"{path.name}.csv"
            path.symlink_to(f"/dev/{name.removeprefix('/dev/')}")
        with pytest.raises(ConnectomeError, match=rf"{path.name}: is {kind}; copy its content"):
            read(path, format)
        path.unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="measures in KiB, as Linux does")
@pytest.mark.skipif("CONNCORE_DEBUG" in os.environ, reason="the sanitizer takes memory of its own")
@pytest.mark.parametrize(
    ("name", "format", "reason"),
    [
        ("x.tif", None, "has unknown suffix '.tif'"),
        ("x.tif", "edges", "holds neither text nor a binary format that conncore reads"),
        ("x.csv", None, "holds neither text nor a binary format that conncore reads"),
        ("x.csv", "npz", "holds neither text nor a binary format that conncore reads"),
        ("x.txt", None, "holds 9000000000 bytes of text, and conncore reads 4294967296 at most"),
        ("x.json", None, "holds 9000000000 bytes of text, and conncore reads 4294967296 at most"),
    ],
)
def test_nine_gigabytes_of_another_format_are_refused_unread(tmp_path, name, format, reason):
    path = tmp_path / name
    with open(path, "wb") as stream:
        stream.write(b"II*\0" if "neither" in reason else b"pre,post\n" * 1000)
        stream.truncate(9 * 10**9)
    options = [] if format is None else [f"format={format}"]
    message, memory, seconds = measure(path, *options)
    assert reason in message
    assert memory < 300
    assert seconds < 1


def test_a_directory_with_a_pipe_is_read_without_the_pipe(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes")
    (tmp_path / "connections.csv").write_text("pre_root_id,post_root_id,syn_count\n1,2,5\n")
    os.mkfifo(tmp_path / "neurons.csv")
    assert read(tmp_path).n_edges == 1


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs /proc")
def test_a_file_of_another_size_than_stated_is_refused():
    with pytest.raises(ConnectomeError, match=r"maps: grew while it was read \(it had 0 bytes\)"):
        read("/proc/self/maps", "edges")


def test_gzip_in_tar_is_unpacked(tmp_path):
    neurons = b"bodyId,type,instance\n1,A,a\n2,B,b\n"
    edges = b"bodyId_pre,bodyId_post,weight\n1,2,7\n"
    plain, packed = tmp_path / "plain.tar.gz", tmp_path / "packed.tar.gz"
    files = {"traced-neurons.csv": neurons, "traced-total-connections.csv": edges}
    tar_of(plain, *files.items())
    tar_of(packed, *((f"{name}.gz", gzip.compress(text)) for name, text in files.items()))
    assert read(plain).n_edges == 1
    assert read(packed).checksum == read(plain).checksum
