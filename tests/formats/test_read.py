"""`read`: formats and options by name; the packages that reading needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from conncore.errors import UsageError
from conncore.formats import READERS, parse_options, read
from format_files import FILES


def test_unknown_formats_and_options_are_named():
    known = ", ".join(sorted(READERS))
    with pytest.raises(UsageError, match=f"unknown format 'excel'; choose one of: {known}"):
        read(FILES / "square.csv", format="excel")
    with pytest.raises(UsageError, match="unknown option 'size' of format flyvis; choose one of"):
        read(FILES / "flyvis.json", size=2)
    with pytest.raises(UsageError, match="unknown option 'size' of format graphml; choose one"):
        read(FILES / "small.graphml", size=2)
    with pytest.raises(UsageError, match="format npz has no options; leave out 'size'"):
        read(FILES / "own.npz", format="npz", size=2)


def test_options_come_from_words():
    words = ["extent=2", "fill=0.5"]
    assert parse_options("flyvis", words) == {"extent": 2, "fill": 0.5}
    edge_words = ["header=no", "pre=a=b"]
    assert parse_options("edges", edge_words) == {"header": False, "pre": "a=b"}
    with pytest.raises(UsageError, match="'extent' is not an option; write key=value"):
        parse_options("flyvis", ["extent"])
    with pytest.raises(UsageError, match="option extent takes a number, not 'two'"):
        parse_options("flyvis", ["extent=two"])
    with pytest.raises(UsageError, match="option header takes yes or no, not '0'"):
        parse_options("edges", ["header=0"])


def test_the_readers_import_no_optional_package():
    code = (
        "import sys, conncore.formats as f; f.read(sys.argv[1]); "
        "print([m for m in ('pyarrow', 'networkx', 'scipy', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, FILES / "cook.xlsx"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
