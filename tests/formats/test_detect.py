"""Detection of formats: by name and content, in archives, and what is refused."""

from __future__ import annotations

import zipfile

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import detect, read


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("pre,post\nA,B\n", "edges"),
        ("pre_root_id,post_root_id,neuropil,syn_count\n", "codex"),
        ("bodyId_pre,bodyId_post,weight\n", "neuprint"),
        ("Presynaptic_ID,Postsynaptic_ID\n", "shiu2024"),
        ("Source,Target,Weight,Type\n", "cect"),
        ("source,target,weight\n", "edges"),
        (",A,B\nA,0,1\nB,1,0\n", "matrix"),
        ("A,B,C,D\n0,1,2,0\n", "matrix"),
        ("", "edges"),
    ],
)
def test_the_first_lines_of_a_table_decide(tmp_path, text, format):
    path = tmp_path / "x.csv"
    path.write_text(text)
    assert detect(path) == format
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(path, "inside.csv")
    assert detect(tmp_path / "x.zip") == format


def test_missing_files_directories_and_other_formats_are_refused(tmp_path):
    with pytest.raises(ConnectomeError, match=r"none\.csv: no such file"):
        read(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConnectomeError, match=r"folder\.csv: is a directory, not a connectome"):
        read(tmp_path / "folder.csv")
    with pytest.raises(
        ConnectomeError, match=r"is a directory, not a connectome file, and holds no"
    ):
        read(tmp_path)
    (tmp_path / "e.doc").write_text("x")
    with pytest.raises(ConnectomeError, match=r"unknown suffix '\.doc'.*\.csv, \.tsv, \.txt,"):
        read(tmp_path / "e.doc")
