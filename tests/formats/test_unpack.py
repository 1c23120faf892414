"""The budget of unpacked bytes: spent to the last byte, and never read past."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os

import pytest

from conncore.errors import ConnectomeError
from conncore.formats._unpack import Budget, unpack, unpacked_name


class Greedy(io.BytesIO):
    """Refuses what would read everything."""

    def read(self, size=-1, /):
        assert size > 0
        return super().read(size)


def test_a_budget_is_spent_to_the_last_byte_and_never_reads_all():
    budget = Budget("x", 1)
    budget.spend(budget.most - 5)
    assert budget.read(lambda: Greedy(b"12345")) == b"12345"
    assert budget.left == 0
    assert budget.read(lambda: Greedy(b"")) == b""
    with pytest.raises(ConnectomeError, match="x: unpacks to more than 16777280 bytes"):
        budget.read(lambda: Greedy(b"6"))
    assert budget.left == 0
    with pytest.raises(ConnectomeError, match="x: unpacks to more than 16777280 bytes"):
        budget.need(-1)


def test_unusual_but_allowed_content_is_kept():
    """It is counted first, and then read to its end."""
    content = os.urandom(2 << 20) + bytes(60 << 20)
    budget = Budget("x", 1 << 20)
    assert unpack(gzip.compress(content, 1), budget) == content
    assert budget.left == budget.most - len(content)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_each_kind_of_packed_file_spends_its_content(pack):
    content = os.urandom(3 << 20)
    packed = pack(content)
    budget = Budget("x", len(packed))
    assert unpack(packed, budget) == content
    assert budget.left == budget.most - len(content)
    assert unpack(packed * 2, budget) == content * 2  # several streams in one file
    with pytest.raises(ConnectomeError, match="x: cannot be unpacked"):
        unpack(packed[:-20], budget)
    assert unpack(content[:50], budget) == content[:50]


def test_names_lose_one_end():
    ends = ("x.csv.GZ", "x.csv.bz2", "x.csv.xz", "x.csv", "x.xz.csv")
    assert [unpacked_name(name) for name in ends] == [*["x.csv"] * 4, "x.xz.csv"]
