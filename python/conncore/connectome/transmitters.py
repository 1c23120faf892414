"""The list of transmitters: the spellings of sources, and conncore's name for each."""

from __future__ import annotations

from collections.abc import Mapping

#: Spellings in lower case, and conncore's name for each.
TRANSMITTERS: Mapping[str, str] = {
    "ach": "ACh",
    "acetylcholine": "ACh",
    "glut": "Glu",
    "glu": "Glu",
    "glutamate": "Glu",
    "gaba": "GABA",
    "da": "DA",
    "dopamine": "DA",
    "ser": "5-HT",
    "serotonin": "5-HT",
    "oct": "OA",
    "octopamine": "OA",
    "tyr": "TA",
    "tyramine": "TA",
    "hist": "HA",
    "histamine": "HA",
}
#: Words of sources for a transmitter that nobody knows, in lower case.
UNKNOWN = ("", "unknown", "unclear", "none", "nan", "na", "n/a", "null", "<na>")


def transmitter_name(word: str) -> str:
    """Return conncore's name for a transmitter.

    A word that is not in `TRANSMITTERS` stays as it is; a word of `UNKNOWN` gives "".
    """
    low = word.lower()
    return "" if low in UNKNOWN else TRANSMITTERS.get(low, word)


def transmitter_key(word: str) -> str:
    """Return a key that is equal for all spellings of a transmitter: "ACH", "acetylcholine"."""
    low = word.strip().casefold()
    return TRANSMITTERS.get(low, low).casefold()
