"""NeuroML 2 networks: populations and the connections of their projections.

preCell is presynaptic, postCell postsynaptic. Electrical projections are gap junctions; chemical
and continuous projections are synapses. The only cell of a population has the population's name;
other cells also have a number, such as PopAS[0]. The class of a cell is its component. The reader
sums the weights of a pair. If any weight is negative, the weights give the signs. Otherwise the
names of the synapses give them ("..._exc_...", "..._inh_..."), or they are unknown. Gap junctions
stay as listed. The reader leaves out inputs and the constants of synapses.
"""

from __future__ import annotations

import math
import re
from os import PathLike
from typing import Any

import numpy as np

from conncore.connectome import Connectome
from conncore.formats._build import Groups, make, summed
from conncore.formats._files import Source, open_source
from conncore.formats._tables import number
from conncore.formats._xml import XmlReader

#: The longest name of a population; each of its cells repeats the name.
MOST_LETTERS = 100
CONNECTION = re.compile(r"(connection|electricalConnection|continuousConnection)(\w*)")
#: "../Pop/3/Cell", "../Pop[3]" or "../Pop[3]/Cell". Older files have plain numbers instead.
CELL = re.compile(r"(?:\.\./)?(?P<pop>[^/\[\]]+)(?:/(?P<a>\d{1,9})(?:/.*)?|\[(?P<b>\d{1,9})\].*)")


def read_neuroml(path: str | PathLike[str]) -> Connectome:
    """Read a connectome from a NeuroML 2 network.

    Parameters
    ----------
    path : path
        A .nml file with one network, also gzipped. The reader refuses a document type.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        With file and line, if the file cannot be understood.
    """
    source = open_source(path)
    reading = _Reading(source)
    reading.xml.parse(reading.start, reading.end)
    names, classes, first = reading.cells()
    if not names:
        raise source.error("there are no populations; is it a NeuroML network?")
    rows: dict[bool, list[tuple[int, int, float, int]]] = {False: [], True: []}
    for line, gap, *cells, size_of, sign_of in reading.edges:
        ends = []
        for population, place in cells:
            size = reading.sizes.get(population, 0)
            if place >= size:
                raise source.error(
                    f"line {line}: there is no cell {place} in population {population!r}"
                )
            ends.append(first[population] + place)
        rows[gap].append((ends[0], ends[1], size_of, sign_of))
    pre, post, weight, sign = _columns(rows[False])
    if np.any(weight < 0):
        pre, post, weight = summed(source, names, pre, post, weight)
        sign, weight = np.sign(weight).astype(np.int8), np.abs(weight)
    else:
        kept = np.flatnonzero(weight)
        pre, post, weight, sign = pre[kept], post[kept], weight[kept], sign[kept]
        groups = Groups.of(pre, post, len(names))
        mixed = groups.mixed(sign)
        if mixed.size:
            k = groups.first[mixed[0]]
            raise source.error(f"{names[pre[k]]!r} -> {names[post[k]]!r} has synapses of two signs")
        pre, post, weight, sign = (
            pre[groups.first],
            post[groups.first],
            groups.sums(weight),
            sign[groups.first],
        )
    gap_pre, gap_post, gap_weight, _ = _columns(rows[True])
    gap_pre, gap_post, gap_weight = summed(source, names, gap_pre, gap_post, gap_weight)
    return make(
        source,
        name=reading.name or source.stem,
        pre=pre,
        post=post,
        weight=weight,
        sign=sign,
        names=names,
        classes=classes,
        gap_pre=gap_pre,
        gap_post=gap_post,
        gap_weight=gap_weight,
    )


def _columns(rows: list[tuple[int, int, float, int]]) -> tuple[Any, Any, Any, Any]:
    pre, post, weight, sign = zip(*rows, strict=True) if rows else ((), (), (), ())
    return (
        np.array(pre, np.int32),
        np.array(post, np.int32),
        np.array(weight, np.float64),
        np.array(sign, np.int8),
    )


