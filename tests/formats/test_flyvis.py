"""flyvis: cell types tiled over a hexagonal eye."""

from __future__ import annotations

import json

import pytest

from conncore.errors import UsageError
from conncore.formats import read
from format_files import FILES, edges


def test_flyvis_tiles_a_hexagon():
    eye = read(FILES / "flyvis.json", extent=1)
    assert [eye.classes.count(t) for t in ("R1", "L1", "Lawf1", "Am")] == [7, 7, 1, 1]
    wires = edges(eye)
    # A cell sends to the column that lies an offset beyond its own.
    assert wires["R1_-1_0", "L1_-1_0"] == (40, -1)
    assert wires["R1_-1_0", "L1_0_0"] == (2.5, -1)
    assert ("R1_0_0", "L1_-1_0") not in wires
    assert wires["L1_0_-1", "Lawf1_0_0"] == (4, 1)
    assert wires["R1_1_0", "Am_0_0"] == (1, -1)
    assert len(wires) == 7 + 4 + 1 + 1
    assert read(FILES / "flyvis.json", extent=2).n_cells == 19 + 19 + 3 + 1
    with pytest.raises(UsageError, match="extent must be from 0 to 100"):
        read(FILES / "flyvis.json", extent=-1)


def test_flyvis_can_fill_the_gaps_of_its_data(tmp_path):
    eye = json.loads((FILES / "flyvis.json").read_text())
    ring = [[[u, v], 2] for u, v in ((-2, 0), (2, 0), (0, 2), (0, -2), (2, -2), (-2, 2))]
    eye["edges"] = [{"src": "R1", "tar": "R1", "alpha": 1, "offsets": ring}]
    path = tmp_path / "ring.json"
    path.write_text(json.dumps(eye))
    wires = edges(read(path, extent=2, fill=1))
    inside = [(u, v) for u in (-1, 0, 1) for v in (-1, 0, 1) if abs(u + v) < 2]
    assert len(inside) == 7
    for u, v in inside:
        assert wires["R1_0_0", f"R1_{u}_{v}"] == (1, 1)
    assert wires["R1_0_0", "R1_2_0"] == (2, 1)
    assert len(read(path, extent=2).pre) == len(wires) - sum(w == 1 for w, _ in wires.values())
