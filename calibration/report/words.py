"""How numbers and verdicts are put into words."""

from __future__ import annotations

import math

from calibration.audit import Effect
from calibration.findings import Findings
from calibration.statistics.intervals import Interval, Rate
from calibration.statistics.verdicts import Verdict


def rate(value: float, *beside: float) -> str:
    """A rate in percent, or as 1.2e-4 where it is tiny or all beside it are below 1 %."""
    if math.isnan(value):
        return "–"  # noqa: RUF001 - a dash in a table
    if value == 0:
        return "0"
    if value < 1e-5 or max(value, *beside, 0) < 0.01:
        return f"{value:.1e}".replace("e-0", "e-")
    return f"{100 * value:#.3g}".removesuffix(".") + " %"


def bounds(interval: Interval) -> str:
    """An interval of rates."""
    ends = interval.lower, interval.upper
    return " to ".join(rate(end, *ends) for end in ends)


def beside(value: float, interval: Interval) -> str:
    """A rate, written as its interval is."""
    return rate(value, interval.upper)


def with_bounds(measured: Rate | None) -> str:
    """A rate and its interval; a dash where nothing was measured."""
    if measured is None or math.isnan(measured.rate):
        return "–"  # noqa: RUF001 - a dash in a table
    return f"{beside(measured.rate, measured.interval)} ({bounds(measured.interval)})"


def one_in(value: float) -> str:
    """A claimed rate as the documented table writes it."""
    return f"1 / {round(1 / value):,}"


def summary(findings: Findings) -> str:
    """The verdict on the table as a sentence, and which rows it is about where that is not all."""
    judged = [row.threshold for row in findings.rows if row.judged]
    every = [row.threshold for row in findings.rows]
    if not judged or judged == every:
        return _summary(findings)
    return (
        f"{_summary(findings)} Only the rows {judged[0]:g} to {judged[-1]:g} of {every[0]:g} to "
        f"{every[-1]:g} are judged (--up-to)."
    )


def _summary(findings: Findings) -> str:
    judged = [row for row in findings.rows if row.judged]
    tolerance = f"{findings.rule.tolerance:g}"
    if findings.table_verdict == Verdict.PASS:
        return (
            f"At every judged threshold the false match rate is shown to be at most {tolerance} "
            "times the documented one."
        )
    if findings.table_verdict == Verdict.FAIL:
        failed = _listing([f"{row.threshold:g}" for row in judged if row.verdict == Verdict.FAIL])
        return f"The false match rate is shown to be above the documented one at {failed}."
    reasons = [*findings.remarks, *barring(findings)]
    missing = [row for row in judged if row.verdict == Verdict.INCONCLUSIVE]
    if reasons or not missing:
        return " ".join(reasons)
    if not any(row.still_needed for row in missing):
        rows = _listing([f"{row.threshold:g}" for row in missing])
        return f"The evidence is open to doubt at {rows}: see what was found about the data."
    rows = _listing([f"{row.threshold:g}" for row in missing])
    most = max(row.still_needed for row in missing)
    return (
        f"The evidence does not decide {rows}: about {most:,} more non-mated comparisons would, "
        "if the table is right."
    )


def required_summary(findings: Findings) -> str:
    """The verdict on what is required, as a sentence."""
    rows, standard = findings.required, findings.standard
    named = standard.title if standard else "what is required"
    if findings.verdict == Verdict.PASS:
        return f"Every required rate is shown to be kept ({named})."
    if failed := [row for row in rows if row.verdict == Verdict.FAIL]:
        listed = "; ".join(f"{row.requirement}, measured {rate(row.rate)}" for row in failed)
        return f"Shown to be broken: {listed} ({named})."
    if reasons := [*findings.remarks, *barring(findings)]:
        return " ".join(reasons)
    missing = [row for row in rows if row.verdict == Verdict.INCONCLUSIVE]
    listed = "; ".join(
        f"{row.requirement} (about {row.still_needed:,} more)" if row.still_needed
        else row.requirement
        for row in missing
    )  # fmt: skip
    return f"The evidence does not decide {listed} ({named})."


def interval_of(findings: Findings) -> str:
    """The heading of a column of intervals."""
    return f"{100 * (1 - findings.rule.alpha):g} % interval"


def barring(findings: Findings) -> list[str]:
    """The objections that take a verdict away."""
    return [one.text for one in findings.objections if one.effect != Effect.SHOWN]


def people(findings: Findings) -> str:
    """How many people there are, and how that is known."""
    if findings.people_unknown:
        return "Who is on the photos is unknown."
    return (
        f"{findings.people:,} people take part in non-mated comparisons. People given: "
        f"{findings.people_given:,}, inferred: {findings.people_inferred:,} "
        f"({findings.people_from})."
    )


def _listing(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
