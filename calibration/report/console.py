"""The findings on a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from calibration.combining import Combined
from calibration.judging.findings import Findings, Impostors, Quality, RequiredRow, Row
from calibration.objections import Effect
from calibration.report import numbers, words
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.verdicts import Verdict
from verikit.plural import counted

_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INCONCLUSIVE: "yellow"}


def tell(findings: Findings, page: Path | None) -> None:
    """Print verdict, rates and what was found about the data; of pairs that are too few to show
    any rate only what became of them."""
    console = Console(highlight=False)
    if findings.supports_rates:
        _tell_rates(console, findings)
    colour = _COLOURS[findings.verdict]
    summary = words.summary(findings)
    if findings.required:
        console.print(f"The table: {findings.table_verdict}. {escape(summary)}")
        console.print(_required(findings.required))
        if findings.required_of_groups:
            console.print(_required(findings.required_of_groups))
        summary = words.required_summary(findings)
    verdict = f"[b {colour}]{findings.verdict}[/]"
    if findings.supports_rates and (failing := words.failing_groups(findings)):
        verdict += f" [b]overall. {escape(failing)}[/]"
    if findings.supports_rates and (differing := words.differing_groups(findings)):
        verdict += f" [b]{escape(differing)}[/]"
    console.print(f"{verdict} {escape(summary)}")
    console.print(escape(words.answered(findings)))
    if findings.supports_rates:
        console.print(escape(words.people(findings)))
    for objection in findings.objections:
        if objection.text not in summary:
            shown = objection.effect == Effect.SHOWN
            mark = "[dim]note[/]" if shown else f"[yellow]{objection.effect}[/]"
            console.print(f"{mark}: {escape(objection.text)}")
    if page:
        console.print(f"Report: {page}", soft_wrap=True)


def tell_combined(combined: Combined, claims: str) -> None:
    """Print the result of several runs together; ``claims`` names the file of the table, "" for the
    documented one."""
    console = Console(highlight=False)
    console.print(
        f"{counted(len(combined.runs), 'run')}, "
        f"{counted(combined.people, 'person', 'people')} in all"
    )
    table = _table(
        ("at", "claim: 1 in", "matches", "of", "e-value for", "against", "verdict"), ("verdict",)
    )
    for row in combined.rows:
        verdict = f"[{_COLOURS[row.verdict]}]{row.verdict}[/]"
        table.add_row(
            f"{row.threshold:g}", f"{round(1 / row.claimed):,}", f"{row.k:,}", f"{row.n:,}",
            f"{row.e_pass:.3g}", f"{row.e_fail:.3g}",
            verdict if row.judged else "[dim]not judged[/]",
        )  # fmt: skip
    console.print(table)
    rule, needed = combined.rule, 1 / combined.rule.alpha
    console.print(
        f"[b {_COLOURS[combined.verdict]}]{combined.verdict}[/] A row PASSes from an e-value of "
        f"{needed:.3g} on (tolerance {rule.tolerance:g}, confidence {100 * rule.confidence:g} %"
        f"{f'; claims of {escape(claims)}' if claims else ''})."
    )
    for remark in combined.remarks:
        console.print(f"[yellow]no PASS[/]: {escape(remark)}")


def _tell_rates(console: Console, findings: Findings) -> None:
    console.print(f"[b]{escape(words.decision(findings))}[/]")
    console.print()
    two = ", two of a group each" if words.of_same_group(findings) else ""
    if words.look_alikes(findings):
        two = " (look-alikes first; rates are those of random pairs)"
    console.print(
        f"False matches (FMR) among {counted(findings.non_mated, 'comparison')} of "
        f"{counted(findings.people, 'person', 'people')}{two}; > marks the recommended threshold"
    )
    console.print(_false_matches(findings))
    console.print()
    console.print(
        f"Customers: {words.customers(findings)} "
        f"({words.interval_of(findings)}s); rejected means not matched, or refused"
    )
    console.print(_turned_away(findings))
    console.print()
    if findings.impostors:
        _tell_impostors(console, findings, findings.impostors)
    if findings.groups:
        _tell_groups(console, findings)
    if findings.degraded:
        _tell_degraded(console, findings)
    if findings.quality:
        _tell_quality(console, findings, findings.quality)
    if findings.against:
        _tell_against(console, findings)


def _table(headings: Sequence[str], left: Sequence[str] = (), gap: int = 2) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in left else "right")
    return table


def _false_matches(findings: Findings) -> Table:
    measured = f"measured: 1 in ({100 * (1 - findings.rule.alpha):g} %)"
    table = _table(
        ("at", "claim: 1 in", "matches", measured, "verdict", "more needed"),
        left=("verdict",),
        gap=1,
    )
    for place, row in enumerate(findings.rows):
        table.add_row(
            _at(findings, place), f"{round(1 / row.claimed):,}", f"{row.k:,}",
            numbers.one_in_between(row.fmr, row.interval, short=True), _verdict(row),
            words.more_needed(row, short=True),
        )  # fmt: skip
    return table


def _turned_away(findings: Findings) -> Table:
    table = _table(("at", "FNMR: not matched", "GFRR: rejected", "ties"))
    for place, row in enumerate(findings.rows):
        table.add_row(
            _at(findings, place), numbers.percent_between(row.fnmr),
            numbers.percent_between(row.gfrr), f"{row.k - row.k_above:,}",
        )  # fmt: skip
    return table


def _tell_impostors(console: Console, findings: Findings, found: Impostors) -> None:
    who, such, others = "Impostors of the same group", "of the same group", "across groups"
    if not found.judged_alone:
        who, such, others = "Look-alikes", "look-alikes", "of all others"
    console.print(
        f"{who} ({found.n:,} comparisons of {found.people:,} people) "
        f"against random pairs, of which {100 * found.share:.2g} % are {such} "
        f"({words.interval_of(findings)}s)"
    )
    table = _table(("at", "matches", f"{others}, of {found.n_across:,}", "times as often"))
    for row in found.rows:
        table.add_row(
            f"{row.threshold:g}", f"{row.k:,}", f"{row.k_across:,}", numbers.factor_between(row)
        )
    console.print(table)
    console.print()


def _tell_degraded(console: Console, findings: Findings) -> None:
    at = findings.rows[findings.operating].threshold
    each = 100 * findings.degraded[0].confidence
    console.print(
        f"With degraded photos, at {at:g}; verdicts are about the table as judged "
        f"(intervals of {each:.4g} % each, so that all hold together)"
    )
    table = _table(
        ("kind", "strength", "refused", "FNMR", "matches", "verdict"), left=("kind", "verdict")
    )
    for row in findings.degraded:
        table.add_row(
            row.kind if row.strength == 1 else "", f"{row.strength}",
            numbers.share_of(row.refused, row.asked), numbers.percent_between(row.fnmr),
            f"{row.k:,} of {row.n:,}", f"[{_COLOURS[row.verdict]}]{row.verdict}[/]",
        )  # fmt: skip
    console.print(table)
    for told in words.where_the_claim_ends(findings.degraded):
        console.print(told)
    console.print()


def _tell_quality(console: Console, findings: Findings, found: Quality) -> None:
    row = found.rows[findings.operating]
    console.print(
        f"Not matched at {row.threshold:g} where poor photos are rejected, by "
        f"{escape(found.column)} ({found.n:,} comparisons of {found.people:,} people; "
        f"{words.interval_of(findings)}s)"
    )
    table = _table(("rejected", "quality from", "comparisons", "FNMR: not matched"))
    for one in row.points:
        table.add_row(
            f"{100 * one.rejected:.2g} %", f"{one.lowest:g}", f"{one.n:,}",
            numbers.percent_between(one.rate),
        )  # fmt: skip
    console.print(table)
    console.print(words.worst_photos(findings))
    console.print()


def _tell_groups(console: Console, findings: Findings) -> None:
    place = findings.operating
    are = words.groups_are(findings)
    console.print(
        f"Groups at {findings.rows[place].threshold:g} ({words.interval_of(findings)}s)"
        f"{f': {escape(are)}' if are else ''}"
    )
    table = _table(("group", "people", "FMR: 1 in", "verdict", "FNMR"), left=("group", "verdict"))
    for row in findings.groups:
        if row.verdict is not None:
            fmr = row.fmr[place]
            table.add_row(
                escape(row.label), f"{row.people:,}",
                numbers.one_in_between(fmr.rate, fmr.interval, short=True),
                f"[{_COLOURS[row.verdict]}]{row.verdict}[/]",
                numbers.percent_between(row.fnmr[place]),
            )  # fmt: skip
    console.print(table)
    if any(0 < row.people < LEAST_PEOPLE for row in findings.groups if row.verdict):
        console.print(f"A group of fewer than {LEAST_PEOPLE} people is INCONCLUSIVE.")
    timed = [row for row in findings.groups if row.verdict is not None and row.median is not None]
    if timed:
        listed = ", ".join(f"{escape(row.label)} {numbers.latency(row)}" for row in timed)
        console.print(f"Seconds to an answer, median: {listed}")
    for one in findings.differentials:
        highest = f" (highest: {escape(one.highest)})" if one.highest else ""
        ratio = f"{one.measure}, {one.ratio}{highest}: {numbers.ratio_between(one)}"
        console.print(f"{ratio}; {words.apart(one)}")
    if told := words.clusters(findings):
        console.print(f"[dim]note[/]: {told}")
    console.print()


def _tell_against(console: Console, findings: Findings) -> None:
    place = words.decided(findings)
    at = findings.rows[findings.operating if place is None else place].threshold
    rows = [row for row in findings.against if row.threshold == at and row.n]
    for row in rows:
        kind = words.kind_of(row)
        console.print(
            f"New against old at {at:g}, {row.measure} on {row.n:,} {kind} pairs of both "
            f"({row.people:,} people): difference {numbers.difference_between(row)}, "
            f"{words.interval_of(findings)}; wrong with "
            f"the new one alone {row.only_new:,}, with the old one alone {row.only_old:,}: "
            f"[b]{row.shown}[/]{words.uncompared(row)}"
        )
    console.print()


def _at(findings: Findings, place: int) -> str:
    marked = "> " if place == findings.operating else ""
    return f"{marked}{findings.rows[place].threshold:g}"


def _verdict(row: Row) -> str:
    return f"[{_COLOURS[row.verdict]}]{row.verdict}[/]" if row.judged else "[dim]not judged[/]"


def _required(rows: Sequence[RequiredRow]) -> Table:
    """Of all people, or by group: then the limit stands once, above its groups."""
    first = "group" if rows[0].group else "required"
    table = _table(
        (first, "errors", "people", f"measured ({100 * rows[0].confidence:g} %)", "verdict"),
        left=(first, "verdict"),
        gap=1,
    )
    table.columns[3].no_wrap = True  # the first column breaks if any must
    limit = ""
    for row in rows:
        if row.group and limit != row.requirement:
            limit = row.requirement
            table.add_row(f"[dim]{_short(row)}[/]")
        table.add_row(
            escape(f"  {row.group}") if row.group else _short(row), f"{row.k:,} of {row.n:,}",
            f"{row.people:,}", numbers.measured_as_required(row, short=True),
            f"[{_COLOURS[row.verdict]}]{row.verdict}[/]",
        )  # fmt: skip
    return table


def _short(row: RequiredRow) -> str:
    at = "" if row.threshold is None else f"@{row.threshold:g}"
    name = row.measure.replace("-differential", " ratio").upper().replace("RATIO", "ratio")
    return f"{name}{at} <= {row.limit:g}"
