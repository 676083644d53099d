"""Known failures: a file of waivers, and the deviations of a profile.

A waiver file is a list; a waiver that no longer applies, or has expired, fails the run::

    - case: first-covered-eyes      # * and ? are wildcards
      reason: sunglasses are recognized from release 2.4 on
      until: 2027-01-31
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conformance.judging.verdicts import Result, Verdict
from verikit.contract.plain_yaml import read_yaml_file
from verikit.errors import WrongUse, in_words

_KEYS = {"case", "reason", "until"}


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A case, or a pattern of cases, that may fail until a day (inclusive), and the reason."""

    case: str
    reason: str
    until: date


def load_waivers(path: Path, known: Collection[str]) -> tuple[Waiver, ...]:
    """The waivers of a file.

    Raises:
        WrongUse: the file cannot be read, an entry is incomplete, or there is no such case.
    """
    try:
        entries = read_yaml_file(path)
    except (OSError, ValueError) as error:
        raise WrongUse(f"The waivers {path} cannot be read: {in_words(error)}") from error
    entries = [] if entries is None else entries
    if not isinstance(entries, list):
        raise WrongUse(f"The waivers {path} are not a list.")
    return tuple(_waiver(path, entry, known) for entry in entries)


def _waiver(path: Path, entry: Any, known: Collection[str]) -> Waiver:
    if not isinstance(entry, dict) or set(entry) != _KEYS or not entry["reason"]:
        raise WrongUse(f"{path}: a waiver needs case, reason and until: {entry}")
    if not any(fnmatchcase(case, str(entry["case"])) for case in known):
        raise WrongUse(f"{path}: there is no case {entry['case']!r}; see verikit check --list")
    if type(entry["until"]) is not date:
        raise WrongUse(f"{path}: write until like 2027-01-31, not {entry['until']!r}")
    return Waiver(case=entry["case"], reason=str(entry["reason"]), until=entry["until"])


def with_known_failure(
    result: Result, waivers: Iterable[Waiver], deviations: Mapping[str, str], today: date
) -> Result:
    """The result, marked if it is a failure with a waiver or a deviation."""
    if result.verdict is not Verdict.FAILED:
        return result
    for waiver in waivers:
        if fnmatchcase(result.case, waiver.case) and today <= waiver.until:
            return result.known_failure(Verdict.WAIVED, f"{waiver.reason} (until {waiver.until})")
    for pattern, known in deviations.items():
        if fnmatchcase(result.case, pattern):
            return result.known_failure(Verdict.WARNING, f"known deviation: {known}")
    return result


def with_flakiness(result: Result, flaky: Mapping[str, str]) -> Result:
    """The result, marked if its case is known to be flaky and did not fail every time."""
    if result.verdict is not Verdict.FAILED or result.failed_runs == result.runs:
        return result
    reason = next((why for glob, why in flaky.items() if fnmatchcase(result.case, glob)), None)
    if reason is None:
        return result
    times = f"{result.failed_runs} of {result.runs} runs failed"
    return result.known_failure(Verdict.WARNING, f"known to be flaky: {reason} ({times})")


def is_flaky(case: str, flaky: Mapping[str, str]) -> bool:
    """Whether a case is known to be flaky."""
    return any(fnmatchcase(case, glob) for glob in flaky)


def waiver_problems(
    waivers: Iterable[Waiver], results: Mapping[str, Result], today: date
) -> Iterator[str]:
    """Sentences on waivers that are expired or no longer apply."""
    for waiver in waivers:
        if today > waiver.until:
            yield f"The waiver of {waiver.case} ended on {waiver.until}."
        elif _is_stale([r for case, r in results.items() if fnmatchcase(case, waiver.case)]):
            yield f"The waiver of {waiver.case} no longer applies: remove it."


def _is_stale(results: Collection[Result]) -> bool:
    """Whether no case fails any more, though at least one was judged."""
    good = [result.verdict in (Verdict.PASSED, Verdict.WARNING) for result in results]
    return any(good) and not any(result.verdict is Verdict.WAIVED for result in results)
