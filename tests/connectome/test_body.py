"""The body map: what it refuses and counts."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.connectome.body import BodyMap
from conncore.errors import ConnectomeError


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (("AS", "neuron", 0, "dorsal"), "cell 1 .*unknown role 'neuron'"),
        (("AS", "motor", 0, "left"), "unknown side 'left'"),
        (("AS", "motor", -1, "dorsal"), "role motor needs a segment"),
        (("", "muscle", 0, ""), "role muscle needs a segment .* and a side"),
        (("", "motor", 0, "dorsal"), "role motor needs a class"),
        (("", "", -2, ""), "from 0 to 32767, or -1"),
        (("", "", 40000, ""), "from 0 to 32767, or -1"),
        (("", "", 0.5, ""), "1-d array of integers"),
    ],
)
def test_a_wrong_body_map_is_refused(entry, message):
    cell_class, role, segment, side = entry
    with pytest.raises(ConnectomeError, match=message):
        BodyMap(("AS", cell_class), ("motor", role), [0, segment], ("dorsal", side))


def test_a_body_map_has_one_entry_per_cell():
    with pytest.raises(ConnectomeError, match="cell_class 1, role 2, segment 2, side 2"):
        BodyMap(("AS",), ("motor", ""), [0, -1], ("dorsal", ""))


def test_body_map_counts_segments():
    body = BodyMap(("AS", ""), ("motor", ""), [4, -1], ("dorsal", ""))
    assert body.n_segments == 5
    assert body.segment.dtype == np.int16
    assert repr(body) == "<BodyMap: 1 motor neurons and 0 muscles in 5 segments>"
    assert BodyMap(("",), ("",), [-1], ("",)).n_segments == 0
