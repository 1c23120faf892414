"""The process that reads binary files: a missing package."""

from __future__ import annotations

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import read
from format_files import FILES


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("edges.parquet", "pyarrow"),
        ("haspel.mat", "scipy"),
        ("plain.mat", "scipy"),
        ("small.mtx", "scipy"),
        ("sonata.h5", "h5py"),
    ],
)
def test_a_missing_package_is_named_with_what_to_do(name, package, tmp_path, monkeypatch):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise ModuleNotFoundError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    with pytest.raises(
        ConnectomeError, match=rf"needs {package}; pip install 'conncore\[formats\]'"
    ):
        read(FILES / name)
