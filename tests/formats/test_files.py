"""Opening files: once each, from detection to reading; archives; unknown and missing files."""

from __future__ import annotations

import builtins
import bz2
import gzip
import io
import lzma
import shutil
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from conncore.catalog.shipped import open_connectome
from conncore.errors import ConnectomeError
from conncore.formats import detect, open_file, read
from format_files import FILES, installed

OPTIONS = {"blanks.csv": {"format": "matrix"}, "records.json": {"weight": "sum(syn)"}}


@pytest.fixture
def opened(monkeypatch):
    """How often each file was opened, gzip and tar archives unpacked and zip members read."""
    counts = Counter()

    def count(module, name, path_of):
        original = getattr(module, name)

        def counting(*words, **named):
            path = path_of(*words)
            if path is not None:
                counts[path] += 1
            return original(*words, **named)

        monkeypatch.setattr(module, name, counting)

    def named(file, *_):
        is_path = isinstance(file, str | Path)
        return Path(file).name if is_path and Path(file).is_relative_to(root) else None

    root = FILES
    for module in (io, builtins):
        count(module, "open", named)
    count(gzip, "open", lambda *_: "gzip")
    count(tarfile, "open", lambda *_: "tar")
    count(zipfile.ZipFile, "open", lambda _, member, *__: f"member {member.filename}")

    def inside(folder):
        nonlocal root
        root = folder
        counts.clear()
        return counts

    return inside


def is_archive(path):
    return not path.is_dir() and path.read_bytes().startswith(b"PK")


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.iterdir()))
def test_each_file_is_opened_and_unpacked_once(name, opened):
    path = installed(name)
    files = {file.name for file in path.iterdir()} if path.is_dir() else {name}
    archive = is_archive(path)
    counts = opened(FILES)
    read(path, **OPTIONS.get(name, {}))
    members = {key: n for key, n in counts.items() if key.startswith("member ")}
    expected = dict.fromkeys(files - set(), 1)
    assert {key: n for key, n in counts.items() if key not in members} == expected
    assert set(members.values()) == ({1} if archive else set())


PLAIN = [file.name for file in FILES.iterdir() if file.is_file() and not is_archive(file)]


@pytest.mark.parametrize("name", PLAIN)
def test_a_gzipped_file_is_opened_and_unpacked_once(name, tmp_path, opened):
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(installed(name).read_bytes()))
    counts = opened(tmp_path)
    read(path, **OPTIONS.get(name, {}))
    assert counts == {path.name: 1, "gzip": 1}


def test_archives_of_several_files_are_opened_and_unpacked_once(tmp_path, opened):
    with tarfile.open(tmp_path / "exported.tar.gz", "w:gz") as archive:
        archive.add(FILES / "neuprint", "exported")
    shutil.make_archive(str(tmp_path / "exported"), "zip", FILES / "neuprint")
    counts = opened(tmp_path)
    read(tmp_path / "exported.tar.gz")
    assert counts == {"exported.tar.gz": 1, "gzip": 1, "tar": 1}
    opened(tmp_path)
    read(tmp_path / "exported.zip")
    assert counts.pop("exported.zip") == 1
    assert len(counts) == 3
    assert set(counts.values()) == {1}


def test_a_file_with_options_on_the_command_line_is_opened_once(opened):
    counts = opened(FILES)
    open_connectome(str(FILES / "flyvis.json"), options=["extent=2"])
    assert counts == {"flyvis.json": 1}


def test_an_edge_table_and_the_cells_beside_it_are_opened_once(tmp_path, opened):
    (tmp_path / "x.edges.csv").write_text("pre,post\nA,B\n")
    (tmp_path / "x.cells.csv").write_text("name\nA\nB\n")
    counts = opened(tmp_path)
    read(tmp_path / "x.edges.csv")
    assert counts == {"x.edges.csv": 1, "x.cells.csv": 1}


def test_an_opened_file_keeps_its_content(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("pre,post\nA,B\n")
    file = open_file(path)
    assert open_file(file) is file
    assert (str(file), Path(file)) == (str(path), path)
    assert detect(file) == "edges"
    path.unlink()
    assert read(file).names == ("A", "B")
    with pytest.raises(ConnectomeError, match=r"x\.csv: no such file"):
        read(path)


def test_a_gzipped_file_is_the_same(tmp_path):
    for name in ("small.nml", "cect.json", "square.csv", "flyvis.json"):
        path = tmp_path / f"{name}.gz"
        path.write_bytes(gzip.compress((FILES / name).read_bytes()))
        assert read(path).checksum == read(FILES / name).checksum
        assert read(path).name == read(FILES / name).name


@pytest.mark.parametrize(("end", "pack"), [(".bz2", bz2.compress), (".xz", lzma.compress)])
def test_bzip2_and_xz_are_unpacked_wherever_gzip_is(tmp_path, end, pack):
    for name in ("small.nml", "cect.json", "square.csv", "signed.npy"):
        path = tmp_path / f"{name}{end}"
        path.write_bytes(pack((FILES / name).read_bytes()))
        assert read(path).checksum == read(FILES / name).checksum
        assert read(path).name == read(FILES / name).name
    content = pack((FILES / "square.csv").read_bytes())
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr(f"square.csv{end}", content)
    assert read(tmp_path / "one.zip").checksum == read(FILES / "square.csv").checksum
    with tarfile.open(tmp_path / f"exported.tar{end}", f"w:{end[1:]}") as archive:
        archive.add(FILES / "neuprint", "exported")
    assert read(tmp_path / f"exported.tar{end}").checksum == read(FILES / "neuprint").checksum
    (tmp_path / f"cut.csv{end}").write_bytes(content[:-9])
    with pytest.raises(ConnectomeError, match=rf"cut\.csv\{end}: cannot be unpacked"):
        read(tmp_path / f"cut.csv{end}")


def test_text_that_begins_like_bzip2_is_text(tmp_path):
    (tmp_path / "x.csv").write_text("BZh9,post\nA,B\n")
    assert read(tmp_path / "x.csv", pre="BZh9").names == ("A", "B")


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"


@pytest.mark.parametrize(
    "name",
    ["x.csv", "x.npz", "x.h5", "x.mat", "x.xlsx", "x.graphml", "x.json", "x.zip", "x.csv.gz"],
)
def test_a_pointer_of_git_lfs_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_text(POINTER)
    for format in (None, "edges", "npz", "sonata", "haspel2011", "cook2019", "codex"):
        with pytest.raises(
            ConnectomeError, match=rf"{name}: is a Git LFS pointer, .* run `git lfs pull`"
        ):
            read(tmp_path / name, format)


def test_a_pointer_in_a_directory_or_an_archive_is_refused(tmp_path):
    (tmp_path / "neurons.csv").write_text(POINTER)
    (tmp_path / "connections.csv").write_text("pre_root_id,post_root_id,syn_count\n1,2,5\n")
    shutil.make_archive(str(tmp_path / "codex"), "zip", tmp_path, "neurons.csv")
    for path in (tmp_path, tmp_path / "codex.zip"):
        with pytest.raises(ConnectomeError, match=r"neurons\.csv: is a Git LFS pointer"):
            read(path, "codex")


def test_a_zip_of_one_file_is_the_same(tmp_path):
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.write(FILES / "square.csv", "deep/../../square.csv")
    assert read(tmp_path / "one.zip").checksum == read(FILES / "square.csv").checksum
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "pre,post\nA,B\n")
        archive.writestr("b.csv", "pre,post\nA,B\n")
    with pytest.raises(ConnectomeError, match=r"two\.zip: holds a\.csv, b\.csv; name the format"):
        read(tmp_path / "two.zip")
