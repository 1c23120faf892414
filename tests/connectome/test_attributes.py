"""Attributes of cells: columns of words or numbers."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import ConnectomeError
from small_connectomes import three_cells


def test_attributes_are_columns_of_words_or_numbers():
    worm = three_cells(attributes={"region": ["EB", "EB", ""], "confidence": [1, 0.5, np.nan]})
    assert worm.attributes["region"] == ("EB", "EB", "")
    assert worm.attributes["confidence"].dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        worm.attributes["confidence"][0] = 2
    assert worm.checksum == three_cells().checksum
    assert three_cells().attributes == {}


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"region": ["EB"]}, "attribute 'region' has 1 entries for 3 cells"),
        ({"": ["a", "b", "c"]}, "attribute name '' is not a non-empty string"),
        ({"x": [None, None, None]}, "attribute 'x' must hold words or numbers"),
        ({"x": [[1], [2], [3]]}, "attribute 'x' must hold words or numbers"),
    ],
)
def test_wrong_attributes_are_refused(attributes, message):
    with pytest.raises(ConnectomeError, match=message):
        three_cells(attributes=attributes)
