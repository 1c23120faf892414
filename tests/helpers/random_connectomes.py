"""Random connectomes for hypothesis, and their comparison."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from hypothesis import strategies as st

from conncore.connectome import Connectome
from conncore.connectome.attributes import checked_attributes
from conncore.connectome.body import BodyMap
from conncore.connectome.labels import Labels


def same(a, b, *, but=()):
    """Whether two connectomes (or body maps) agree in every field, values and types."""
    for field in fields(a):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if field.name in but:
            continue
        if isinstance(x, np.ndarray):
            if x.dtype != y.dtype or not np.array_equal(x, y):
                return False
        elif isinstance(x, BodyMap) and isinstance(y, BodyMap):
            if not same(x, y):
                return False
        elif isinstance(x, dict):
            if list(x) != list(y) or not all(np.array_equal(x[k], y[k]) for k in x):
                return False
        elif x != y:
            return False
    return True


# Any text that a table can hold: no control characters or lone surrogates, no padding.
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=6).map(str.strip)
NAMES = WORDS.filter(bool)
WEIGHTS = st.floats(min_value=0, exclude_min=True, allow_infinity=False, allow_nan=False)


@st.composite
def connectomes(draw, words=WORDS, names=NAMES):
    cells = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    n = len(cells)
    pairs = st.lists(
        st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), unique=True, max_size=8
    )
    chemical, gap = draw(pairs), draw(pairs)

    def per(items, values):
        return draw(st.lists(values, min_size=len(items), max_size=len(items)))

    classes = per(cells, words)
    roles = [
        draw(st.sampled_from(["motor", "muscle", ""] if c else ["muscle", ""])) for c in classes
    ]
    segments = [draw(st.integers(0 if role else -1, 32767)) for role in roles]
    sides = [draw(st.sampled_from(["dorsal", "ventral"] if role else [""])) for role in roles]
    motor = [c if role == "motor" else "" for c, role in zip(classes, roles, strict=True)]
    return Connectome.from_edges(
        draw(words),
        [i for i, _ in chemical],
        [j for _, j in chemical],
        weight=per(chemical, WEIGHTS),
        sign=per(chemical, st.sampled_from([-1, 0, 1])),
        sign_source=draw(st.sampled_from([None, ["transmitter:worm"] * len(chemical)])),
        names=cells,
        classes=classes,
        gap_pre=[i for i, _ in gap],
        gap_post=[j for _, j in gap],
        gap_weight=per(gap, WEIGHTS),
        transmitters=per(cells, words),
        body=BodyMap(motor, roles, segments, sides) if any(roles) else None,
        citation=draw(words),
        licence=draw(words),
        source=draw(words),
    )


@st.composite
def with_attributes(draw, worms, text):
    """A connectome that says more of its cells, under any name at all."""
    worm = draw(worms)
    keys = text.filter(bool) | st.sampled_from(["side", "Side", "name", "attribute:side", "weight"])
    numbers = st.floats(allow_nan=False) | st.just(float("nan"))
    columns = st.sampled_from([text, numbers]).flatmap(
        lambda values: st.lists(values, min_size=worm.n_cells, max_size=worm.n_cells)
    )
    attributes = draw(st.dictionaries(keys, columns, max_size=3))
    return replace(worm, attributes=checked_attributes(attributes, worm.n_cells))


def same_attributes(a, b):
    if list(a.attributes) != list(b.attributes):
        return False
    return all(
        type(x) is type(y)
        and (x == y if isinstance(x, Labels) else np.array_equal(x, y, equal_nan=True))
        for x, y in zip(a.attributes.values(), b.attributes.values(), strict=True)
    )
