"""The page: small, whole, without requests; and what it does in a browser, where there is one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.page.document import page_of, write_page
from drawn import classed_connectome, episode_of
from small_runs import go

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs the browser chromium")

# What a visitor does, and what the page then shows; the answers go into the title.
VISIT = """
<script>
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const cursors = () => [...document.querySelectorAll(".cursor")].map((cursor) =>
  (cursor.getBoundingClientRect().left + 1 - cursor.parentElement.getBoundingClientRect().left)
  / cursor.parentElement.clientWidth);
const press = (target, key) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
// a browser without a screen draws no frames
window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 16);
(async () => {
  const faults = [];
  window.addEventListener("error", (event) => faults.push(event.message));
  window.addEventListener("securitypolicyviolation", (event) => faults.push(event.type));
  await wait(600);
  const seen = { problem: $("problem").textContent, playing: state.playing, first: state.step };
  await wait(1000);
  seen.later = state.step;
  $("play").click();
  seen.paused = !state.playing;
  const scrub = async (step) => {
    $("time").value = step;
    $("time").dispatchEvent(new Event("input"));
    await wait(50);
    return [state.step, cursors(), $("now").textContent, $("body").toDataURL()];
  };
  const [one, other] = [await scrub(100), await scrub(700)];
  seen.bodyMoved = one.pop() !== other.pop();
  Object.assign(seen, { one, other });
  const box = $("raster-box"), place = box.getBoundingClientRect();
  const [clientX, clientY] = [place.left + 9, place.top + 1];
  box.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
  seen.hovered = $("focus").textContent;
  press(document, "Escape");
  seen.freed = [state.row, state.node];
  press($("wiring"), "ArrowRight");
  press($("wiring"), "ArrowRight");
  const shown = document.querySelector(".row").style.display;
  seen.focus = [state.row, state.node, $("focus").textContent, shown];
  seen.sum = arrays.links ? arrays.links.reduce((a, b) => a + b, 0) : null;
  seen.counts = means.slice(0, 5);
  seen.requests = performance.getEntriesByType("resource").length;
  seen.width = document.documentElement.scrollWidth;
  seen.faults = faults;
  document.title = JSON.stringify(seen);
})().catch((error) => { document.title = JSON.stringify({ faults: [String(error.stack)] }); });
</script>
"""


def visit(page, folder, width=1280):
    """What the page in the browser said in its title."""
    file = folder / "page.html"
    file.write_text(page.replace("</body>", VISIT + "</body>"))
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--window-size={width},900",
    ]
    command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"]
    # A sanitizer that the tests may run under is not for the browser.
    settings = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    command.append(file.as_uri())
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=settings)
    title = re.search("<title>(.*?)</title>", done.stdout, re.DOTALL)[1]
    return json.loads(title.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def test_the_page_is_small_and_whole(recorded_run, tmp_path):
    run, episode = recorded_run
    size = write_page(run, episode, tmp_path / "new" / "page.html")
    text = (tmp_path / "new" / "page.html").read_text()
    assert size == os.path.getsize(tmp_path / "new" / "page.html") < 1_000_000
    assert "@" not in re.sub(r"@media", "", text.split('id="facts"')[0])
    assert not re.findall(r"https?://(?!www\.w3\.org)", text.split('id="settings"')[0])
    assert "default-src 'none'" in text
    settings = json.loads(re.search(r'id="settings">(.*?)</script>', text, re.DOTALL)[1])
    assert settings["network"]["neuron"] == "alif"
    assert settings["page"]["versions"]["conncore"]


def test_names_of_strangers_stay_text():
    evil = Connectome.from_edges(
        "</title><script>alert(1)</script>", [0, 1], [1, 0], sign=[1, 1],
        names=["</script>", "<b>"], classes=["@STYLE@", "@SCRIPT@"],
    )  # fmt: skip
    episode = episode_of(evil)
    episode = type(episode)(**{**vars(episode), "title": evil.name})
    page = page_of(go(), episode)
    assert "alert(1)</script>" not in page
    assert page.count("</script>") == 4
    assert "\\u003c/script\\u003e" in page


@in_browser
@pytest.mark.parametrize("width", [1280, 500])
def test_what_a_visitor_sees(recorded_run, tmp_path, width):
    run, episode = recorded_run
    seen = visit(page_of(run, episode), tmp_path, width)
    assert not seen["faults"]
    assert seen["problem"] == ""
    assert seen["requests"] == 0
    assert seen["width"] <= width
    assert seen["playing"]
    assert seen["first"] < seen["later"] < seen["first"] + 60  # a second is 25 steps
    assert seen["paused"]
    assert seen["bodyMoved"]
    for (step, shares, words), number in ((seen["one"], 100), (seen["other"], 700)):
        assert step == number
        assert shares == pytest.approx([(number + 0.5) / 1000] * 2, abs=0.003)
        assert words == f"{number * 0.04:.1f} s of 40.0 s"
    assert seen["hovered"].startswith("AS1: excitatory")
    assert seen["freed"] == [-1, -1]
    row, node, words, shown = seen["focus"]
    assert (row, shown) == (1, "block")
    assert node == episode.connectome.names.index("AS2")
    connectome = episode.connectome
    partners = [connectome.names[post] for post in connectome.post[connectome.pre == node]]
    assert all(f"{name} +" in words.split("to ")[1] for name in partners[:10])
    rate = episode.activity[:, node].mean() * 2 / 0.04
    assert f"{rate:.1f} spikes/s" in words
    assert seen["sum"] == pytest.approx(
        episode.body.links[..., :2].astype(np.float32).sum(), rel=1e-3
    )


@in_browser
def test_a_task_without_a_body_in_the_browser(tmp_path):
    episode = episode_of(classed_connectome(90, 5), 900, spiking=False, body=False)
    seen = visit(page_of(go(), episode), tmp_path)
    assert not seen["faults"]
    assert seen["problem"] == ""
    assert seen["sum"] is None
    expected = [episode.activity[:, int(name)].mean() for name in ("0", "5", "10", "15", "20")]
    np.testing.assert_allclose(seen["counts"], expected, atol=0.003)
    assert seen["focus"][2].startswith("c5: ")
