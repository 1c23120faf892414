"""How Sphinx builds the documentation site: `make docs`."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from numpydoc.xref import DEFAULT_LINKS
from sphinx.application import Sphinx
from sphinx.util import logging

import conncore

REPOSITORY = "https://github.com/conncore/conncore"

project = "conncore"
author = "The conncore developers"
copyright = author
version = release = conncore.__version__
html_title = f"conncore {version}"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
]
exclude_patterns = ["README.md", "_build", "tutorials/*.ipynb", "tutorials/*.py"]
nitpicky = False
default_role = "py:obj"  # a link where the name is in the reference
show_warning_types = True
# sphinx-gallery puts functions into the configuration, which the cache cannot keep.
suppress_warnings = ["config.cache"]

# Reference: a page per name, with the methods and properties of a class on its page.
autosummary_generate = True
autodoc_typehints = "none"  # the docstrings state the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
# Types in docstrings are links if they are classes of conncore; other words stay as they are.
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
numpydoc_xref_aliases = {
    **{word: word for word in DEFAULT_LINKS},
    **{name: f"conncore.{name}" for name in conncore.__all__ if name[0].isupper()},
    "Best": "conncore.evolution.records.Best",
    "Body": "conncore.recording.episode.Body",
    "CellTable": "conncore.formats.cells.CellTable",
    "GenomeLayout": "conncore.network.genome.GenomeLayout",
    "JointMap": "conncore.tasks.JointMap",
    "Optimizer": "conncore.optimizers.Optimizer",
    "Report": "conncore.checks.report.Report",
    "Row": "conncore.experiments.comparison_rows.Row",
    "RunStopped": "conncore.evolution.stopping.RunStopped",
    "State": "conncore.optimizers.State",
}
templates_path = ["_templates"]

# The pages in Markdown are the same files that GitHub shows.
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

# Tutorials: scripts that run while the site is built. An error in one stops the build.
sphinx_gallery_conf = {
    "examples_dirs": "../examples/tutorials",
    "gallery_dirs": "tutorials",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,  # its page loads scripts from other sites
    "min_reported_time": 0,
    "abort_on_example_error": True,
    "only_warn_on_example_error": False,
    "capture_repr": (),
    "doc_module": ("conncore",),
    "reference_url": {"conncore": None},
    "backreferences_dir": "reference/uses",
    "reset_modules": ("matplotlib",),
    "show_signature": False,
}

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_sidebars = {"get-started": []}  # it has no pages below it
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {
    "github_url": REPOSITORY,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 7,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}


def link_outside(app: Sphinx, docname: str, source: list[str]) -> None:
    """Links to scripts of tutorials lead to their pages, those to other files to GitHub.

    Blocks without a language are for the shell.
    """
    text = re.sub(r"\]\(\.\./examples/tutorials/(\w+)\.py\)", r"](tutorials/\1.rst)", source[0])
    text = text.replace("](../examples/tutorials)", "](tutorials/index.rst)")
    text = re.sub(r"\]\(\.\./([^)]+)\)", rf"]({REPOSITORY}/blob/main/\1)", text)
    fence = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
    source[0] = fence.sub(lambda block: f"```{block[1] or 'sh'}\n{block[2]}```", text)


def show_tables(*event: Any) -> None:
    """Turn the tables of docstrings, which are drawn with bars, into tables of Sphinx."""
    lines, shown = event[-1], []
    for line, before in zip(lines, ["", *lines], strict=False):
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if not line.startswith("|"):
            shown.append(line)
        elif not before.startswith("|"):
            shown += [".. list-table::", "   :header-rows: 1", ""]
        if line.startswith("|") and not set(line) <= set("|-: "):
            bullets = ["   * - "] + ["     - "] * (len(cells) - 1)
            shown += [bullet + cell for bullet, cell in zip(bullets, cells, strict=True)]
    lines[:] = shown


def mathml(writer: Any, node: Any, display: bool) -> None:
    """Write an equation as MathML, which browsers show without a script."""
    try:
        markup = tex2mathml(node.astext(), as_block=display)
    except MathError as error:
        logging.getLogger(__name__).warning("%s: %s", error, node.astext(), location=node)
        markup = writer.encode(node.astext())
    writer.body.append(f'<div class="equation">{markup}</div>' if display else markup)
    raise SkipNode


def setup(app: Sphinx) -> None:
    inline = partial(mathml, display=False)
    block = partial(mathml, display=True)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("source-read", link_outside)
    app.connect("autodoc-process-docstring", show_tables, priority=400)  # before numpydoc
