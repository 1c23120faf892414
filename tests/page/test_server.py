"""The server answers its own page at its own address, and nothing else."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import threading

import pytest

from conncore.errors import UsageError
from conncore.page.live import LiveRun
from conncore.page.server import PageServer


class FakeRun:
    def page(self):
        return "<p>page"

    def state(self, after):
        return json.dumps(after)

    def episode(self):
        return "null"


@pytest.fixture
def serving():
    servers = []

    def start(run):
        server = PageServer(run)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def ask(server, path, method="GET", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.putrequest(method, path, skip_host=True)
    for name in [f"127.0.0.1:{server.server_port}"] if host is None else host:
        connection.putheader("Host", name)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), answer.headers
    connection.close()
    return found


def test_page_state_and_episode(serving):
    server = serving(FakeRun())
    home = f"/{server.token}/"
    assert server.url == f"http://127.0.0.1:{server.server_port}{home}"
    status, text, headers = ask(server, home)
    assert (status, text) == (200, "<p>page")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Python" not in headers["Server"]
    assert ask(server, f"{home}state?after=12")[1] == "12"
    for query in ("", "?", "?after", "?after=x", "?after=1.5", "?before=3"):
        assert ask(server, f"{home}state{query}")[1] == "-1"
    assert ask(server, f"{home}episode")[:2] == (200, "null")
    assert len(server.token) >= 24
    assert serving(FakeRun()).token != server.token


def test_nothing_else_is_served(serving):
    server = serving(FakeRun())
    home = f"/{server.token}/"
    tricks = ["/", "//", "/state", home[:-1], home[:-2] + "/", home.swapcase(), f"{home}/", "*"]
    tricks += [f"{home}{name}" for name in ("..", "../..", "config.toml", "..%2f..", "%2e%2e/")]
    tricks += [f"{home}{name}" for name in ("state/", "State", "./state", "%73tate", "page.html")]
    tricks += [
        f"{home}../../../../etc/passwd",
        "/../etc/passwd",
        "/etc/passwd",
        "\\..\\",
        f"x{home}",
    ]
    tricks += [f"http://127.0.0.1:{server.server_port}{home}", f"//127.0.0.1{home}"]
    assert {path: ask(server, path)[0] for path in tricks} == dict.fromkeys(tricks, 404)


def test_nothing_but_get(serving):
    server = serving(FakeRun())
    for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"):
        status, text, _ = ask(server, f"/{server.token}/", method)
        assert status == 501
        assert "<p>page" not in text


def test_another_host_is_refused(serving):
    server = serving(FakeRun())
    home, port = f"/{server.token}/", server.server_port
    assert ask(server, home, host=[f"localhost:{port}"])[0] == 200
    own = f"127.0.0.1:{port}"
    others = [[f"evil.example:{port}"], ["127.0.0.1"], [own, own], [f"127.0.0.1:{port + 1}"], []]
    others += [[f"127.0.0.1.evil.example:{port}"], [f"[::1]:{port}"], [f"x@{own}"]]
    for host in others:
        assert ask(server, home, host=host)[0] == 403, host


def test_it_listens_on_loopback_alone(serving):
    server = serving(FakeRun())
    assert server.server_address[0] == "127.0.0.1"
    with pytest.raises(UsageError, match="choose another port"):
        PageServer(FakeRun(), server.server_port)


def test_a_broken_request_ends_no_server(serving):
    server = serving(FakeRun())
    for junk in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"G" * 70_000, b""):
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as line:
            line.sendall(junk)
    assert ask(server, f"/{server.token}/")[0] == 200


def test_the_curve_grows_in_the_browser(recorded_run, tmp_path, serving, visit):
    path = tmp_path / "run"
    shutil.copytree(recorded_run[0].path, path)
    (path / "best.npz").unlink()
    lines = (path / "metrics.jsonl").read_text().splitlines(keepends=True)
    (path / "metrics.jsonl").write_text("")
    live = LiveRun(path)
    server = serving(live)
    live.look()
    page = visit(server.url)
    page.wait_for_selector("#problem:has-text('no solution yet')")
    assert page.locator("#curve polyline").count() == 0
    (path / "metrics.jsonl").write_text(lines[0])
    live.look()
    page.until("views.length === 1")
    assert page.evaluate("page.run.history.best.length") == 1
    with open(path / "metrics.jsonl", "a") as stream:
        stream.write(lines[1])
    live.look()
    page.until("page.run.history.best.length === 2")
    points = page.get_attribute("#curve polyline >> nth=0", "points")
    assert len(points.split()) == 2
    assert page.inner_text("#score").startswith("generation 2 of 2; shown: ")
    assert not page.locator("#problem").is_visible()
    assert page.faults == []
    allowed = re.escape(server.url)
    assert all(re.fullmatch(rf"{allowed}(state\?after=\d+|episode)?", url) for url in page.requests)
