"""The server of `conncore watch`: one page, for browsers of this machine alone."""

from __future__ import annotations

import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from conncore.errors import UsageError

if TYPE_CHECKING:
    from conncore.page.live import LiveRun

ADDRESS = "127.0.0.1"
_SECONDS_BETWEEN_LOOKS = 1.0
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PageServer(ThreadingHTTPServer):
    """Serves the page of a run at 127.0.0.1.

    The address has a random token, so another user or a web page that a browser shows cannot guess
    it. A request with another Host is refused: a web page can point its own name at 127.0.0.1.

    Parameters
    ----------
    run : LiveRun
    port : int
        0 for any free port.

    Raises
    ------
    UsageError
        The port is taken, or needs rights that the user does not have.
    """

    daemon_threads = True

    def __init__(self, run: LiveRun, port: int = 0) -> None:
        self.run = run
        self.token = secrets.token_urlsafe(18)
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise UsageError(
                f"cannot serve at port {port}: {error.strerror}; choose another port", flag="--port"
            ) from None

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a browser that goes away while it is answered."""


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    timeout = 10  # seconds for a request to arrive
    server_version = "conncore"
    sys_version = ""

    def do_GET(self) -> None:
        port = self.server.server_port
        if self.headers.get_all("Host") not in ([f"{ADDRESS}:{port}"], [f"localhost:{port}"]):
            self.send_error(HTTPStatus.FORBIDDEN, "the Host of the request is another one")
            return
        path, _, query = self.path.partition("?")
        start = f"/{self.server.token}/"
        known = hmac.compare_digest(path[: len(start)].encode(), start.encode())
        answers: dict[str, tuple[str, Callable[[], str]]] = {
            "": ("text/html", self.server.run.page),
            "state": ("application/json", lambda: self.server.run.state(_after(query))),
            "episode": ("application/json", self.server.run.episode),
        }
        name = path[len(start) :]
        if not known or name not in answers:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        kind, answer = answers[name]
        content = answer().encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: a page asks every second."""


def _after(query: str) -> int:
    """The number of generations that a page has; -1 if it does not say it."""
    with suppress(ValueError):
        return int(parse_qs(query).get("after", ["-1"])[0])
    return -1


def serve(run: LiveRun, port: int, said: Callable[[str], object]) -> None:
    """Serve the page of a run until Ctrl-C. `said` is called with the address.

    The work on episodes takes a low priority, so that it costs a running run little.
    """
    with PageServer(run, port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said(server.url)
        if hasattr(os, "nice"):
            os.nice(10)  # on Linux, of this thread alone: the page still answers at once
        try:
            while True:
                run.look()
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt:
            server.shutdown()
