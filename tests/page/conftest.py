import shutil
import time

import pytest

import conncore as cc
from conncore.recording.record import record

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def recorded_run(tmp_path_factory):
    """A run of a spiking worm on the swimmer, and an episode of it."""
    task = cc.make_task("swimmer6")
    network = cc.Network(cc.load("celegans-haspel2011"), task, steps_per_action=2)
    out = tmp_path_factory.mktemp("runs") / "worm"
    optimizer = cc.ES(population_size=4)
    run = cc.evolve(network, task, optimizer, generations=2, out=out, progress=False)
    return run, record(run)


@pytest.fixture(scope="session")
def chromium():
    """A browser without a window."""
    if CHROMIUM is None:
        pytest.skip("needs the browser chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    # A sanitizer that the tests may run under is not for the browser.
    settings = {"LD_PRELOAD": ""}
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], env=settings
        )
        yield browser
        browser.close()


def until(page, condition, seconds=10):
    """Wait until a condition holds; the page's policy forbids Playwright's way to wait."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


@pytest.fixture
def visit(chromium):
    """Open an address in a new page, which keeps its faults and requests."""
    pages = []

    def go(address, width=1280, height=900, **options):
        page = chromium.new_page(viewport={"width": width, "height": height}, **options)
        pages.append(page)
        page.faults, page.requests = [], []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda message: page.faults.append(message.text))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(address)
        page.until = lambda condition: until(page, condition)
        page.until("$('title').textContent || !$('problem').hidden")
        return page

    yield go
    for page in pages:
        page.close()
