"""The words of the field, for every reader: titles of columns, kinds and signs of edges, no value.

Titles and words are compared in their normal form, so ``n_syn``, ``nSyn`` and ``N Syn`` are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from conncore.errors import UsageError

#: Titles of the columns of an edge table, in their normal form. The first one in the file counts.
TITLES: Mapping[str, tuple[str, ...]] = {
    "pre": (
        *("pre", "source", "presynaptic", "from", "preid", "bodyidpre", "prerootid"),
        *("preptrootid", "presynapticid", "precell", "preneuron", "presynapticcell"),
        *("presynapticneuron", "sourceneuron", "sourcecell", "sourceid", "fromcell", "fromneuron"),
        *("neuron1", "cell1", "prename", "bodypre"),
    ),
    "post": (
        *("post", "target", "postsynaptic", "to", "postid", "bodyidpost", "postrootid"),
        *("postptrootid", "postsynapticid", "postcell", "postneuron", "postsynapticcell"),
        *("postsynapticneuron", "targetneuron", "targetcell", "targetid", "tocell", "toneuron"),
        *("neuron2", "cell2", "postname", "bodypost"),
    ),
    "type": (
        *("type", "synapsetype", "syntype", "edgetype", "connectiontype", "conntype", "typ"),
        "kind",
    ),
    "weight": (
        *("weight", "weights", "synapses", "syncount", "nsynapses", "count", "nsyn", "nsyns"),
        *("numsynapses", "numsyn", "numberofsynapses", "nosynapses", "synapsecount"),
        *("synapsecounts", "syncounts", "counts", "synapseweight", "synweight", "edgeweight"),
        *("connectionweight", "strength", "nbr", "value", "values", "weightrelative", "n", "w"),
    ),
    "sign": ("sign", "signs", "polarity"),
}
#: Words for a chemical synapse (0) or a gap junction (1). S, Sp and EJ are those of Varshney 2011.
KINDS: Mapping[str, int] = dict.fromkeys(
    (
        *("", "chemical", "chemical synapse", "chem", "c", "cs", "synapse"),
        *("s", "sp", "send", "send poly"),
    ),
    0,
) | dict.fromkeys(
    (
        *("gap", "gap junction", "gap junctions", "gj", "gap jn", "e", "ej", "electric"),
        *("electrical", "electrical synapse", "electrical junction", "electric junction"),
    ),
    1,
)
#: What an option `type_map` makes of a word: a kind, or no edge.
MAPPED: Mapping[str, int] = {"chemical": 0, "gap": 1, "gap_junction": 1, "ignore": -1}
SIGNS: Mapping[str, int] = (
    dict.fromkeys(("+1", "1", "+", "+1.0", "1.0", "exc", "excitatory", "e", "ex"), 1)
    | dict.fromkeys(("-1", "-", "\u2212", "\u22121", "-1.0", "inh", "inhibitory", "i", "in"), -1)
    | dict.fromkeys(("0", "", "unknown", "0.0", "-0.0", "?", "na", "nan", "none"), 0)
)
#: Usual spellings of a place in the body, and conncore's word for each.
ROLES: Mapping[str, str] = dict.fromkeys(
    ("motor", "motor neuron", "motoneuron", "motorneuron", "mn"), "motor"
) | dict.fromkeys(("muscle", "muscles", "muscle cell", "body wall muscle"), "muscle")
SIDES: Mapping[str, str] = {"dorsal": "dorsal", "d": "dorsal", "ventral": "ventral", "v": "ventral"}
#: Words for a value that is not there, in their normal form; what pandas and R write.
MISSING = frozenset(("", "na", "nan", "none", "null", "n/a", "<na>", "#n/a"))

_GAPS = re.compile(r"[\s_\-]+")
_OTHERS = re.compile(r"[\W_]+")


def normal_title(title: str) -> str:
    """A title in lower case, without signs between its letters and digits."""
    return _OTHERS.sub("", title.casefold()) or title


def normal_word(word: str) -> str:
    """A word in lower case, with one blank in place of blanks, "_" and "-" inside it."""
    low = word.strip().casefold()
    return _GAPS.sub(" ", low) if len(low) > 2 else low


def missing_words(missing: str | Iterable[str] | None) -> frozenset[str]:
    """The words of an option `missing` in their normal form, and the empty word."""
    return frozenset(map(normal_word, ("", *words_of(missing))))


def words_of(option: str | Iterable[str] | None) -> tuple[str, ...]:
    """The words of an option: "a,b" or a sequence of str."""
    if option is None:
        return ()
    words = option.split(",") if isinstance(option, str) else option
    return tuple(word.strip() for word in words)


def kinds_of(type_map: str | Mapping[str, str] | None) -> dict[str, int]:
    """The kind of each word of an option `type_map`: "R:ignore,EJ:gap", or a mapping.

    Raises
    ------
    UsageError
        If it is neither, or maps a word to something other than a key of `MAPPED`.
    """
    if type_map is None:
        return {}
    if isinstance(type_map, str):
        pairs = [pair.rpartition(":")[::2] for pair in type_map.split(",")]
    else:
        pairs = [(str(word), str(kind)) for word, kind in type_map.items()]
    kinds = {}
    for word, kind in pairs:
        if kind.strip() not in MAPPED:
            raise UsageError(
                f"type_map gives {word!r} the kind {kind!r}; write WORD:KIND,WORD:KIND, where a "
                "kind is chemical, gap or ignore"
            )
        kinds[normal_word(word)] = MAPPED[kind.strip()]
    return kinds


def conditions_of(
    where: str | Iterable[str] | Mapping[str, str | Iterable[str]] | None,
) -> dict[str, tuple[str, ...]]:
    """The wanted words of each column of an option `where`: "dataset=D1,D2", or a mapping.

    Raises
    ------
    UsageError
        If a condition is not COLUMN=WORD,WORD.
    """
    if where is None:
        return {}
    if isinstance(where, Mapping):
        return {
            title: words_of(words) if isinstance(words, str) else tuple(map(str, words))
            for title, words in where.items()
        }
    conditions = {}
    for text in [where] if isinstance(where, str) else where:
        title, found, words = text.partition("=")
        if not found or not title:
            raise UsageError(f"where={text!r} is not a condition; write where=COLUMN=WORD,WORD")
        conditions[title] = words_of(words)
    return conditions
