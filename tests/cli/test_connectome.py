"""`conncore connectome list | info | check`, for people and for programs."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from conncore.catalog.shipped import list_connectomes
from conncore.cli.app import app as whole_app
from conncore.cli.connectome import app
from conncore.connectome import Connectome
from conncore.errors import ConnectomeError, UsageError
from conncore.formats import read, save_npz
from conncore.nulls.models import make_null
from random_connectomes import same


def run(*words):
    return CliRunner().invoke(app, list(words))


def run_json(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_list_names_all_that_ships():
    result = run("list")
    assert result.exit_code == 0
    for entry in list_connectomes():
        assert entry.name in result.stdout
    listed = run_json("list")
    assert [entry["name"] for entry in listed] == [entry.name for entry in list_connectomes()]
    assert listed[2]["n_edges"] == 336


def test_info_describes_a_connectome():
    facts = run_json("info", "celegans-haspel2011")
    assert facts["cells"] == 102
    assert facts["motor_neurons"] == 66
    assert facts["muscles"] == 36
    assert facts["segments"] == 6
    assert facts["chemical_edges"] == 336
    assert (facts["excitatory"], facts["inhibitory"], facts["unknown_sign"]) == (264, 72, 0)
    assert facts["gap_junctions"] == 161
    assert facts["density"] == 0.032295
    assert "JNEUROSCI" in facts["citation"]
    assert len(facts["checksum"]) == 64
    shown = " ".join(run("info", "celegans-haspel2011").stdout.split())
    assert "chemical edges 336 excitatory 264 inhibitory 72" in shown
    assert "settle" not in shown


@pytest.mark.parametrize("command", ["info", "check"])
def test_split_muscles_says_what_it_does_to_the_counts(command):
    words = (command, "celegans-haspel2011", "--split-muscles")
    change = "102 -> 138 cells, 336 -> 484 chemical edges"
    assert change in run(*words).stdout
    facts = run_json(*words)
    assert facts["muscles_split"] == change
    assert facts["cells"] == 138


def test_check_counts_what_may_need_a_decision(tmp_path):
    path = tmp_path / "odd.edges.csv"
    path.write_text(
        "pre,post,type,weight,sign\n"
        "A,B,chemical,1,1\nB,A,chemical,1,-1\nB,C,chemical,1,1\nA,A,chemical,1,\n"
        "D,C,gap,1,\nD,D,gap,1,\n"
    )
    (tmp_path / "odd.cells.csv").write_text(
        "name,class,transmitter,role,segment,side\n"
        "A,DA,ACh,motor,0,dorsal\nB,DA,ACh,motor,1,dorsal\nC,M,,muscle,1,dorsal\nD,,,,,\nE,,,,,\n"
    )
    facts = run_json("check", str(path))
    findings = facts.pop("findings")
    assert facts == {
        "name": "odd",
        "cells": 5,
        "types": {"chemical": 4, "gap": 2},
        "signs": {"excitatory": 2, "inhibitory": 1, "unknown": 1},
        "sign_sources": {"unknown": 1, "source": 3},
        "classes": {"unknown": 2, "DA": 2, "M": 1},
        "transmitters": {"unknown": 3, "ACh": 2},
        "attributes": [],
        "weights": {"smallest": 1, "median": 1, "mean": 1, "largest": 1, "sum": 4},
        "density": {
            "chemical edges / cells squared": 0.16,
            "chemical edges between two cells / ordered pairs": 0.15,
            "pairs joined by any edge / pairs": 0.3,
        },
        "reciprocity": 0.666667,
        "self_loops": {"chemical": 1, "gap": 1},
        "gap_junctions_given_both_ways": 0,
        "parts": {"in all": 2, "cells in the largest": 4},
        "isolated_cells": ["E"],
        "dale_violations": ["B"],
        "body_map": {"motor": 2, "muscle": 1, "without a role": 2, "segments": 2},
    }
    assert findings["Dale violations"] == "1 cell with edges of both signs: B"
    shown = run("check", str(path)).stdout
    for name, line in findings.items():
        assert f"\n{name}: {line}\n" in shown
    assert "isolated cells 1: E" in " ".join(shown.split())


def test_check_looks_for_what_a_task_needs():
    facts = run_json("check", "celegans-cook2019-motor", "--task", "swimmer6")
    assert (facts["observations"], facts["actions"], facts["joints"]) == (10, 5, 5)
    assert sum(facts["inputs"].values()) == 75
    assert facts["outputs"] == {"MDL": 24, "MDR": 24, "MVL": 23, "MVR": 24}
    assert facts["findings"]["outputs out of reach"].startswith("22 outputs that no input reaches")
    assert isinstance(run("check", "celegans-cook2019", "--task", "fly").exception, UsageError)


def test_check_sums_repeated_rows_and_says_so(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("pre,post,weight,sign\nA,B,1,1\nB,A,1,-1\nA,B,2,1\n")
    facts = run_json("check", str(path))
    assert facts["types"]["chemical"] == 2
    assert facts["weights"]["largest"] == 3
    assert "lines 2, 4 give the same chemical edge 'A' -> 'B'" in facts["findings"]["duplicates"]
    assert isinstance(run("info", str(path)).exception, ConnectomeError)


def test_check_refuses_repeated_rows_that_the_reader_cannot_sum(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("Source,Target,Weight,Type\nA,B,1,chemical\nA,B,2,chemical\n")
    refused = run("check", str(path)).exception
    assert str(refused) == f"{path}: lines 2, 3 give the same chemical edge 'A' -> 'B'; merge them"


def test_check_without_edges_or_body_map(tmp_path):
    path = tmp_path / "gap.csv"
    path.write_text("pre,post,type\nA,B,gap\n")
    facts = run_json("check", str(path))
    assert facts["reciprocity"] == 0
    assert facts["weights"] == {}
    assert facts["body_map"] == {}
    assert facts["findings"] == {}
    assert "body map none" in " ".join(run("check", str(path)).stdout.split())


def test_names_are_printed_as_they_are(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("pre,post,sign\n[red]:smile:,B,1\n[red]:smile:,C,-1\n")
    assert "both signs: [red]:smile:" in run("check", str(path)).stdout


HOSTILE = "\x1b[2J\x1b]0;owned\x07\nfindings: 0\r\u202e[red]x[/red]"


@pytest.mark.parametrize("command", ["info", "check", "convert", "null", "error"])
def test_control_characters_of_a_file_are_shown_escaped(tmp_path, command):
    path = tmp_path / f"{HOSTILE.replace('/', '-')}.npz"
    worm = Connectome.from_edges(
        HOSTILE,
        [0, 1, 0, 1],
        [1, 2, 2, 0],
        sign=[1, 1, -1, -1],
        names=[f"A{HOSTILE}", f"B{HOSTILE}", f"C{HOSTILE}"],
        classes=[HOSTILE] * 3,
        citation=HOSTILE,
        source=HOSTILE,
        licence=HOSTILE,
    )
    save_npz(worm, path)
    words = {
        "info": ("info", str(path)),
        "check": ("check", str(path)),
        "convert": ("convert", str(path), str(path.with_suffix(".edges.csv"))),
        "null": ("null", str(path), str(path.with_suffix(".csv")), "--null", "signs"),
        "error": ("info", str(path.with_suffix(".csv"))),
    }[command]
    result = CliRunner().invoke(whole_app, ["connectome", *words])
    shown = result.output + str(result.exception or "")
    assert (result.exit_code == 0) == (command != "error"), shown
    assert not set("\x1b\x07\r\u202e") & set(shown)
    assert "findings: 0" not in shown.splitlines()
    if command in ("info", "check"):
        flat = "".join(shown.split())
        assert r"\x1b[2J\x1b]0;owned\x07\nfindings:0\r\u202e[red]x[/red]" in flat


@pytest.mark.parametrize("file", ["null.npz", "null.edges.csv"])
def test_null_writes_a_file_that_can_be_read(tmp_path, file, worm):
    out = tmp_path / file
    result = run("null", "celegans-haspel2011", str(out), "--null", "degree", "--seed", "3")
    assert result.exit_code == 0, result.output
    assert "336 chemical edges" in result.stdout
    written, null = read(out), make_null("degree", worm, 3)
    assert same(written, null, but=("name", "sign_source", "citation", "licence", "source"))
    assert (written.name == null.name) == (file == "null.npz")


def test_errors_are_left_to_the_command_line(tmp_path):
    wrong = run("null", "celegans-haspel2011", str(tmp_path / "x.npz"), "--null", "none")
    assert isinstance(wrong.exception, UsageError)
    unknown = run("info", "celegans-unheard-of").exception
    assert isinstance(unknown, UsageError)
    assert "choose one of: banc-888, celegans-cook2019, celegans-" in str(unknown)
    path = tmp_path / "bad.csv"
    path.write_text("pre,post,weight\nA,B,heavy\n")
    bad = run("check", str(path)).exception
    assert isinstance(bad, ConnectomeError)
    assert str(bad).startswith(f"{path}: line 2, column 'weight': 'heavy' is not a number")
    assert isinstance(
        run("info", "celegans-cook2019", "--split-muscles").exception, ConnectomeError
    )
