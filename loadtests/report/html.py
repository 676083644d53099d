"""The report of a load test as a self-contained HTML page."""

from __future__ import annotations

from loadtests.control.outcome import Outcome
from loadtests.report.plots import pictures
from loadtests.report.text import change_line, growth, headline, milliseconds, number
from loadtests.statistics.compare import Change
from verikit.reports import shell
from verikit.reports.shell import Head, Tone, Word

_VERDICTS = {
    0: Word(
        word="Gates kept", tone=Tone.GOOD, meaning="The server kept every limit of the profile."
    ),
    1: Word(word="Gate broken", tone=Tone.BAD, meaning="At least one limit was not kept."),
    3: Word(word="Incomplete", tone=Tone.OPEN, meaning="The run cannot say, and says why."),
}


def page(outcome: Outcome, changes: list[Change]) -> str:
    """The HTML report of a load test."""
    return shell.page(
        "loadtests.report",
        "page.html.j2",
        _head(outcome),
        filters={"ms": milliseconds, "number": number},
        outcome=outcome,
        measures=outcome.measures,
        growth=growth(outcome.measures),
        cores=outcome.monitor.cores(*outcome.log.span),
        generator_cores=outcome.log.generator_cpu(),
        pictures=pictures(outcome),
        changes=[change_line(change) for change in changes],
    )


def _head(outcome: Outcome) -> Head:
    profile, log = outcome.log.profile, outcome.log
    trouble = [f"{log.trouble.capitalize()}."] if log.trouble else []
    verdict = _VERDICTS[outcome.exit_code]
    return Head(
        kind="Load test",
        subject=outcome.url,
        tone=verdict.tone,
        verdict=verdict.word,
        sentence=headline(outcome).partition(": ")[2] or profile.about,
        facts={
            "Server": outcome.url,
            "Profile": f"{profile.name}: {profile.about}",
            "Measured": f"for {outcome.measures.seconds:.0f} s after {profile.warm_up:g} s of "
            f"warm-up, ending {outcome.ended:%Y-%m-%d %H:%M} UTC",
            "Requests from": f"{len(log.processes)} generator process(es)",
        },
        legend=list(_VERDICTS.values()),
        notes=[*outcome.warnings, *outcome.remarks, *trouble],
    )
