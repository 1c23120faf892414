"""Whether draws are as even as they should be."""

from __future__ import annotations

import numpy as np


def assert_even(counts, states, n_drawn):
    """Chi-square test at the 0.1% level (Wilson & Hilferty's approximation)."""
    assert set(counts) <= set(states)
    expected = n_drawn / len(states)
    assert expected >= 10
    chi2 = sum((counts[state] - expected) ** 2 / expected for state in states)
    df = len(states) - 1
    assert chi2 < df * (1 - 2 / (9 * df) + 3.09 * np.sqrt(2 / (9 * df))) ** 3
