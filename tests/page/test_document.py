"""The page: small, whole, without requests; and what it does in a browser, where there is one."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.page.document import page_of, write_page
from drawn import classed_connectome, episode_of
from looks import BODY, CURSORS
from small_runs import go


def test_the_page_is_small_and_whole(recorded_run, tmp_path):
    run, episode = recorded_run
    size = write_page(page_of(run, episode), tmp_path / "new" / "page.html")
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


@pytest.fixture
def saved(tmp_path):
    def save(run, episode):
        write_page(page_of(run, episode), tmp_path / "page.html")
        return (tmp_path / "page.html").as_uri()

    return save


@pytest.mark.parametrize("width", [400, 1000, 1600])
def test_it_plays_on_opening_and_asks_for_nothing(recorded_run, saved, visit, width):
    address = saved(*recorded_run)
    page = visit(address, width)
    assert page.evaluate("state.playing")
    first, drawn = page.evaluate("state.step"), page.evaluate(BODY)
    page.until(f"state.step >= {first} + 10")
    assert page.evaluate(BODY) != drawn
    page.click("#play")
    assert not page.evaluate("state.playing")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.requests == [address]
    assert page.faults == []
    assert page.inner_text("#title") == recorded_run[1].title


def test_it_does_not_move_for_those_who_want_less_motion(recorded_run, saved, visit):
    page = visit(saved(*recorded_run), reduced_motion="reduce")
    assert not page.evaluate("state.playing")
    page.keyboard.press("Space")
    assert page.evaluate("state.playing")


def test_one_time_in_all_panels(recorded_run, saved, visit):
    page = visit(saved(*recorded_run), reduced_motion="reduce")
    bodies = set()
    for step in (100, 700):
        page.evaluate(f"$('time').value = {step}; $('time').dispatchEvent(new Event('input'))")
        assert page.evaluate("state.step") == step
        assert page.evaluate(CURSORS) == pytest.approx([(step + 0.5) / 1000] * 2, abs=0.003)
        assert page.inner_text("#now") == f"{step * 0.04:.1f} s of 40.0 s"
        bodies.add(page.evaluate(BODY))
    assert len(bodies) == 2
    place = page.locator(".kymograph").bounding_box()
    page.mouse.click(place["x"] + place["width"] * 0.5, place["y"] + 5)
    assert page.evaluate("state.step") == pytest.approx(500, abs=2)
    sums = page.evaluate("views[0].shown.arrays.links.reduce((a, b) => a + b, 0)")
    links = recorded_run[1].body.links[..., :2].astype(np.float32)
    assert sums == pytest.approx(links.sum(dtype=np.float64), rel=1e-9)


def test_focus_on_a_cell_lights_its_partners(recorded_run, saved, visit):
    _, episode = recorded_run
    page = visit(saved(*recorded_run), reduced_motion="reduce")
    place = page.locator(".raster").bounding_box()
    page.mouse.move(place["x"] + 9, place["y"] + 1)
    assert page.inner_text("#focus").startswith("AS1: excitatory")
    page.keyboard.press("Escape")
    assert page.evaluate("Object.values(views[0].shown.focus)") == [-1, -1]
    page.focus(".wiring")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    row, node = page.evaluate("Object.values(views[0].shown.focus)")
    assert row == 1
    assert node == episode.connectome.names.index("AS2")
    assert page.locator(".row").is_visible()
    words, connectome = page.inner_text("#focus"), episode.connectome
    partners = [connectome.names[post] for post in connectome.post[connectome.pre == node]]
    assert all(f"{name} +" in words.split("to ")[1] for name in partners[:10])
    rate = episode.activity[:, node].mean() * 2 / 0.04
    assert f"{rate:.1f} spikes/s" in words
    # pixels of the colour that frames a node: more with partners than without
    count = """() => { const canvas = document.querySelector(".wiring");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const [r, g, b] = rgb(colour("good"));
      let n = 0;
      for (let i = 0; i < data.length; i += 4)
        n += data[i + 3] > 250 && data[i] === r && data[i + 1] === g && data[i + 2] === b;
      return n; }"""
    lit = page.evaluate(count)
    page.keyboard.press("Escape")
    assert page.evaluate(count) == 0 < lit


def test_a_task_without_a_body_in_the_browser(saved, visit):
    episode = episode_of(classed_connectome(90, 5), 900, spiking=False, body=False)
    page = visit(saved(go(), episode))
    assert page.faults == []
    assert not page.locator("#problem").is_visible()
    counts = page.evaluate("[0, 1, 2, 3, 4].map((row) => views[0].shown.mean(row))")
    expected = [episode.activity[:, int(name)].mean() for name in ("0", "5", "10", "15", "20")]
    np.testing.assert_allclose(counts, expected, atol=0.003)
    page.focus(".wiring")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#focus").startswith("c5: ")
