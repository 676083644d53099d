"""One shell for every report: its head, its look, and the promise that it asks nobody for anything.

A report is one file. Its template says ``{% extends "shell.html.j2" %}`` and fills the block
``content``; the classes that it may use stand in ``shell.css``::

    head = Head(kind="Load test", subject=url, tone=Tone.BAD, verdict="Gate broken",
                sentence="p95 was 1.2 s; the limit is 1 s", facts={"Server": url}, legend=())
    page("loadtests.report", "report.html.j2", head, measures=measures)

The page forbids a browser every request, and every script but its own, whatever a server under
test may have put into what the report shows.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

CHART_INCHES = 4.8
"""The width of a drawn chart: on a phone 390 pixels wide, one of its points is one pixel."""


class Tone(StrEnum):
    """How something is shown, whatever word a report has for it."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    OPEN = "open"
    """Not decided, or not looked at although it should have been."""
    QUIET = "quiet"
    """Nothing to decide."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of the report's verdicts, and what it means."""

    word: str
    tone: Tone
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands at the top of a report.

    ``verdict`` is a word or two, ``sentence`` says what came out; ``facts`` say how the report
    came about, and get verikit's version as the last one.
    """

    kind: str
    subject: str
    tone: Tone
    verdict: str
    sentence: str
    facts: Mapping[str, str]
    legend: Sequence[Word] = ()
    notes: Sequence[str] = field(default=())
    """Sentences without which the verdict could be misread."""


def page(
    package: str,
    template: str,
    head: Head,
    *,
    script: str = "",
    filters: Mapping[str, Callable[..., Any]] | None = None,
    **values: Any,
) -> str:
    """The text of a report by a template of a package; ``script`` is the only one that may run."""
    environment = _environment(package)
    environment.filters.update(filters or {})
    css = files("verikit.reports").joinpath("shell.css").read_text("utf-8")
    return environment.get_template(template).render(
        head=head,
        css=Markup(css),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        policy=_policy(script),
        version=version("verikit"),
        **values,
    )


@cache
def _environment(package: str) -> Environment:
    """Templates are compiled once in a process."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, ""), PackageLoader("verikit.reports", "")]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def _policy(script: str) -> str:
    """What a browser is allowed: pictures within the file, our styles, this one script."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    scripts = f"'sha256-{digest}'" if script else "'none'"
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
        f"form-action 'none'; script-src {scripts}"
    )
