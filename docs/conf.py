"""The site of the documentation: sphinx-build -W -n docs reports/site"""

import importlib.metadata
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))  # the directives lie here

project = "verikit"
release = importlib.metadata.version("verikit")
copyright = "the verikit authors, Apache License 2.0"

extensions = [
    "command_help",
    "contract_tables",
    "load_tables",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
smartquotes = False  # two dashes are an option

myst_enable_extensions = ["attrs_block", "deflist"]
myst_heading_anchors = 3

autodoc_class_signature = "separated"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_type_aliases = {"Counts": "Counts", "Floats": "Floats"}
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"verikit {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False

nitpick_ignore_regex = [
    ("py:class", r"verikit\.transport\.connection\.(Pool|Connection)"),  # used internally
    # Other projects: their lists of names would have to be fetched from the net.
    ("py:.*", r"(?!conformance|calibration|verikit|loadtests|reference_server).*"),
    # What only the suite itself makes, and hands round.
    ("py:.*", r"conformance\.(case|catalogue|judging|requests|runner)\..*"),
]


def keep_drawn(*event: Any) -> None:
    """A tree drawn in a docstring stays as it is drawn."""
    lines: list[str] = event[-1]
    drawn = [place for place, line in enumerate(lines) if line.startswith(("├", "└"))]
    if drawn:
        top = drawn[0] - 1
        height = len(list(takewhile(str.strip, lines[top:])))
        lines[top : top + height] = ["::", "", *("    " + s for s in lines[top : top + height])]


def keep_apart(*event: Any) -> None:
    """Errors of one name, in the suite and in the client, link each to its own."""
    _, _, name, _, _, lines = event
    home = "conformance.errors" if name.startswith("conformance.") else "verikit.client.errors"
    for place, line in enumerate(lines):
        error = line.removeprefix(":raises ").partition(":")[0]
        found = getattr(importlib.import_module(home), error, None)
        if line != error and getattr(found, "__module__", "") == home:
            lines[place] = line.replace(error, f"~{home}.{error}", 1)


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("autodoc-process-docstring", keep_drawn)
    app.connect("autodoc-process-docstring", keep_apart, priority=600)  # after napoleon
