"""`conncore simulate`: selections, tables, files, and errors of one line."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

import conncore as cc
from conncore.cli.app import app
from conncore.errors import UsageError


@pytest.fixture(scope="module")
def fly(tmp_path_factory):
    """Two sides of 20 receptors, 20 relays and 2 outputs; a chain of strong edges."""
    names, classes, sides = [], [], []
    for side in ("left", "right"):
        for kind, n in (("GRN", 20), ("relay", 20), ("DN", 2)):
            names += [f"{kind}{i}_{side[0]}" for i in range(n)]
            classes += [kind] * n
            sides += [side] * n
    place = {name: i for i, name in enumerate(names)}
    pairs = [
        (place[f"GRN{i}_{s}"], place[f"relay{j}_{s}"])
        for s in "lr" for i in range(20) for j in range(20)
    ] + [
        (place[f"relay{j}_{s}"], place[f"DN{k}_{s}"])
        for s in "lr" for j in range(20) for k in range(2)
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("fly") / "fly.npz"
    circuit = cc.Connectome.from_edges(
        "fly", [a for a, _ in pairs], [b for _, b in pairs], weight=[20.0] * len(pairs),
        sign=[1] * len(pairs), names=names, classes=classes, attributes={"side": sides},
    )  # fmt: skip
    cc.write(circuit, path)
    return path


def run(*words, status=0):
    result = CliRunner().invoke(app, ["simulate", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.stdout


LEFT = ("--activate", "class=GRN,side=left", "--trials", "3", "--duration", "0.5")


def test_rates_of_classes_and_files(fly, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    out, rates = tmp_path / "spikes.parquet", tmp_path / "rates.csv"
    shown = run(fly, *LEFT, "--by", "class", "--out", out, "--rates", rates)
    circuit = cc.read(fly)
    expected = cc.simulate(
        circuit, activate=circuit.select(where={"class": "GRN", "side": "left"}), trials=3,
        duration=0.5,
    )  # fmt: skip
    assert shown.startswith("fly: 3 trials, 1.5 s simulated in ")
    assert f"{expected.cell.size:,} spikes" in shown
    table = expected.table("class")
    for row in table:
        assert f"{row.group} " in shown
        assert f"{row.mean:.4g}" in shown
    with rates.open() as file:
        written = list(csv.reader(file))
    assert written[0] == ["class", "n_cells", "rate_hz", "sd_hz"]
    assert [float(row[2]) for row in written[1:]] == [row.mean for row in table]
    spikes = parquet.read_table(out).to_pydict()
    assert spikes["exp_name"][0] == "spikes"
    assert spikes["t"] == expected.time.tolist()
    assert [circuit.names[cell] for cell in expected.cell] == spikes["flywire_id"]


def test_silence_read_and_top(fly):
    assert "DN0_l" in run(fly, *LEFT, "--read", "class=DN")
    shown = run(fly, *LEFT, "--silence", "class=relay", "--read", "class=DN", "--top", "2")
    rows = shown.splitlines()
    assert [row.split() for row in rows[2:4]] == [[f"DN{k}_l", "1", "0", "0"] for k in (0, 1)]
    assert rows[4] == "and 2 more; --top shows more rows, --rates writes all"
    both = run(fly, *LEFT, "--silence", "class=relay", "--silence-mode", "both", "--by", "class")
    assert "relay" not in both
    assert run(fly, *LEFT, "--rate", "0").endswith("no cell spikes\n")


def test_cells_of_a_file_and_several_rates(fly, tmp_path):
    names = tmp_path / "ids.txt"
    names.write_text("GRN0_l\n\n  GRN1_l \r\n")
    words = ("--activate", f"file={names}", "--activate", "GRN2_l", "--rate", "20", "--rate", "400")
    shown = run(fly, *words, "--trials", "2", "--read", "GRN0_l,GRN1_l,GRN2_l")
    means = {row.split()[0]: float(row.split()[2]) for row in shown.splitlines()[2:5]}
    assert 5 < means["GRN0_l"] < 40
    assert 5 < means["GRN1_l"] < 40
    assert 300 < means["GRN2_l"] < 500


def test_constants(fly):
    weak = run(fly, *LEFT, "--by", "class", "--constant", "w_syn=0.001", "--constant", "w_input=70")
    assert "GRN" in weak
    assert "relay" not in weak


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--activate", "720575940600000000"], "connectome 'fly' has no cell '720575940600000000'"),
        (["--activate", "class=DN,side=up"], "unknown side 'up' in connectome 'fly'; choose one"),
        (["--activate", "match=zzz"], "no cell of connectome 'fly' meets all these conditions"),
        (["--activate", "class=DN", "--rate", "-1"], "rate is -1.0; give 0 to 10000 Hz"),
        (["--activate", "class=DN", "--rate", "10001"], "rate is 10001.0; give 0 to 10000 Hz"),
        (["--activate", "DN0_l", "--activate", "class=DN"], "cell 'DN0_l' is in --activate twice"),
        (["--activate", "DN0_l", "--rate", "1", "--rate", "2"], "there are 2 --rate for 1 --act"),
        (["--activate", "DN0_l", "--silence", "class=Q"], "unknown class 'Q'"),
        (["--activate", "DN0_l", "--constant", "delay=0"], "delay is 0.0; give a number above 0"),
        (["--activate", "DN0_l", "--constant", "delay=0.01"], "delay is 0.01 ms; give at least"),
        (["--activate", "DN0_l", "--constant", "w_syn=x"], "constant w_syn is 'x'; give a number"),
        (["--activate", "DN0_l", "--constant", "tau=1"], "unknown constant 'tau'; choose one of:"),
        (["--activate", "DN0_l", "--by", "type"], "unknown cell property 'type'"),
        (["--activate", "DN0_l", "--out", "a.csv"], "a.csv: give a file ending in .parquet"),
        (["--activate", "DN0_l", "--out", "no/a.parquet"], "there is no directory no"),
        (["--activate", "DN0_l", "--trials", "0"], "trials is 0; give a whole number from 1 up"),
        (["--activate", "DN0_l", "--stop-above", "-2"], "stop_above is -2.0; give a number above"),
    ],
)
def test_wrong_input_is_one_line(fly, words, message):
    with pytest.raises(UsageError, match=message) as error:
        run(fly, *words)
    assert "\n" not in str(error.value)


def test_files_that_name_no_cells_are_refused(fly, tmp_path):
    path = tmp_path / "ids"
    path.write_text("\n \n")
    with pytest.raises(UsageError, match="names no cell; give a name per line"):
        run(fly, "--activate", f"file={path}")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not text; give a file with a name per line"):
        run(fly, "--activate", f"file={path}")


def test_unknown_signs_need_a_choice():
    worm = ("celegans-cook2019", "--activate", "AVAL", "--trials", "1", "--duration", "0.1")
    with pytest.raises(UsageError, match="chemical edges is unknown; choose a policy with"):
        run(*worm)
    assert "1 trial, 0.1 s simulated" in run(*worm, "--unknown-signs", "drop")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_writes_the_finished_trials(fly, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "spikes.parquet"
    words = ["--activate", "class=GRN", "--trials", "1000000", "--duration", "10", "--out", out]
    program = subprocess.Popen(
        [sys.executable, "-m", "conncore", "simulate", *map(str, [fly, *words])],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert program.stderr is not None
    line = program.stderr.readline()  # progress, after 5 s
    assert "of 1000000 trials" in line
    program.send_signal(signal.SIGINT)
    started = time.monotonic()
    shown, errors = program.communicate(timeout=100)
    assert time.monotonic() - started < 60
    assert program.returncode == 130
    assert "warning: interrupted: " in errors
    assert "Traceback" not in errors
    trials = np.unique(parquet.read_table(out)["trial"].to_numpy())
    assert shown.startswith(f"fly: {trials.size} trials, ")
