"""Tables of signs: rules by transmitter, signs of single edges, and what is refused."""

from __future__ import annotations

import gzip

import pytest

from conncore.connectome.signs import TRANSMITTER_SIGNS
from conncore.errors import ConnectomeError, UsageError
from conncore.formats import open_sign_rule, read_edge_signs, read_sign_rule

RULE = "note,sign,transmitter\nx,+1,GABA\n\nx,-1,Glu\nx,,ACh\n"


def test_a_rule_from_a_file(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(RULE)
    assert read_sign_rule(path) == {"GABA": 1, "Glu": -1, "ACh": 0}
    assert open_sign_rule(str(path)) == ("mine.csv", {"GABA": 1, "Glu": -1, "ACh": 0})
    (tmp_path / "mine.tsv").write_text(RULE.replace(",", "\t"))
    (tmp_path / "mine.csv.gz").write_bytes(gzip.compress(RULE.encode()))
    for name in ("mine.tsv", "mine.csv.gz"):
        assert read_sign_rule(tmp_path / name) == read_sign_rule(path)


def test_a_rule_has_a_name_or_a_file():
    assert open_sign_rule("fly") == ("fly", TRANSMITTER_SIGNS["fly"])
    with pytest.raises(UsageError, match="unknown transmitter rule 'moth'; choose one of: fly"):
        open_sign_rule("moth")
    with pytest.raises(ConnectomeError, match=r"moth\.csv: no such file"):
        open_sign_rule("moth.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("transmitter\nACh\n", "line 1: there is no column 'sign'; found 'transmitter'"),
        ("", "the file is empty; its first line names the columns"),
        ("sign,transmitter,sign\n1,ACh,1\n", "line 1 names the column 'sign' twice"),
        (
            "transmitter,sign\nACh,2\n",
            r"line 2, column 'sign': unknown sign '2'; use \+1, -1, 0, exc, inh, unknown or noth",
        ),
        (
            "transmitter,sign\nACh,1\nACh,1\n",
            "line 3, column 'transmitter': 'ACh' has a sign already",
        ),
        ("transmitter,sign\nACh,1,5\n", "line 2 has 3 fields, but there are 2 columns"),
        ('transmitter,sign\n"ACh,1\n', "line 2 cannot be split"),
        ("\udcff", "line 1 is not UTF-8 text"),
    ],
)
def test_a_wrong_rule_file_is_refused(tmp_path, text, message):
    path = tmp_path / "rule.csv"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConnectomeError, match=rf"rule\.csv: {message}"):
        read_sign_rule(path)


def test_signs_of_single_edges(tmp_path):
    path = tmp_path / "signs.csv"
    path.write_text("pre,post,sign\nA,B,-1\nA,C,1\nC,B,0\n")
    assert read_edge_signs(path) == {("A", "B"): -1, ("A", "C"): 1, ("C", "B"): 0}
    path.write_text("pre,post,sign\nA,B,1\nA,B,1\n")
    with pytest.raises(
        ConnectomeError, match="line 3, column 'pre': edge 'A' -> 'B' has a sign already"
    ):
        read_edge_signs(path)
    path.write_text("pre,post,sign\nA,,1\n")
    with pytest.raises(ConnectomeError, match="line 2, column 'post': the cell name is empty"):
        read_edge_signs(path)
