"""A person's review of comparisons, and its effect on the counts.

A report lists the comparisons to review: from a row of the table on, all non-mated ones that reach
it and all mated ones that do not. A review must cover all of them from some row on: a review of
only the wrong labels among the errors could only favor the system.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from calibration.counting.comparisons import LOOKED_AT, ComparisonCounts, Measurement
from calibration.counting.naming import normal
from calibration.files import writing
from calibration.judging.findings import Review
from calibration.sources.formats.opening import open_table
from calibration.sources.formats.values import TRUTH, words_of
from verikit.errors import WrongUse
from verikit.foreign_text import shown

_UNCLEAR = ("?", "unclear", "unknown", "cannot tell")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
"""Begins a formula in some spreadsheet; the last one marks text there."""
_HEAD = ("first", "second", "mated", "score", "row", "found")
Pair = tuple[str, str]
Found = Mapping[Pair, bool | None]
"""Of two photos, sorted, whether they show one person; None where nobody can tell."""


def read_found(path: Path) -> dict[Pair, bool | None]:
    """Read a review from a table with the columns first, second and found.

    True: the pair is mated; None: it cannot be decided. Rows without a finding are left out.

    Raises:
        WrongUse: the file is no such table, or contradicts itself about a pair.
    """
    table = open_table(path, {"mated": "found"}, ("first", "second", "mated"))
    found: dict[Pair, bool | None] = {}
    for piece in table.pieces():
        columns = []
        for name in ("first", "second", "mated"):
            words, places = words_of(piece[name])
            columns.append([words[place] for place in places.tolist()])
        for first, second, word in zip(*columns, strict=True):
            said = word.strip().lower()
            if not said:
                continue
            if said not in TRUTH and said not in _UNCLEAR:
                raise table.refusal(f"{shown(word, limit=60)!r} is neither 1, 0 nor ?.")
            pair = _pair(normal(_from_cell(first)), normal(_from_cell(second)))
            one = TRUTH.get(said)
            if found.setdefault(pair, one) != one:
                raise WrongUse(f"{path} says two things of {first} and {second}.")
    return found


def adjudicate(measurement: Measurement, found: Found, source: str) -> Review:
    """Move comparisons in the counts to the kind that a review found.

    Raises:
        WrongUse: the review does not cover all comparisons from a row on, or look-alikes were asked
            first, so that the stratum of a comparison is unknown.
    """
    if measurement.look_alikes:
        raise WrongUse("--adjudicated does not apply to --impostors look-alike: remove it.")
    if not found:
        raise WrongUse(f"{source} holds no findings: write 1, 0 or ? into its column found.")
    names = measurement.identities.photos.names
    moves = [(counts, _wrong(measurement, counts, found)) for counts in measurement.kinds]
    looked = [
        sum(
            _pair(names[first], names[second]) in found
            for first, second, _ in counts.extremes.listed()
        )
        for counts in measurement.kinds
    ]
    if not any(looked):
        raise WrongUse(f"{source} speaks of none of the comparisons that are to be looked at.")
    non_mated = measurement.non_mated
    reached = [
        int(matches) <= LOOKED_AT and not _missing(measurement, non_mated, int(matches), found)
        for matches in non_mated.histogram.matches
    ]
    for counts, wrong in moves:
        measurement.relabel(counts, *wrong)
    return Review(
        source=source,
        reviewed=sum(looked),
        reviewed_mated=looked[1],
        to_mated=len(moves[0][1][0]),
        to_non_mated=len(moves[1][1][0]),
        rows=tuple(reached),
    )


def write_look(path: Path, measurement: Measurement) -> None:
    """Write the comparisons to review; earlier findings stay in the file."""
    before: Found = {}
    if path.exists():
        try:
            before = read_found(path)
        except WrongUse:
            return  # somebody's work, or somebody else's file
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(_HEAD)
    names = measurement.identities.photos.names
    said = {True: "1", False: "0", None: "?"}
    for counts in measurement.kinds:
        for (first, second, score), row in _to_look_at(measurement, counts):
            pair = _pair(names[first], names[second])
            finding = said[before[pair]] if pair in before else ""
            mated, value = f"{counts.mated:d}", f"{measurement.sign * score:.9g}"
            threshold = f"{measurement.sign * row:g}"
            cells = _as_cell(names[first]), _as_cell(names[second])
            lines.writerow((*cells, mated, value, threshold, finding))
    with writing(path) as file:
        file.write(text.getvalue().encode())


def _to_look_at(
    measurement: Measurement, counts: ComparisonCounts
) -> list[tuple[tuple[int, int, float], float]]:
    """Errors of each row that has no more than fit, the gravest first, with the row."""
    listed = counts.extremes.listed()
    events = counts.events.tolist()
    rows = range(len(events)) if counts.mated else range(len(events) - 1, -1, -1)
    chosen: list[tuple[tuple[int, int, float], float]] = []
    for row in rows:
        if events[row] > min(LOOKED_AT, len(listed)):
            break
        threshold = measurement.thresholds[row]
        chosen += [(entry, threshold) for entry in listed[len(chosen) : events[row]]]
    return chosen


def _wrong(
    measurement: Measurement, counts: ComparisonCounts, found: Found
) -> tuple[list[int], list[int], list[float]]:
    """Comparisons of a kind that are of the other one: photos and scores."""
    names = measurement.identities.photos.names
    wrong = [
        (first, second, score)
        for first, second, score in counts.extremes.listed()
        if found.get(_pair(names[first], names[second])) is (not counts.mated)
    ]
    if wrong:
        _demand_all(measurement, counts, [score for _, _, score in wrong], found)
    return (
        [first for first, _, _ in wrong],
        [second for _, second, _ in wrong],
        [score for _, _, score in wrong],
    )


def _demand_all(
    measurement: Measurement, counts: ComparisonCounts, scores: list[float], found: Found
) -> None:
    """From the row on that the mildest of the wrong labels concerns, all must be looked at."""
    width = np.float32 if measurement.as_float32 else np.float64
    thresholds = np.array(measurement.thresholds, width).astype(float)
    if counts.mated:
        row = int(np.searchsorted(thresholds, max(scores), side="right"))
    else:
        row = int(np.searchsorted(thresholds, min(scores), side="right")) - 1
    if not 0 <= row < thresholds.size:
        raise WrongUse(
            f"A finding is about a {counts.kind} comparison that is an error at no row: leave it "
            "out."
        )
    events = int(counts.events[row])
    verb = "do not reach" if counts.mated else "reach"
    threshold = measurement.sign * measurement.thresholds[row]
    which = f"{events:,} {counts.kind} comparisons that {verb} {threshold:g}"
    if events > LOOKED_AT:
        raise WrongUse(f"No more than {LOOKED_AT} of the {which} can be looked at: leave it out.")
    if missing := _missing(measurement, counts, events, found):
        first, second = missing[0]
        raise WrongUse(
            f"One-sided: {len(missing):,} of the {which} were not looked at, such as "
            f"{shown(first)} and {shown(second)}. Labels that are right must be confirmed as well."
        )


def _missing(
    measurement: Measurement, counts: ComparisonCounts, events: int, found: Found
) -> list[Pair]:
    names = measurement.identities.photos.names
    pairs = [_pair(names[a], names[b]) for a, b, _ in counts.extremes.listed()[:events]]
    return [pair for pair in pairs if pair not in found]


def _as_cell(name: str) -> str:
    """A name that a spreadsheet takes for text, not for a formula."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def _from_cell(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _pair(first: str, second: str) -> Pair:
    return (first, second) if first <= second else (second, first)
