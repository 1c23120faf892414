"""Input spikes from CSV and Parquet files, and files that are refused in one line."""

from __future__ import annotations

import pytest

import conncore as cc
from conncore.errors import UsageError
from conncore.simulation.spike_files import read_input_spikes
from random_brains import connectome_of

CHAIN = connectome_of([0, 1], [1, 2], [400.0] * 2, 3)


def test_csv(tmp_path):
    path = tmp_path / "spikes.csv"
    path.write_text("cell,note,time\n720575940622838154,a,0.25\nc1,b,0\n720575940622838154,,1e-3\n")
    assert read_input_spikes(path) == {"720575940622838154": [0.25, 0.001], "c1": [0.0]}


def test_the_spikes_of_a_simulation_drive_the_next(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "spikes.parquet"
    found = cc.simulate(CHAIN, input_spikes={"c0": [0.01, 0.02]}, trials=1, duration=0.1)
    found.to_parquet(path)
    assert read_input_spikes(path)["c0"] == found.time[found.cell == 0].tolist()
    table = parquet.read_table(path).rename_columns(["time", "trial", "cell", "exp_name"])
    parquet.write_table(table, path)
    assert sum(map(len, read_input_spikes(path).values())) == found.cell.size
    cc.simulate(CHAIN, activate=["c0"], trials=2, duration=0.1).to_parquet(path)
    with pytest.raises(UsageError, match="has 2 trials; keep the rows of one"):
        read_input_spikes(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", r"a.txt: give a file ending in .csv or .parquet"),
        ("a.csv", b"cell,t\nc0,1\n", r"a.csv: give columns cell and time \(s\)"),
        ("a.csv", b"", r"give columns cell and time"),
        ("a.csv", b"cell,time\n", "has no spikes; give columns"),
        ("a.csv", b"cell,time\nc0,1\nc0,soon\n", "row 3: time is 'soon'; give seconds"),
        ("a.csv", b"cell,time\nc0\n", "row 2: time is None; give seconds"),
        ("a.csv", b"\xff\xfe\x00", "is not CSV text"),
        ("a.parquet", b"PAR2", "is not a Parquet file"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content, message):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as error:
        read_input_spikes(path)
    assert "\n" not in str(error.value)
