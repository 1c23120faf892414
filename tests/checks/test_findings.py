"""`conncore connectome check` names every defect planted in a clean connectome, a line each."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

from conncore.checks.findings import FINDINGS
from conncore.checks.report import check
from conncore.checks.task_findings import TASK_FINDINGS
from conncore.cli.connectome import app
from conncore.connectome import Connectome
from conncore.formats import read
from conncore.tasks import make_task

CELLS = ["name", "class", "transmitter", "role", "segment", "side"]
EDGES = ["pre", "post", "type", "weight", "sign"]
SEGMENTS = range(1, 7)


class Tables:
    """A worm of six segments, in which each cell and edge is a row that can be changed."""

    def __init__(self):
        self.cells, self.edges = {}, {}
        for s in SEGMENTS:
            for name, transmitter, side in (
                ("DA", "ACh", "dorsal"),
                ("VA", "ACh", "ventral"),
                ("DD", "GABA", "dorsal"),
            ):
                self.cell(f"{name}{s}", name, transmitter, "motor", s - 1, side)
            self.cell(f"MD{s}", "MD", "", "muscle", s - 1, "dorsal")
            self.cell(f"MV{s}", "MV", "", "muscle", s - 1, "ventral")
            self.edge(f"DA{s}", f"MD{s}", 3)
            self.edge(f"VA{s}", f"MV{s}", 2)
            self.edge(f"DA{s}", f"DD{s}", 4)
            self.edge(f"DD{s}", f"VA{s}", 3, -1)
            self.gap(f"DA{s}", f"VA{s}")
            if s > 1:
                self.edge(f"DA{s - 1}", f"DA{s}")

    def cell(self, name, *values):
        self.cells[name] = dict(zip(CELLS, (name, *values), strict=False))

    def edge(self, pre, post, weight=1, sign=1):
        self.edges[pre, post, "chemical"] = [pre, post, "chemical", weight, sign]

    def gap(self, a, b):
        self.edges[a, b, "gap"] = [a, b, "gap", 1, ""]
        self.edges[b, a, "gap"] = [b, a, "gap", 1, ""]

    def set(self, pre, post, column, value, kind="chemical"):
        self.edges[pre, post, kind][EDGES.index(column)] = value

    def write(self, folder):
        with open(folder / "worm.cells.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, CELLS, restval="")
            writer.writeheader()
            writer.writerows(self.cells.values())
        path = folder / "worm.edges.csv"
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([EDGES, *self.edges.values()])
        return path


def dale(t):
    t.cells["DA2"]["transmitter"] = "Glu"  # which rules sign differently
    t.set("DA2", "DD2", "sign", -1)


def separate_part(t):
    for name in ("P1", "P2"):
        t.cell(name, "P", "ACh")
    t.edge("P1", "P2")


def alike_name(t):
    t.cell("da03", "DA")
    t.edge("DA3", "da03")


def rounded_id(t):
    t.cell("7.20575940623e+17", "P")
    t.edge("DA3", "7.20575940623e+17")


def sending_muscle(t):
    t.cells["MD1"]["transmitter"] = "ACh"
    t.edge("MD1", "DD1")


def idle_muscle(t):
    t.cell("MD7", "MD", "", "muscle", 5, "dorsal")
    t.gap("MD6", "MD7")


def mute_motor_neuron(t):
    t.cell("VA7", "VA", "ACh", "motor", 5, "ventral")
    t.edge("DA6", "VA7")


def empty_segment(t):
    for cell in t.cells.values():
        if cell["segment"] == 5:
            cell["segment"] = 6


def missing_name(t):
    t.cell("NaN", "P", "ACh")
    t.edge("NaN", "DA1")


def totals(t):
    sums = Counter()
    for _, post, kind, weight, sign in t.edges.values():
        if kind == "chemical" and not post.startswith("P"):  # another defect stays apart
            sums[post] += weight * (sign or 0)
    t.cell("Total", "P")
    t.cells["Total"]["transmitter"] = "ACh"
    for post, weight in sums.items():
        if weight > 0:
            t.edge("Total", post, weight)


def deaf_joint(t):
    for name in ("DA", "VA", "DD"):
        for s in (3, 4):
            t.cells[f"{name}{s}"]["role"] = ""


def unreached_output(t):
    t.cell("P3", "P", "ACh")
    t.cell("MV7", "MV", "", "muscle", 5, "ventral")
    t.edge("P3", "MV7")
    t.edge("P3", "DA1")


def set_cell(name, column, value):
    return lambda t: t.cells[name].update({column: value})


def set_edge(*change):
    return lambda t: t.set(*change)


# Name of the defect, how to plant it, what its line must say, and what comes with it.
DEFECTS = [
    ("unknown signs", set_edge("DD1", "VA1", "sign", ""), "1 of 29 .* from DD1;", set()),
    ("Dale violations", dale, "1 cell .*: DA2$", set()),
    (
        "signs against transmitters",
        set_edge("DD3", "VA3", "sign", 1),
        "1 edge .* the presynaptic cell: DD3 -> VA3$",
        set(),
    ),
    ("transmitters without a rule", set_cell("VA4", "transmitter", "FMRF"), "'FMRF'", set()),
    ("missing transmitters", set_cell("VA5", "transmitter", ""), "1 cell .*: VA5$", set()),
    ("isolated cells", lambda t: t.cell("P0", "P"), "1 cell .*: P0$", set()),
    ("parts", separate_part, "2 parts .* 30, 2 cells; one cell of each: DA1, P1$", set()),
    ("self-loops", lambda t: t.edge("DA4", "DA4"), "1 chemical edge .*: DA4$", set()),
    ("gap self-loops", lambda t: t.gap("DD4", "DD4"), "1 gap junction .*: DD4$", set()),
    (
        "mixed gap junctions",
        lambda t: t.edges.pop(("VA1", "DA1", "gap")),
        "but 1 in only one: DA1 - VA1$",
        set(),
    ),
    (
        "uneven gap junctions",
        set_edge("VA2", "DA2", "weight", 7, "gap"),
        "1 gap junction .*: DA2 - VA2$",
        set(),
    ),
    ("fractional weights", set_edge("VA1", "MV1", "weight", 2.5), "1 .*: VA1 -> MV1$", set()),
    (
        "extreme weights",
        set_edge("VA2", "MV2", "weight", 900),
        r"1 .* the median weight \([23]\): VA2 -> MV2$",
        set(),
    ),
    ("names alike", alike_name, "1 group of names .*: DA3 = da03$", set()),
    ("rounded ids", rounded_id, r"1 cell name .*: 7\.20575940623e\+17$", set()),
    ("missing names", missing_name, "1 cell named by a word .*: NaN; is the name missing", set()),
    ("totals", totals, "1 cell that may be totals of the others, not cells: Total$", set()),
    ("classes alike", set_cell("VA3", "class", "Va"), "1 class .*: VA = Va$", set()),
    ("missing classes", set_cell("MV4", "class", ""), "1 cell .*: MV4$", set()),
    ("sending muscles", sending_muscle, "1 muscle .*: MD1$", set()),
    ("idle muscles", idle_muscle, "1 muscle .*: MD7$", {"outputs out of reach"}),
    ("mute motor neurons", mute_motor_neuron, "1 motor neuron .*: VA7$", set()),
    ("empty segments", empty_segment, "1 segment .*: 5$", set()),
    ("one-sided segments", set_cell("MV5", "side", "dorsal"), r": 4 \(dorsal\)$", set()),
    ("deaf joints", deaf_joint, "1 joint .*: 2$", set()),
    ("idle joints", set_cell("MV2", "role", ""), r": 1 \(ventral\)$", {"one-sided segments"}),
    ("outputs out of reach", unreached_output, "1 output .*: MV7$", set()),
]


@pytest.fixture(scope="module")
def task():
    return make_task("swimmer6")


def test_a_clean_connectome_has_no_findings(tmp_path, task):
    report = check(read(Tables().write(tmp_path)), task)
    assert report.findings == {}
    assert report.facts["inputs"] == {"DA": 6, "DD": 6, "VA": 6}
    assert report.facts["outputs"] == {"MD": 6, "MV": 6}


@pytest.mark.parametrize(
    ("name", "plant", "line", "company"), DEFECTS, ids=[defect[0] for defect in DEFECTS]
)
def test_each_defect_is_named_and_no_other(name, plant, line, company, tmp_path, task):
    tables = Tables()
    plant(tables)
    findings = check(read(tables.write(tmp_path)), task).findings
    assert set(findings) == {name} | company
    assert re.search(line, findings[name]), findings[name]
    assert "\n" not in findings[name]


def test_all_defects_of_one_file_are_named(tmp_path):
    tables = Tables()
    for _, plant, _, _ in DEFECTS:
        if plant is not empty_segment:  # it would move the cells that others name
            plant(tables)
    path = tables.write(tmp_path)
    with open(path, "a") as file:
        file.write("DA1,MD1,chemical,3,1\n")
    result = CliRunner().invoke(app, ["check", str(path), "--task", "swimmer6", "--json"])
    assert result.exit_code == 0, result.output
    findings = json.loads(result.stdout)["findings"]
    planted = {name for name, *_ in DEFECTS} - {"empty segments"} | {"duplicates"}
    assert len(planted) >= 20
    assert set(findings) == planted
    for culprit, name in {"DA2": "Dale violations", "FMRF": "transmitters without a rule"}.items():
        assert culprit in findings[name]


def test_defects_that_need_a_connectome_of_their_own(chain):
    pairs = {"pre": [0, 1, 2], "post": [1, 2, 0]}
    plain = Connectome.from_edges("plain", **pairs, sign=[1, 1, 1])
    found = check(plain, chain).findings
    assert set(found) == {
        "one sign",
        "equal weights",
        "anatomical input/output",
        "dense input/output",
    }
    assert "no body map" in found["anatomical input/output"]
    assert "all 3 cells as inputs and outputs, 53 parameters" in found["dense input/output"]
    unsure = Connectome.from_edges(
        "unsure", **pairs, weight=[1, 2, 1], attributes={"confidence": [0.5, 1.5, float("nan")]}
    )
    assert set(check(unsure).findings) == {"unknown signs", "confidence"}
    assert check(unsure).findings["confidence"].endswith(": 1, 2")
    wordy = Connectome.from_edges("w", **pairs, attributes={"confidence": ["a", "b", "c"]})
    assert "holds words" in check(wordy).findings["confidence"]


@pytest.mark.parametrize("signed", [False, True])
def test_a_row_and_a_column_of_totals_are_found_without_their_name(signed):
    rng = np.random.default_rng(5)
    values = np.round(rng.random((9, 9)) * (rng.random((9, 9)) < 0.4), 2)
    values[:, 3] = 0  # a cell without input
    if signed:
        values *= np.where(np.arange(9) % 3, 1, -1)[:, None]
    row = np.vstack([values, values.sum(axis=0)])
    both = np.hstack([row, row.sum(axis=1, keepdims=True)])
    columns = np.hstack([values, values.sum(axis=1, keepdims=True)])

    def found(matrix):
        square = np.zeros((10, 10))
        square[: matrix.shape[0], : matrix.shape[1]] = matrix
        pre, post = np.nonzero(square)
        value = square[pre, post]
        worm = Connectome.from_edges(
            "m", pre, post, weight=abs(value), sign=np.sign(value).astype(int) * signed
        )
        return check(worm).findings.get("totals", "")

    for matrix in (row, both, columns):
        assert found(matrix) == "1 cell that may be totals of the others, not cells: 9"
        changed = matrix.copy()
        changed[changed == matrix[0].max()] += 0.01
        changed[2, 1] += 1
        assert found(changed) == ""
    assert found(values) == ""


def test_equal_weights_between_all_cells_are_no_totals():
    for n in (3, 4, 5):
        pre, post = np.nonzero(1 - np.eye(n))
        worm = Connectome.from_edges("k", pre, post)
        assert "totals" not in check(worm).findings


def test_every_finding_is_planted_somewhere():
    elsewhere = {"one sign", "equal weights", "confidence"}
    elsewhere |= {"anatomical input/output", "dense input/output"}
    assert {name for name, *_ in DEFECTS} | elsewhere == {*FINDINGS, *TASK_FINDINGS}
