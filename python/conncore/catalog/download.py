"""Downloads a file once into the user's cache, verified, and from where a download broke off."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from conncore.catalog.entries import RemoteEntry, RemoteFile
from conncore.errors import ConnectomeError, visible
from conncore.storage import downloads

_CHUNK = 1 << 16  # bytes; a connection that breaks loses less
_SECONDS = 30  # without an answer


def download(entry: RemoteEntry, file: RemoteFile, folder: str = "") -> Path:
    """Return the file's path in the cache.

    Parameters
    ----------
    entry : RemoteEntry
        The connectome: what to cite, and where people find it.
    file : RemoteFile
        The file. 0 bytes stand for a size that is not known.
    folder : str
        The folder in the cache; "" for that of all connectomes of one file.

    Raises
    ------
    ConnectomeError
        If the download fails, or the file has another size or checksum.
    UsageError
        If pooch is not installed.
    """
    pooch = downloads()
    pooch.get_logger().setLevel("ERROR")  # this function raises what goes wrong
    cache = Path(pooch.os_cache("conncore"))
    by_hand = f"download it from {entry.page} and {entry.read_with}"
    part = cache / "partial" / f"{hashlib.sha256(file.url.encode()).hexdigest()[:16]}.part"

    def fetch(url: str, target: str, _: object) -> None:
        _say(f"{entry.name}: {entry.title}")
        _say(f"licence: {entry.licence}; cite: {entry.citation}")
        part.parent.mkdir(parents=True, exist_ok=True)
        _resume(url, part, file.bytes)
        os.replace(part, target)

    try:
        found = pooch.retrieve(
            file.url, f"sha256:{file.sha256}", file.name, cache / folder, downloader=fetch
        )
    except ValueError:
        raise ConnectomeError(
            f"{file.url}: is not the file that conncore knows (sha256 {file.sha256[:12]}...); "
            f"{by_hand}"
        ) from None
    except OSError as error:  # the errors of requests are OSErrors
        kept = f"; {part.stat().st_size:,} bytes are kept, try again" if part.exists() else ""
        raise ConnectomeError(
            f"{file.url}: cannot be downloaded ({error}){kept}, or {by_hand}"
        ) from None
    return Path(found)


def _resume(url: str, part: Path, size: int) -> None:
    """Download what `part` does not have yet."""
    import requests

    start = part.stat().st_size if part.exists() else 0
    if size and start >= size:  # complete, or not a part of this file: the checksum tells
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=_SECONDS) as answer:
        if answer.status_code == 416:  # there is nothing behind the part
            return
        answer.raise_for_status()
        if answer.status_code != 206:  # the server sends the whole file
            start = 0
        length = int(answer.headers.get("Content-Length", 0))
        total = size or start + length
        with part.open("ab" if start else "wb") as stream, _progress(part, start, total) as report:
            for chunk in answer.iter_content(_CHUNK):
                stream.write(chunk)
                report(len(chunk))
    found = part.stat().st_size
    if total and found < total:
        raise OSError(f"the connection ended after {found:,} of {total:,} bytes")


@contextmanager
def _progress(part: Path, start: int, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, and nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda n: None
        return
    with Progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console) as bar:
        task = bar.add_task("", total=total or None, completed=start)
        yield lambda n: bar.advance(task, n)


def _say(text: str) -> None:
    if sys.stderr is not None:
        print(visible(text), file=sys.stderr, flush=True)
