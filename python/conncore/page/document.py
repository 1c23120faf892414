"""The page of a run: one HTML file that needs nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conncore.errors import visible
from conncore.page.arrays import pack, script_json
from conncore.page.content import arrays_of, episode_facts, page_rows, run_facts
from conncore.page.pictures import encode
from conncore.provenance import provenance
from conncore.storage import disk_errors, write_atomically

if TYPE_CHECKING:
    from conncore.evolution.loop import Run
    from conncore.recording.episode import Episode

_SCRIPTS = (
    "data.js",
    "panels.js",
    "pictures.js",
    "rates.js",
    "timeline.js",
    "view.js",
    "figures.js",
    "comparison.js",
    "multiverse.js",
    "page.js",
)


def write_page(page: str, path: str | os.PathLike[str]) -> int:
    """Write a page to a file, and return its size in bytes.

    Raises
    ------
    ConncoreError
        The file cannot be written.
    """
    content = page.encode()
    path = Path(path)
    with disk_errors(path, "make room, or choose another file"):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    return len(content)


def page_of(run: Run, episode: Episode, note: str = "") -> str:
    """Return the page of a finished run as HTML; the note is shown above the episode."""
    facts = {"title": episode.title, "run": run_facts(run)}
    return render(facts, [shown_of(episode, note)], run.config)


def shown_of(episode: Episode, note: str = "") -> tuple[dict[str, Any], str]:
    """Return the facts of an episode, with the places of its arrays, and the packed arrays."""
    rows = page_rows(episode.connectome)
    facts, arrays = episode_facts(episode, rows), arrays_of(episode, rows)
    if episode.pictures is not None:
        facts["pictures"], arrays["pictures"] = encode(episode.pictures)
    facts["words"] = note
    facts["arrays"], packed = pack(arrays)
    return facts, packed


def render(
    facts: dict[str, Any],
    shown: Sequence[tuple[dict[str, Any], str]],
    settings: dict[str, Any],
    *,
    live: bool = False,
) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    facts : dict
        "title"; "run", from `run_facts`, "comparison", "multiverse" or "simulation"; and
        "version" and "problem" of a live page.
    shown : sequence of (dict, str)
        Episodes, from `shown_of`.
    settings : dict
        Shown at the end of the page, with the versions of today.
    live : bool
        Whether the page asks the server that sent it for news.
    """
    scripts = (*_SCRIPTS, "live.js") if live else _SCRIPTS
    parts = {
        "@TITLE@": escape(visible(facts["title"])),
        "@CONNECT@": "; connect-src 'self'" if live else "",
        "@STYLE@": _resource("page.css"),
        "@FACTS@": script_json({**facts, "episodes": [episode for episode, _ in shown]}),
        "@ARRAYS@": "\n".join(packed for _, packed in shown),
        "@SETTINGS@": script_json(_plain({**settings, "page": provenance()}), indent=1),
        "@SCRIPT@": "\n".join(map(_resource, scripts)),
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
