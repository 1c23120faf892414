"""Edge tables: what is read, what is refused and where, round trips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError, DuplicateEdgesError, UsageError
from conncore.formats import read, write_edges
from random_connectomes import connectomes, same

HEADER = "pre,post,type,weight,sign\n"


def table(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def edges(worm):
    names = worm.names
    ends = zip(worm.pre, worm.post, worm.weight.tolist(), worm.sign.tolist(), strict=True)
    return {(names[i], names[j]): (w, s) for i, j, w, s in ends}


@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".tsv", "\t"), (".txt", "\t")])
def test_edges_are_read(tmp_path, suffix, delimiter):
    rows = ["pre,post,type,weight,sign", "A,B,chemical,2,1", "B,A,,0.5,-1", "A,C,gap,3,"]
    text = "\n".join(rows).replace(",", delimiter)
    worm = read(table(tmp_path / f"tiny{suffix}", text))
    assert worm.name == "tiny"
    assert worm.names == ("A", "B", "C")
    assert edges(worm) == {("A", "B"): (2.0, 1), ("B", "A"): (0.5, -1)}
    assert (worm.gap_pre.tolist(), worm.gap_post.tolist()) == ([0], [2])
    assert worm.gap_weight.tolist() == [3.0]
    assert worm.body is None


def test_only_pre_and_post_are_needed_in_any_order(tmp_path):
    worm = read(table(tmp_path / "e.csv", "note,post,pre\nx,B,A\n"))
    assert edges(worm) == {("A", "B"): (1.0, 0)}


@pytest.mark.parametrize(
    ("word", "sign"),
    [
        *((word, 1) for word in ("+1", "1", "exc", "Excitatory")),
        *((word, -1) for word in ("-1", "inh", "INHIBITORY")),
        *((word, 0) for word in ("0", "", "unknown")),
    ],
)
def test_signs_are_words_or_numbers(tmp_path, word, sign):
    worm = read(table(tmp_path / "e.csv", f"pre,post,sign\nA,B,{word}\n"))
    assert worm.sign.tolist() == [sign]
    assert worm.sign_source == ("source" if sign else "unknown",)


@pytest.mark.parametrize("word", ["gap", "gap_junction", "electrical", "Electrical"])
def test_gap_junctions_have_several_names(tmp_path, word):
    worm = read(table(tmp_path / "e.csv", f"pre,post,type\nA,B,{word}\n"))
    assert (worm.n_edges, worm.n_gap_junctions) == (0, 1)


def test_ids_are_exact_strings(tmp_path):
    big, next_to_it = 2**53 + 1, 2**53  # equal as floats
    text = f"pre,post\n{big},{next_to_it}\n720575940621280688,007\n007,7\n"
    worm = read(table(tmp_path / "e.csv", text))
    assert worm.names == (
        "9007199254740993",
        "9007199254740992",
        "720575940621280688",
        "007",
        "7",
    )
    assert worm.n_edges == 3


def test_padding_bom_blank_lines_and_line_ends_do_not_matter(tmp_path):
    text = '\ufeffpre , post,weight\r\n\r\n A ,"B, the second", 2 \r\n,,\r\n'
    worm = read(table(tmp_path / "e.csv", text))
    assert edges(worm) == {("A", "B, the second"): (2.0, 0)}


def test_columns_can_be_named(tmp_path):
    path = table(tmp_path / "e.csv", "bodyId_pre,bodyId_post,n\n1,2,5\n")
    worm = read(path, pre="bodyId_pre", post="bodyId_post", weight="n")
    assert edges(worm) == {("1", "2"): (5.0, 0)}
    with pytest.raises(ConnectomeError, match="no column 'size'; found 'bodyId_pre'"):
        read(path, pre="bodyId_pre", post="bodyId_post", weight="size")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; its first line names the columns"),
        (
            "\n \n",
            "the file is empty; its first line names the columns",
        ),
        (
            "sauce,post\nA,B\n",
            "line 1: there is no column 'pre'; found 'sauce', 'post'; "
            "name it with the option pre=TITLE",
        ),
        (
            "\n\npre,w\nA,2\n",
            "line 3: there is no column 'post'; found 'pre', 'w'; "
            "name it with the option post=TITLE",
        ),
        (
            "pre|post\nA|B\n",
            "line 1: there is no column 'pre'; found 'pre|post'; "
            "are its columns separated by commas or tabs? If not, name the character with the "
            "option delimiter",
        ),
        ("pre,post,pre\nA,B,C\n", "line 1 names the column 'pre' twice"),
        (HEADER, "there are no edges below the line of column names"),
        (
            HEADER + "A,B,,1,1\nA,C,,many,1\n",
            "line 3, column 'weight': 'many' is not a number; give a positive weight",
        ),
        (
            HEADER + "A,B,,,1\n",
            "line 2, column 'weight': '' is not a number; give a positive weight; to leave such "
            "rows out, use the option missing=NA",
        ),
        (
            HEADER + "A,B,,1_000,1\n",
            "line 2, column 'weight': '1_000' is not a number; give a positive weight",
        ),
        (
            HEADER + "A,B,,-2,1\n",
            "line 2, column 'weight': weight -2 is negative; if a minus means inhibition, use the "
            "option sign=weight",
        ),
        (
            HEADER + "A,B,,nan,1\n",
            "line 2, column 'weight': weight nan is not finite; to leave such rows out, use the "
            "option missing=nan",
        ),
        *(
            (
                HEADER + f"A,B,,{weight},1\n",
                f"line 2, column 'weight': weight {weight} is not finite",
            )
            for weight in ("inf", "1e999")
        ),
        (
            HEADER + "A,B,,1,1\n\nA,C,,1,plus\n",
            "line 4, column 'sign': unknown sign 'plus'; "
            "use +1, -1, 0, exc, inh, unknown or nothing, or leave the column out with the option "
            "ignore=sign",
        ),
        (
            HEADER + "A,B,,1,2\n",
            "line 2, column 'sign': unknown sign '2'; use +1, -1, 0, exc, inh, "
            "unknown or nothing, or leave the column out with the option ignore=sign",
        ),
        (
            HEADER + "A,B,gap,1,-1\n",
            "line 2, column 'sign': a gap junction has no sign; leave it empty",
        ),
        (
            HEADER + "A,B,psychic,1,1\n",
            "line 2, column 'type': unknown type 'psychic'; use chemical or gap, say what it "
            "means with the option type_map=psychic:gap (or :chemical, :ignore), or leave the "
            "column out with ignore=type",
        ),
        (HEADER + ",B,,1,1\n", "line 2, column 'pre': the cell name is empty"),
        (HEADER + "A, ,,1,1\n", "line 2, column 'post': the cell name is empty"),
        (HEADER + "A,B,,1\n", "line 2 has 4 fields, but there are 5 columns"),
        (HEADER + '"A\nA",B,,1,1\nA,B,,1\n', "line 4 has 4 fields, but there are 5 columns"),
        (
            HEADER + "A,B,,1,1\nA,C,,1,1\nA,B,,2,1\nA,B,,3,1\n",
            "lines 2, 4, 5 give the same chemical edge 'A' -> 'B'; merge them, or use the option "
            "duplicates=sum to add their weights",
        ),
        (
            HEADER + "A,B,,1,1\nA,B,,2,1\nB,A,gap,3,\nB,A,gap,3,\n",
            "lines 2, 3 give the same chemical edge 'A' -> 'B' (and 1 more edges are repeated); "
            "merge them, or use the option duplicates=sum to add their weights",
        ),
        (
            HEADER + "A,B,,1,1\nA,B,,1,-1\n",
            "lines 2, 3 give edge 'A' -> 'B' different signs",
        ),
    ],
)
def test_bad_edges_are_refused_with_file_line_and_column(tmp_path, text, message):
    path = table(tmp_path / "bad.csv", text)
    with pytest.raises(ConnectomeError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: {message}"
    assert caught.value.exit_status == 2
    assert isinstance(caught.value, DuplicateEdgesError) == ("duplicates=" in message)


def test_an_open_quote_is_refused_with_its_line(tmp_path):
    path = table(tmp_path / "bad.csv", HEADER + 'A,B,,1,1\nA,"C,,1,1\nB,A,,1,1\n')
    with pytest.raises(ConnectomeError, match=r"bad\.csv: line 3 cannot be split into fields"):
        read(path)


def test_what_is_not_utf8_is_refused_with_its_line(tmp_path):
    path = table(tmp_path / "bad.csv", HEADER + "A,B,,1,1\nCafé,B,,1,1\n", "latin-1")
    with pytest.raises(ConnectomeError, match=r"bad\.csv: line 3 is not UTF-8"):
        read(path)


def test_duplicates_can_be_summed(tmp_path):
    text = HEADER + "A,B,,1,1\nA,C,,1,1\nA,B,,2.5,1\nA,B,gap,4,\nA,B,gap,4,\n"
    path = table(tmp_path / "e.csv", text)
    worm = read(path, duplicates="sum")
    assert edges(worm) == {("A", "B"): (3.5, 1), ("A", "C"): (1.0, 1)}
    assert worm.gap_weight.tolist() == [8.0]
    with pytest.raises(UsageError, match="unknown rule for duplicate edges 'first'; choose one of"):
        read(path, duplicates="first")


def test_summing_does_not_hide_different_signs(tmp_path):
    path = table(tmp_path / "e.csv", HEADER + "A,B,,1,1\nC,B,,1,1\nA,B,,1,-1\n")
    with pytest.raises(ConnectomeError, match="lines 2, 4 give edge 'A' -> 'B' different signs"):
        read(path, duplicates="sum")


def test_many_duplicate_lines_are_cut_short(tmp_path):
    path = table(tmp_path / "e.csv", HEADER + "A,B,,1,1\n" * 15)
    with pytest.raises(ConnectomeError, match="lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 5 more"):
        read(path)


@given(worm=connectomes(), suffix=st.sampled_from([".csv", ".tsv", ".txt"]))
def test_edges_round_trip(tmp_path_factory, worm, suffix):
    folder = tmp_path_factory.mktemp("edges")
    path = folder / f"x.edges{suffix}"
    write_edges(worm, path, cells=folder / f"x.cells{suffix}")
    back = read(path)
    lost = ("name", "citation", "licence", "source", "sign_source")
    assert same(worm, back, but=lost)
    assert worm.checksum == back.checksum


def test_edges_are_written_under_known_suffixes_alone(tmp_path):
    worm = Connectome.from_edges("x", [0], [1])
    with pytest.raises(ConnectomeError, match=r"ends in one of \.csv, \.tsv, \.txt"):
        write_edges(worm, tmp_path / "x.edges")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("e.csv", {"sheet": "one"}),
        ("e.json", {"delimiter": ";"}),
        ("e.parquet", {"comment": "#"}),
        ("e.xlsx", {"delimiter": ";"}),
    ],
)
def test_options_that_would_do_nothing_are_refused(tmp_path, name, option):
    path = table(tmp_path / name, "pre,post\nA,B\n")
    with pytest.raises(UsageError, match=f"the option {next(iter(option))} does nothing for this"):
        read(path, format="edges", **option)
