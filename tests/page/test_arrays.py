"""Packed arrays come back as they were, and JSON cannot leave its element."""

from __future__ import annotations

import json

import numpy as np

from conncore.page.arrays import pack, script_json
from looks import unpack


def test_arrays_come_back_as_they_were():
    rng = np.random.default_rng(0)
    arrays = {
        "odd": rng.integers(0, 256, 7, dtype=np.uint8),
        "floats": rng.normal(size=(3, 2, 5)).astype(np.float32).transpose(2, 0, 1),
        "none": np.zeros((0, 4), np.float32),
        "last": rng.integers(0, 256, (2, 3), dtype=np.uint8),
    }
    places, packed = pack(arrays)
    found = unpack(json.loads(json.dumps(places)), packed)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert places[name]["start"] % 4 == 0
    assert pack(arrays) == (places, packed)


def test_json_cannot_leave_its_script_element():
    names = ["</script><script>alert(1)</script>", "<!--", "&amp;", "\u2028", "é"]
    text = script_json(names)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == names
