"""One colour for one thing, in all pictures. People with colour-blindness can tell them apart.

The colours are Okabe & Ito's. Orange and blue always mean excitatory and inhibitory, so arms of a
study and curves of a run have the other colours.
"""

from __future__ import annotations

from collections.abc import Iterable

EXCITATORY, INHIBITORY, UNKNOWN = "#D55E00", "#0072B2", "#8C8C8C"
#: Numbers below and above 0 that are no signs of synapses, such as joint angles.
BELOW, ABOVE = "#762A83", "#1B7837"
INK, GREY, PALE = "#222222", "#767676", "#D9D9D9"

BEST, MEAN, HELD_OUT = INK, GREY, "#009E73"

#: Colours of the arms that many studies have.
ARMS = {
    "circuit": "#000000",
    "degree": "#E69F00",
    "segment": "#009E73",
    "random": "#56B4E9",
    "weights": "#CC79A7",
    "statistics": "#8C6D31",
    "signs": "#8F8FDE",
    "type": "#637939",
    "mlp": "#AD494A",
    "sparse-mlp": "#C5A58F",
}
#: A picture with more arms than this needs a row for each arm instead of a colour.
MOST_ARMS = len(ARMS)


def arm_colours(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each arm. An arm of `ARMS` has the same colour in every study."""
    names = list(dict.fromkeys(names))
    known = {name: ARMS[name] for name in names if name in ARMS}
    free = [colour for colour in ARMS.values() if colour not in known.values()]
    others = [name for name in names if name not in known]
    given = {name: (free or [GREY])[place % max(len(free), 1)] for place, name in enumerate(others)}
    return {name: {**known, **given}[name] for name in names}
