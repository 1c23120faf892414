"""Comments, delimiters and decimal signs of tables of text."""

from __future__ import annotations

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import read
from format_files import edges


def table(path, text):
    path.write_text(text)
    return path


def test_comments_above_the_titles_are_left_out(tmp_path):
    path = table(tmp_path / "e.csv", "# made 2024\n# a, b, c\npre,post,weight\nA,B,3\nA,A,x\n")
    with pytest.raises(ConnectomeError, match="line 5, column 'weight': 'x' is not a number"):
        read(path)
    table(path, path.read_text().replace("A,A,x\n", ""))
    assert edges(read(path)) == {("A", "B"): (3, 0)}


def test_the_last_comment_may_hold_the_titles(tmp_path):
    text = "# from a page\n#\n#pre\tpost\tweight\nA\tB\t3\nA\tC\tx\n"
    path = table(tmp_path / "e.txt", text)
    with pytest.raises(ConnectomeError, match="line 5, column 'weight': 'x' is not a number"):
        read(path, format="edges")
    table(path, text.replace("x", "4"))
    assert edges(read(path, format="edges")) == {("A", "B"): (3, 0), ("A", "C"): (4, 0)}


def test_comments_between_rows_need_an_option(tmp_path):
    path = table(tmp_path / "e.csv", "pre,post,weight\nA,B,3\n# more\nB,A,x\n")
    with pytest.raises(ConnectomeError, match=r"line 3 has 1 fields.*use the option comment=#"):
        read(path)
    with pytest.raises(ConnectomeError, match="line 4, column 'weight': 'x' is not a number"):
        read(path, comment="#")
    table(path, path.read_text().replace("x", "2"))
    assert edges(read(path, comment="#")) == {("A", "B"): (3, 0), ("B", "A"): (2, 0)}


def test_decimal_commas_need_an_option(tmp_path):
    path = table(tmp_path / "e.csv", "pre;post;weight\nA;B;1,5\nB;A;2,0\n")
    with pytest.raises(ConnectomeError, match=r"'1,5' is not a number.*use the option decimal=,"):
        read(path)
    assert edges(read(path, decimal=",")) == {("A", "B"): (1.5, 0), ("B", "A"): (2, 0)}
    table(path, "pre;post;weight\nA;B;1.000,5\n")
    with pytest.raises(ConnectomeError, match=r"'1.000,5' is not a number"):
        read(path, decimal=",")
    with pytest.raises(ConnectomeError, match="decimal sign is a point or a comma, not ';'"):
        read(path, decimal=";")
