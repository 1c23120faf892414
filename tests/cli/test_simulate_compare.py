"""`conncore simulate` with null models, screens, currents and input spikes from a file."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import conncore as cc
from conncore.cli.app import app
from conncore.connectome.labels import Labels
from conncore.errors import UsageError
from random_brains import connectome_of


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Receptors c0 and c1 drive the relays c2 and c3, which drive c4."""
    circuit = connectome_of([0, 1, 2, 3], [2, 3, 4, 4], [400.0] * 4, 5)
    types = Labels.of(["receptor", "receptor", "relay", "relay", "output"])
    path = tmp_path_factory.mktemp("chain") / "chain.npz"
    cc.write(replace(circuit, attributes={"type": types}), path)
    return path


def run(*words):
    result = CliRunner().invoke(app, ["simulate", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


SHORT = ("--trials", "2", "--duration", "0.1")
DRIVEN = ("--activate", "type=receptor", "--read", "type=output", *SHORT)


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_nulls(chain, tmp_path):
    rates, keep = tmp_path / "rates.csv", tmp_path / "kept.jsonl"
    words = (chain, *DRIVEN, "--nulls", "degree,signs", "--null-seeds", "3", "--by", "type")
    shown = run(*words, "--rates", rates, "--keep", keep)
    circuit = cc.read(chain)
    found = cc.compare_rates(
        cc.Simulator(circuit), ["degree", "signs"], ["c4"], by="type", null_seeds=3, trials=2,
        activate=["c0", "c1"], duration=0.1,
    )  # fmt: skip
    written = rows_of(rates)
    assert [row["null"] for row in written] == ["degree", "signs"]
    assert [float(row["difference"]) for row in written] == [row.difference for row in found.rows]
    assert [row["verdict"] for row in written] == ["undecided"] * 2
    assert "p Holm" in shown
    assert "No p Holm can be below 0.5 here: draw more null graphs" in shown
    assert run(*words, "--keep", keep) in shown  # from the file
    assert len(keep.read_bytes().splitlines()) == 1 + 3 * 3


def test_screens(chain, tmp_path):
    rates = tmp_path / "rates.csv"
    shown = run(chain, *DRIVEN, "--screen", "silence=type", "--rates", rates)
    assert {row["type"] for row in rows_of(rates)} == {"receptor", "relay", "output"}
    assert rows_of(rates)[0]["after"] == "0.0"
    assert "false discovery rate" in shown
    assert "single effect among 3 rows cannot be below 1 here" in " ".join(shown.split())
    words = ("--read", "c4", "--screen", "activate=type", "--among", "c0,c2", "--rate", "300")
    run(chain, *words, *SHORT, "--rates", rates)
    rows = rows_of(rates)
    assert {row["type"]: row["n_cells"] for row in rows} == {"receptor": "1", "relay": "1"}
    assert float(rows[0]["effect"]) > 100


def test_input_spikes_and_currents(chain, tmp_path):
    spikes, rates, out = (tmp_path / name for name in ("in.csv", "rates.csv", "out.parquet"))
    spikes.write_text("time,cell\n0.01,c0\n0.05,c0\n0.02,c1\n")
    run(chain, "--input-spikes", spikes, *SHORT, "--rates", rates, "--read", "c0,c1,c4")
    found = {row["name"]: float(row["rate_hz"]) for row in rows_of(rates)}
    assert found == pytest.approx({"c0": 20.0, "c1": 10.0, "c4": 30.0})
    run(chain, "--current", "type=receptor:20", "--current", "c4:-5", *SHORT, "--rates", rates)
    expected = cc.simulate(
        cc.read(chain), current={"c0": 20.0, "c1": 20.0, "c4": -5.0}, trials=2, duration=0.1
    )
    names = [row["name"] for row in rows_of(rates)]
    assert [row["rate_hz"] for row in rows_of(rates)] == [str(r.mean) for r in expected.table()]
    assert sorted(names) == ["c0", "c1", "c2", "c3", "c4"]
    pytest.importorskip("pyarrow")
    run(chain, "--input-spikes", spikes, "--trials", "1", "--duration", "0.1", "--out", out)
    again = run(chain, "--input-spikes", out, "--trials", "1", "--duration", "0.2")
    assert "1 trial, 0.2 s simulated" in again


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing drives a cell; give --activate, --input-spikes or --current"),
        (["--current", "c0"], "--current is 'c0'; give CELLS:MV"),
        (["--current", "c0:1", "--current", "c0:2"], "cell 'c0' is in --current twice"),
        (["--current", "c9:1"], "c9"),
        (["--input-spikes", "no.txt"], "no.txt: give a file ending in .csv or .parquet"),
        (["--activate", "c0", "--nulls", "degree"], "give --read: the cells whose rates"),
        (["--activate", "c0", "--screen", "silence=type"], "give --read: the cells whose rates"),
        (["--activate", "c0", "--keep", "a.jsonl"], "--keep is for --nulls and --screen"),
        (["--activate", "c0", "--among", "c1"], "--among is for --screen"),
        ([*DRIVEN, "--nulls", "signs", "--screen", "silence=type"], "not both"),
        ([*DRIVEN, "--nulls", "shuffle"], "unknown null model 'shuffle'"),
        ([*DRIVEN, "--nulls", "signs", "--keep", "a.txt"], "a.txt: give a file ending in .jsonl"),
        ([*DRIVEN, "--nulls", "signs", "--out", "a.parquet"], "--out holds one simulation"),
        ([*DRIVEN, "--screen", "type"], "--screen is 'type'; give silence=PROPERTY or"),
        ([*DRIVEN, "--screen", "kill=type"], "unknown action 'kill'"),
    ],
)
def test_wrong_use_is_one_line(chain, words, message):
    with pytest.raises(UsageError, match=message) as error:
        run(chain, *words)
    assert "\n" not in str(error.value)
