"""Compares a run with an earlier one: what is new, fixed, and still failing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.judging.verdicts import Result, Verdict
from conformance.run import Run
from verikit.foreign_text import shown

_GOOD = {Verdict.PASSED, Verdict.WARNING}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Cases by id. ``known`` still fail, but the failure is waived or declared in the profile;
    ``no_longer_judged`` failed before, were run again, and now have no verdict on the server.

    ``remarks`` say what else differs between the runs.
    """

    new: tuple[str, ...]
    fixed: tuple[str, ...]
    still_failing: tuple[str, ...]
    known: tuple[str, ...]
    no_longer_judged: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The groups that have cases, by name."""
        named = {
            "new": self.new,
            "still failing": self.still_failing,
            "known to fail": self.known,
            "no longer judged": self.no_longer_judged,
            "fixed": self.fixed,
        }
        return {name: cases for name, cases in named.items() if cases}

    @property
    def sentence(self) -> str:
        """The counts in one sentence."""
        counts = ", ".join(f"{len(cases)} {name}" for name, cases in self.groups.items())
        return f"Since the earlier run: {counts or 'nothing failed then, and nothing fails now'}."


def _is_known(result: Result) -> bool:
    """Whether it failed, and somebody has explained why."""
    return result.verdict is Verdict.WAIVED or (
        result.verdict is Verdict.WARNING and result.failed_runs > 0 and bool(result.reason)
    )


def compare(run: Run, earlier: Sequence[Mapping[str, Any]]) -> Comparison:
    """Compare a run with the JSON lines of an earlier one, header first.

    A failure is new if the case did not fail in the earlier run, even if it was not part of it.
    """
    before = {line["case"]: line["verdict"] for line in earlier if line["kind"] == "result"}
    failed_before = {case for case, verdict in before.items() if verdict == Verdict.FAILED}
    now = {result.case: result.verdict for result in run.results}
    known = tuple(result.case for result in run.results if _is_known(result))
    failed = [case for case, verdict in now.items() if verdict is Verdict.FAILED]
    return Comparison(
        new=tuple(case for case in failed if case not in failed_before),
        fixed=tuple(
            case
            for case, word in now.items()
            if word in _GOOD and case in failed_before and case not in known
        ),
        still_failing=tuple(case for case in failed if case in failed_before),
        known=known,
        no_longer_judged=tuple(
            case
            for case in sorted(failed_before & set(now))
            if now[case] not in _GOOD | {Verdict.FAILED, Verdict.WAIVED}
        ),
        remarks=tuple(_remarks(run, earlier, before)),
    )


def _remarks(
    run: Run, earlier: Sequence[Mapping[str, Any]], before: Mapping[str, str]
) -> list[str]:
    header = earlier[0]
    facts = {
        "server": (header.get("url"), run.target.url),
        "profile": (header.get("profile") or "none", run.profile.name or "none"),
        "release": (header.get("release"), run.release),
    }
    remarks = [
        f"The earlier run's {name} was different: {shown(str(then))}."
        for name, (then, now) in facts.items()
        if then != now
    ]
    if earlier[-1]["kind"] != "footer":
        remarks.append("The earlier run is incomplete.")
    included = {result.case for result in run.results}
    if added := len(included - set(before)):
        remarks.append(f"Cases that the earlier run did not include: {added}.")
    if left := sum(case not in included for case, word in before.items() if word == Verdict.FAILED):
        remarks.append(f"Cases that failed then and are not part of this run: {left}.")
    return remarks
