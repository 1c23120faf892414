"""The page of a run: one HTML file that needs nothing else."""

from __future__ import annotations

import os
import re
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conncore.errors import visible
from conncore.page.arrays import pack, script_json
from conncore.page.content import arrays_of, facts_of, page_rows
from conncore.provenance import provenance
from conncore.storage import disk_errors, write_atomically

if TYPE_CHECKING:
    from conncore.evolution.loop import Run
    from conncore.recording.episode import Episode

_SCRIPTS = ("data.js", "panels.js", "page.js")


def write_page(run: Run, episode: Episode, path: str | os.PathLike[str]) -> int:
    """Write the page of a run and of one of its episodes; return the size in bytes.

    Raises
    ------
    ConncoreError
        The file cannot be written.
    """
    content = page_of(run, episode).encode()
    path = Path(path)
    with disk_errors(path, "make room, or choose another file"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    return len(content)


def page_of(run: Run, episode: Episode) -> str:
    """Return the page as HTML."""
    rows = page_rows(episode.connectome)
    facts = facts_of(run, episode, rows)
    facts["arrays"], packed = pack(arrays_of(episode, rows))
    settings: dict[str, Any] = {**run.config, "page": provenance()}
    parts = {
        "@TITLE@": escape(visible(episode.title)),
        "@STYLE@": _resource("page.css"),
        "@FACTS@": script_json(facts),
        "@ARRAYS@": packed,
        "@SETTINGS@": script_json(_plain(settings), indent=1),
        "@SCRIPT@": "\n".join(map(_resource, _SCRIPTS)),
    }
    # in one pass, because the parts may have such words too
    return re.sub("|".join(parts), lambda found: parts[found[0]], _resource("page.html"))


def _plain(value: Any) -> Any:
    """Settings with dates as text, which JSON can hold."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _resource(name: str) -> str:
    return files("conncore.page").joinpath(name).read_text(encoding="utf-8")