class _Reading:
    """Collects populations and connections while the file is read."""

    def __init__(self, source: Source) -> None:
        self.xml = XmlReader(source)
        self.name = ""
        self.sizes: dict[str, int] = {}
        self.components: dict[str, str] = {}
        self.population = ""
        self.projection: dict[str, str] = {}
        self.edges: list[tuple[int, bool, tuple[str, int], tuple[str, int], float, int]] = []
        self.n_cells = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "network":
            if self.name:
                raise self.xml.error("there is a second network; keep one in a file")
            self.name = attributes.get("id", "network")
        elif name == "population":
            self._start_population(attributes)
        elif name == "instance" and self.population:
            # A population may also list its cells instead of giving its size.
            place = number(attributes.get("id", ""))
            if place is None or place < 0 or place > self.xml.source.most_rows:
                raise self.xml.error("an instance needs an id, 0, 1, ...")
            self.sizes[self.population] = max(self.sizes[self.population], int(place) + 1)
        elif name in ("projection", "electricalProjection", "continuousProjection"):
            self.projection = attributes
        else:
            match = CONNECTION.fullmatch(name)
            if match:
                self._connect(match[1] == "electricalConnection", attributes)

    def end(self, name: str, text: str) -> None:
        del text
        if name == "population":
            self.n_cells += self.sizes[self.population]
            self.xml.source.check_rows(self.n_cells)
            self.population = ""

    def _start_population(self, attributes: dict[str, str]) -> None:
        name = attributes.get("id", "")
        if not 0 < len(name) <= MOST_LETTERS or name in self.sizes:
            raise self.xml.error(
                f"the population {name!r:.40} has no name, has a very long one, or appears twice"
            )
        size = attributes.get("size", "0")
        if not size.isdecimal() or len(size) > 9:
            raise self.xml.error(f"population {name!r} has the size {size!r}")
        self.population, self.sizes[name] = name, int(size)
        self.components[name] = attributes.get("component", "")

    def _connect(self, gap: bool, attributes: dict[str, str]) -> None:
        ends = [self._cell(attributes, side) for side in ("pre", "post")]
        weight = number(attributes.get("weight", "1"))
        if weight is None or not math.isfinite(weight) or (gap and weight < 0):
            raise self.xml.error(f"the weight {attributes['weight']!r} cannot be used")
        synapse = (
            attributes.get("postComponent")
            or attributes.get("synapse")
            or self.projection.get("synapse", "")
        )
        words = set(synapse.lower().split("_"))
        sign = ("exc" in words) - ("inh" in words)
        self.xml.source.check_rows(len(self.edges))
        self.edges.append((self.xml.line, gap, ends[0], ends[1], weight, sign))

    def _cell(self, attributes: dict[str, str], side: str) -> tuple[str, int]:
        path = attributes.get(f"{side}CellId", attributes.get(f"{side}Cell", ""))
        if path.isdecimal() and len(path) < 10:
            population = self.projection.get(f"{side}synapticPopulation", "")
            place = int(path)
        else:
            match = CELL.fullmatch(path)
            if match is None:
                raise self.xml.error(
                    f"{path!r} does not name a cell; expected ../POPULATION/NUMBER/..."
                )
            population, place = match["pop"], int(match["a"] or match["b"])
        if population not in self.sizes:
            raise self.xml.error(f"there is no population {population!r} above this line")
        return population, place

    def cells(self) -> tuple[list[str], list[str], dict[str, int]]:
        """The names and classes of the cells, and the place of each population's first cell."""
        names: list[str] = []
        classes: list[str] = []
        first: dict[str, int] = {}
        for population, size in self.sizes.items():
            first[population] = len(names)
            names += [population] if size == 1 else [f"{population}[{i}]" for i in range(size)]
            classes += [self.components[population]] * size
        return names, classes, first
