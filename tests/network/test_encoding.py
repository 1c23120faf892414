"""The drive of the input cells: tanh of products in float32, and the background."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from conncore._kernels import built_for
from conncore._kernels import load as load_kernel
from conncore.network import encoding


@pytest.mark.parametrize("isa", built_for())
@pytest.mark.parametrize("n_cells", [1, 16, 17, 81, 200])
def test_the_drive_is_tanh_of_the_products(n_cells, isa):
    """Within float32; the same on every instruction set."""
    rng = np.random.default_rng(0)
    n_seen, n_places = 30, 12
    seen = rng.normal(size=(n_seen, n_places)).astype(np.float32)
    seen[rng.random(seen.shape) < 0.6] = 0.0
    seen[[0, 7]] = 0.0
    row, place = np.nonzero(seen)
    indptr = np.searchsorted(row, np.arange(n_seen + 1)).astype(np.int32)
    padded = n_cells + -n_cells % 16
    weights, start = np.zeros((n_places, padded), "float32"), np.zeros(padded, "float32")
    weights[:, :n_cells] = rng.normal(size=(n_places, n_cells)) * 10 ** rng.uniform(-4, 2, n_cells)
    start[:n_cells] = rng.normal(size=n_cells)
    cells = rng.permutation(n_cells + 3)[:n_cells].astype(np.int32)

    def drive(isa):
        found = np.full((n_cells + 3, n_seen), np.nan, "float32")
        kernel = importlib.import_module(f"conncore._kernels.products_{isa}")
        entries = indptr, place.astype(np.int32), seen[row, place]
        kernel._unsafe_drive(*entries, weights, start, cells, found)
        return found

    found = drive(isa)
    by_cell, bias = weights[:, :n_cells].T.astype(float), start[:n_cells, None]
    exact = np.tanh(by_cell @ seen.T + bias)
    # A rounding at each addition, and those of tanh, whose slope is at most 1.
    roundings = (n_places + 1) * (np.abs(by_cell) @ np.abs(seen.T) + np.abs(bias)) + 4.0
    assert (np.abs(found[cells] - exact) <= 2.0**-24 * roundings).all()
    assert np.isnan(np.delete(found, cells, axis=0)).all()
    np.testing.assert_array_equal(found, drive("baseline"))


def test_tanh_of_float32_is_exact_to_four_units_in_the_last_place():
    x = np.concatenate([np.linspace(-12, 12, 100_001), 10.0 ** np.arange(-38, 2), [0.0, -0.0]])
    start = np.append(x, [np.inf, -np.inf, np.nan]).astype(np.float32)
    start = np.pad(start, (0, -start.size % 16))
    nothing = np.zeros(2, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
    cells, found = np.arange(start.size, dtype=np.int32), np.empty((start.size, 1), np.float32)
    load_kernel("products")._unsafe_drive(*nothing, start[None], start, cells, found)
    exact = np.tanh(start.astype(np.float64))
    ulp = np.spacing(np.abs(exact).astype(np.float32))
    assert np.nanmax(np.abs(found[:, 0] - exact) / ulp) <= 4
    np.testing.assert_array_equal(np.isnan(found[:, 0]), np.isnan(start))
    np.testing.assert_array_equal(np.signbit(found[:, 0]), np.signbit(start))


def test_the_background_is_what_is_commonest():
    rng = np.random.default_rng(0)
    observations = rng.normal(size=(100, 3)).astype(np.float32)
    observations[rng.permutation(100)[:30], 0] = 0.7  # more than a quarter
    observations[rng.permutation(100)[:60], 1] = -9.0
    observations[:, 2] = 4.0
    np.testing.assert_array_equal(encoding.commonest(observations), np.float32([0.7, -9.0, 4.0]))
