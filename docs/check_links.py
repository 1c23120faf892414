"""Every link between pages of the built site leads to a page, and to a place on it that exists.

Usage: python docs/check_links.py docs/_build/html
Pages load nothing from other sites: scripts, styles, pictures and fonts are files of the site.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {("script", "src"), ("img", "src"), ("source", "src"), ("iframe", "src")}


class Page(HTMLParser):
    """The places, links and loaded files of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.places, self.links, self.loads = set(), set(), set()
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.places.add(given.get("id"))
        if tag == "a" and given.get("href"):
            self.links.add(given["href"])
        if tag == "link" and given.get("rel") in ("stylesheet", "preload", "icon"):
            self.loads.add(given["href"])
        self.loads |= {value for name, value in attrs if (tag, name) in LOADS and value}


def problems(root: Path) -> list[str]:
    """One line for each link that leads nowhere, and for each file from another site."""
    files = root.resolve().rglob("*.html")
    pages = {file: Page(file) for file in files if "_static" not in file.parts}
    found = []
    for file, page in pages.items():
        where = file.relative_to(root.resolve())
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loads and parts.scheme != "data":
                    found.append(f"{where} loads {link}")
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            place = unquote(parts.fragment)
            if not target.exists():
                found.append(f"{where}: {link} leads nowhere")
            elif place and target in pages and place not in pages[target].places:
                found.append(f"{where}: {link} leads to no place on its page")
    return found


if __name__ == "__main__":
    lines = problems(Path(sys.argv[1]))
    print("\n".join(lines) or "all links of the site lead somewhere")
    sys.exit(bool(lines))
