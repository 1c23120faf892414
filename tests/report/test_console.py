"""The console is plain wherever it prints."""

from __future__ import annotations

import io

import pytest

from conncore.experiments.comparison import Comparison
from conncore.experiments.comparison_rows import compare_rows
from conncore.report.console import PlainConsole
from outcomes import outcomes_of


@pytest.fixture
def notebook(monkeypatch):
    """Rich asks this function whether it runs in Jupyter."""
    shown = []
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", lambda *given: shown.append(given))
    yield
    assert not shown


@pytest.mark.usefixtures("notebook")
def test_text_for_a_file_goes_to_the_file_in_a_notebook(tmp_path):
    outcomes = outcomes_of(circuit=[3.0, 4.0, 5.0], degree=[1.0, 1.5, 1.0])
    text = str(Comparison("a title", compare_rows(outcomes), outcomes, tmp_path))
    assert text.startswith("a title\n")
    assert "\ncircuit" in text
    assert "\ndegree" in text


@pytest.mark.usefixtures("notebook")
def test_a_notebook_gets_plain_text(capsys):
    PlainConsole().print("[bold]a name[/bold]")
    assert capsys.readouterr().out == "[bold]a name[/bold]\n"


def test_a_file_has_no_colours(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = io.StringIO()
    PlainConsole(file).print("text", style="bold red")
    assert file.getvalue() == "text\n"
