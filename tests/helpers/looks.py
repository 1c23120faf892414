"""What tests read of a page, and what they ask it in a browser."""

from __future__ import annotations

import base64
import gzip

import numpy as np

# The place of each cursor as a share of its panel.
CURSORS = """() => [...document.querySelectorAll(".cursor")].map((cursor) =>
  (cursor.getBoundingClientRect().left + 1 - cursor.parentElement.getBoundingClientRect().left)
  / cursor.parentElement.clientWidth)"""
BODY = """() => document.querySelector(".body").toDataURL()"""


def unpack(places, packed):
    """The arrays of a page."""
    content = gzip.decompress(base64.b64decode(packed))
    types = {"float32": "<f4", "uint8": "u1"}
    return {
        name: np.frombuffer(
            content, types[place["type"]], int(np.prod(place["shape"])), place["start"]
        ).reshape(place["shape"])
        for name, place in places.items()
    }
