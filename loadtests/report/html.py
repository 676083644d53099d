"""The report of a load test as one HTML page that needs nothing beside it."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from loadtests.control.outcome import Outcome
from loadtests.report.plots import pictures
from loadtests.report.text import change_line, growth, headline, milliseconds, number
from loadtests.statistics.compare import Change

_VERDICTS = {0: "Gates kept", 1: "Gate broken", 3: "Incomplete"}


def page(outcome: Outcome, changes: list[Change]) -> str:
    """The report of an outcome."""
    templates = Environment(
        loader=PackageLoader("loadtests.report"), autoescape=True, undefined=StrictUndefined
    )
    templates.filters.update(ms=milliseconds, number=number)
    return templates.get_template("report.html.j2").render(
        outcome=outcome,
        measures=outcome.measures,
        growth=growth(outcome.measures),
        profile=outcome.log.profile,
        verdict=_VERDICTS[outcome.exit_code],
        reason=headline(outcome).partition(": ")[2],
        cores=outcome.monitor.cores(*outcome.log.span),
        generator_cores=outcome.log.generator_cpu(),
        pictures=pictures(outcome),
        changes=[change_line(change) for change in changes],
    )
