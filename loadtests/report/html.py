"""The report of a load test as one HTML file that needs nothing beside it."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from loadtests.control.outcome import Outcome
from loadtests.report.plots import pictures
from loadtests.report.text import change_line, growth, milliseconds, number
from loadtests.statistics.compare import Change

_VERDICTS = {0: "Gates kept", 1: "Gate broken", 3: "Incomplete"}


def write_html(path: Path, outcome: Outcome, changes: list[Change]) -> None:
    """Write the report of an outcome to a file."""
    templates = Environment(
        loader=PackageLoader("loadtests.report"), autoescape=True, undefined=StrictUndefined
    )
    templates.filters.update(ms=milliseconds, number=number)
    page = templates.get_template("report.html.j2").render(
        outcome=outcome,
        measures=outcome.measures,
        growth=growth(outcome.measures),
        profile=outcome.log.profile,
        verdict=_VERDICTS[outcome.exit_code],
        cores=outcome.monitor.cores(*outcome.span),
        generator_cores=outcome.log.generator_cpu(),
        pictures=pictures(outcome),
        changes=[change_line(change) for change in changes],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
