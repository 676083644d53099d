"""The audit of the evidence: can these comparisons support a verdict?

Everything here is pure: counts in, objections out. An objection prevents every verdict, or a PASS,
or is only shown. Two findings are numbers that the verdict must survive: a PASS must hold if
unexplained refusals were false matches, and a FAIL must hold without the false matches that wrong
labels would explain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.counting.histogram import FULL, Histogram
from calibration.counting.identities import Origin, People
from calibration.judging.evidence import of_table
from calibration.objections import FEW, Effect, Objection
from calibration.statistics.arrays import Floats
from calibration.statistics.intervals import (
    ALPHA,
    chance_of_at_least,
    chance_of_at_most,
    lower_bound,
)
from calibration.statistics.verdicts import Rule
from verikit.contract import ErrorRates
from verikit.foreign_text import shown
from verikit.plural import counted

LEAST_TO_COMPARE = 10
"""Mated and non-mated scores that it takes to say which way a score points."""
SCALE = "scale"
"""The kind of objection that thresholds lie beyond all scores."""
MOST_NOISE = 0.05
"""No labels are so bad that a larger share of wrong ones is the likelier explanation."""
_USUAL = Rule()
_SAME_SCORE = 1e-3
"""As a share of the range of scores: how far those of one pair may be apart by computing alone."""
_OTHER_ORDER = 0.01
"""The same for a pair in the other order."""
_STANDARD_ERRORS = 3.0
_STRANGERS, _MOST_STRANGERS = 3, 0.4
"""So many mated scores below the median of non-mated ones, and up to this share of strangers, are
taken for some; more are those of a system that does not separate people."""
_SPIKE = 3
_HIGH, _RARE, _LEAST_TRUE = (1.0, 0.75, 0.5, 0.25), 0.01, 0.1


@dataclass(frozen=True, kw_only=True)
class Audit:
    """``hidden``: non-mated comparisons whose want of a score nothing explains, or whose score may
    mark a failure. ``doubtful``: for each row the false matches that wrong labels would explain.
    """

    objections: tuple[Objection, ...] = ()
    hidden: int = 0
    doubtful: tuple[int, ...] = ()
    people: People | None = field(default=None, repr=False)

    def has(self, effect: Effect) -> bool:
        """Whether an objection has this effect."""
        return any(objection.effect == effect for objection in self.objections)


def audit(
    measurement: Measurement,
    rates: ErrorRates,
    *,
    rule: Rule = _USUAL,
    known_direction: bool = False,
    found: Sequence[Objection] = (),
) -> Audit:
    """Look through what was counted.

    ``rule`` says when false matches beyond a claim are told. ``known_direction``: it is certain
    that a higher score means more alike. ``found`` are objections of the source.
    """
    people = measurement.identities.people()
    refused = measurement.acquirer.unexplained()
    doubtful, noise = _label_noise(measurement, rates, rule)
    objections = [
        *found,
        *_identities(people),
        *_truth(people),
        *_kinds(measurement, known_direction=known_direction),
        *_direction(measurement),
        *_scale(measurement),
        *_constant(measurement),
        *_pairs(measurement),
        *_numbers(measurement),
        *_refusals(refused),
        *_without_response(measurement.mated),
        *noise,
        *_strangers_among_mated(measurement),
    ]
    return Audit(
        objections=tuple(objections),
        hidden=refused + _at_spike(measurement.non_mated),
        doubtful=tuple(count + people.together for count in doubtful),
        people=people,
    )


def _identities(people: People) -> list[Objection]:
    photos = people.person.size
    if not photos:
        return []
    if people.origin == Origin.UNKNOWN:
        return [
            Objection(
                kind="people unknown",
                effect=Effect.NO_VERDICT,
                text=f"Nobody says who is on the {photos:,} photos, so nobody can tell how much "
                "comparisons depend on each other. Give the columns first_person and "
                "second_person, a folder for each person, or --people TABLE (photo,person).",
            )
        ]
    found = []
    if people.unknown:
        effect = Effect.NO_VERDICT if people.unknown > FEW * photos else Effect.SHOWN
        text = f"{people.unknown:,} of {counted(photos, 'photo')} have no identity."
        found.append(Objection(kind="people missing", effect=effect, text=text))
    if people.doubt:
        text = f"{people.doubt} Confirm the people with --people TABLE (photo,person)."
        found.append(Objection(kind="people doubtful", effect=Effect.NO_PASS, text=text))
    if people.clashes:
        effect = Effect.NO_VERDICT if people.clashes > FEW * photos else Effect.NO_PASS
        which = shown(people.clashing or "")
        text = f"{_count(people.clashes, 'photo')} assigned to two people, such as {which}."
        found.append(Objection(kind="people contradictory", effect=effect, text=text))
    return found


def _truth(people: People) -> list[Objection]:
    if people.labels_reversed:
        text = "Nearly all labels contradict the folders: are they reversed?"
        return [Objection(kind="labels reversed", effect=Effect.NO_VERDICT, text=text)]
    if not people.contradicted:
        return []
    share = people.contradicted / max(people.compared, 1)
    return [
        Objection(
            kind="labels against people",
            effect=Effect.NO_VERDICT if share > FEW else Effect.SHOWN,
            text=f"{people.contradicted:,} of {people.compared:,} labels ({100 * share:.3g} %) say "
            f"otherwise than the people ({people.how}): one of the two is wrong.",
        )
    ]


def _kinds(measurement: Measurement, *, known_direction: bool) -> list[Objection]:
    if not measurement.non_mated.histogram.n:
        text = "There is no non-mated comparison with a score, so there is no false match rate."
        return [Objection(kind="no non-mated", effect=Effect.NO_VERDICT, text=text)]
    if measurement.mated.attempted or known_direction:
        return []
    text = (
        "There is no mated comparison to show that these scores separate people, or that "
        "a higher one means more alike."
    )
    return [Objection(kind="no mated", effect=Effect.NO_PASS, text=text)]


def _direction(measurement: Measurement) -> list[Objection]:
    non_mated, mated = (counts.histogram for counts in measurement.kinds)
    if min(non_mated.n, mated.n) < LEAST_TO_COMPARE:
        return []
    area, error = area_under_curve(non_mated, mated)
    reach = _STANDARD_ERRORS * error
    if area + reach < 0.5:
        seen, meant = "lower", "distances (--lower-is-closer)"
        if measurement.sign < 0:
            seen, meant = "higher", "similarities (without --lower-is-closer or `closer: lower`)"
        text = (
            f"Mated scores are {seen} than non-mated ones (AUC {area:.3f}): these are {meant}, or "
            "the labels are reversed."
        )
        return [Objection(kind="direction", effect=Effect.NO_VERDICT, text=text)]
    if area - reach <= 0.5:
        text = f"The scores do not separate mated from non-mated pairs (AUC {area:.3f})."
        return [Objection(kind="direction", effect=Effect.NO_VERDICT, text=text)]
    return []


def _scale(measurement: Measurement) -> list[Objection]:
    """Thresholds beyond all scores, as where scores of 0 to 1 meet claims of 0 to 100."""
    non_mated, mated = measurement.non_mated, measurement.mated
    lowest, highest = (measurement.sign * measurement.thresholds[end] for end in (0, -1))
    if mated.histogram.n >= LEAST_TO_COMPARE and not mated.histogram.matches[0]:
        text = (
            f"No mated score reaches even the threshold {lowest:g}; the closest is "
            f"{measurement.sign * mated.spread.highest:g}. Are the scores on the scale of the "
            "claims?"
        )
        return [Objection(kind=SCALE, effect=Effect.NO_PASS, text=text)]
    guessed = measurement.limits is None  # the claims do not say what scores are possible
    if guessed and 0 < non_mated.histogram.n == non_mated.histogram.matches[-1]:
        text = (
            f"Every non-mated score reaches even the threshold {highest:g}; the farthest is "
            f"{measurement.sign * non_mated.spread.lowest:g}. Are the scores on the scale of the "
            "claims?"
        )
        return [Objection(kind=SCALE, effect=Effect.NO_VERDICT, text=text)]
    return []


def area_under_curve(non_mated: Histogram, mated: Histogram) -> tuple[float, float]:
    """P(mated > non-mated) + P(equal) / 2, and its standard error (Hanley & McNeil, 1982)."""
    below = np.cumsum(non_mated.bins) - non_mated.bins / 2
    used = np.flatnonzero(mated.bins)
    area = float(below[used] @ mated.bins[used].astype(float)) / non_mated.n / mated.n
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (
        area * (1 - area)
        + (mated.n - 1) * (first - area**2)
        + (non_mated.n - 1) * (second - area**2)
    )
    return area, math.sqrt(max(variance, 0.0) / non_mated.n / mated.n)


def _constant(measurement: Measurement) -> list[Objection]:
    spread = measurement.non_mated.spread
    if spread.n < 2 or spread.lowest != spread.highest:
        return []
    score = measurement.sign * spread.lowest
    text = f"Every non-mated score is {score:g}: a constant score shows no rate."
    return [Objection(kind="constant", effect=Effect.NO_VERDICT, text=text)]


def _pairs(measurement: Measurement) -> list[Objection]:
    found = []
    for counts in measurement.kinds:
        share = counts.pairs.result().share
        if not share:
            continue
        text = (
            f"{100 * share:.3g} % of the {counts.kind} comparisons repeat a pair, in "
            "the same or the other order: a pair is evidence once."
        )
        found.append(Objection(kind="repeated pairs", effect=Effect.SHOWN, text=text))
        found += _different_scores(measurement, counts)
    if measurement.self_pairs:
        text = (
            f"{_count(measurement.self_pairs, 'comparison')} of a photo with itself: that is not "
            "evidence, and not counted."
        )
        found.append(Objection(kind="self pairs", effect=Effect.SHOWN, text=text))
    return found


def _different_scores(measurement: Measurement, counts: ComparisonCounts) -> list[Objection]:
    """Two systems, or two releases of one, in a file: the rate is that of neither."""
    spread = counts.spread
    whole = spread.highest - spread.lowest
    kind, has = "different scores", "two scores"
    conflict = counts.pairs.conflict(_SAME_SCORE * whole)
    effect = Effect.NO_PASS if conflict and conflict.share > FEW else Effect.SHOWN
    if conflict is None:  # a system may treat probe and reference differently
        kind, has = "other order", "another score in the other order"
        conflict = counts.pairs.conflict(_OTHER_ORDER * whole, either_order=True)
    if conflict is None:
        return []
    names = measurement.identities.photos.names
    scores = sorted(measurement.sign * end for end in (conflict.lowest, conflict.highest))
    text = (
        f"{100 * conflict.share:.3g} % of the {counts.kind} comparisons are of a pair that has "
        f"{has}, such as {shown(names[conflict.first])} with {shown(names[conflict.second])}: "
        f"{scores[0]:g} and {scores[1]:g}. If the file holds two systems or releases, judge each "
        "by itself."
    )
    return [Objection(kind=kind, effect=effect, text=text)]


def _numbers(measurement: Measurement) -> list[Objection]:
    found = []
    if measurement.sentinels:
        text = (
            f"{_count(measurement.sentinels, 'score')} -1, which marks a failed template: "
            "counted as refused."
        )
        found.append(Objection(kind="sentinel", effect=Effect.SHOWN, text=text))
    if refused := measurement.scored_refusals:
        compared = sum(counts.histogram.n for counts in measurement.kinds)
        text = (
            f"{counted(refused, 'score')} beside a code of a refusal: one "
            "of the two is wrong. They count as scores; where a comparison was refused, leave the "
            "score empty."
        )
        effect = Effect.NO_PASS if refused > FEW * compared else Effect.SHOWN
        found.append(Objection(kind="scores of refusals", effect=effect, text=text))
    for counts in measurement.kinds:
        found += _spike(counts, measurement.sign)
    if measurement.as_float32:
        text = "Scores are 32-bit numbers: thresholds are compared as such."
        found.append(Objection(kind="32 bits", effect=Effect.SHOWN, text=text))
    decimals = max(counts.rounding.decimals for counts in measurement.kinds)
    histogram = measurement.non_mated.histogram
    ties = int((histogram.matches - histogram.above).sum())
    if decimals < FULL and ties > 1:
        text = (
            f"Scores have at most {counted(decimals, 'decimal')}, and {ties:,} non-mated ones lie "
            "exactly on a threshold: they count as matches."
        )
        found.append(Objection(kind="ties", effect=Effect.SHOWN, text=text))
    return found


def _spike(counts: ComparisonCounts, sign: float) -> list[Objection]:
    """The same lowest score again and again, far below all others, looks like a failure code."""
    many, spread = _at_spike(counts), counts.spread
    if not many:
        return []
    effect = Effect.NO_PASS if many > FEW * spread.n else Effect.SHOWN
    survive = "" if counts.mated else " A PASS must hold even if they were false matches."
    text = (
        f"{many:,} {counts.kind} scores are exactly {sign * spread.lowest:g}, and "
        f"the next is {sign * spread.second_lowest:g}: if it marks a failure, leave the "
        f"score empty.{survive}"
    )
    return [Objection(kind="failure code", effect=effect, text=text)]


def _at_spike(counts: ComparisonCounts) -> int:
    """How many scores are the lowest and far below the next; a step of rounding is not far."""
    spread, decimals = counts.spread, counts.rounding.decimals
    gap, whole = spread.second_lowest - spread.lowest, spread.highest - spread.lowest
    step = 0.0 if decimals == FULL else 1.5 * 10.0**-decimals
    alone = math.isfinite(gap) and gap >= max(0.05 * whole, step)
    return int(spread.at_lowest) if alone and spread.at_lowest >= _SPIKE else 0


def _refusals(hidden: int) -> list[Objection]:
    if not hidden:
        return []
    text = (
        f"{_count(hidden, 'non-mated comparison')} refused, or without a score, although both "
        "photos were accepted elsewhere, or without indicating which photo caused it: a PASS must "
        "hold even if they were false matches."
    )
    return [Objection(kind="refusals", effect=Effect.SHOWN, text=text)]


def _without_response(mated: ComparisonCounts) -> list[Objection]:
    if not mated.unanswered:
        return []
    text = (
        f"{mated.unanswered:,} of {counted(mated.attempted + mated.unanswered, 'mated comparison')}"
        " got no response: a PASS of FNMR, GFRR or FTA must hold even if each of them failed, and "
        "the intervals of FNMR and GFRR allow for that."
    )
    return [Objection(kind="no response", effect=Effect.SHOWN, text=text)]


def _label_noise(
    measurement: Measurement, rates: ErrorRates, rule: Rule
) -> tuple[list[int], list[Objection]]:
    """False matches that wrong labels would explain, row by row, each row by itself.

    Non-mated pairs that are mated in truth score as mated ones do: their share e adds e TMR(t) to
    FMR(t), the same at every threshold but for the TMR. A server that is too generous by a factor
    adds more at low thresholds instead. What fits the lower rows better is believed; whatever the
    rows are, wrong labels explain no more than what lies as high as mated scores do.
    """
    non_mated, mated = (counts.histogram for counts in measurement.kinds)
    doubtful = [0] * len(rates.rows)
    if mated.n < LEAST_TO_COMPARE or not non_mated.n:
        return doubtful, []
    claimed = np.array([rate for _, rate in rates.rows])
    k, true = measurement.matches_at_random(), mated.matches / mated.n
    evidence = of_table(measurement, rates)
    told: dict[str, Objection] = {}
    for row, seen in enumerate(evidence):
        beyond = k[row] - non_mated.n * claimed[row]
        if beyond <= 0 or not fits_wrong_labels(k, non_mated.n, claimed, true, row):
            continue
        sampled = k[row] / int(non_mated.matches[row])  # not all pairs weigh alike
        alike = sampled * _as_high_as_mated(non_mated, mated, row)
        doubtful[row] = math.ceil(min(alike, MOST_NOISE * non_mated.n))
        if seen.chance_of_so_many(rule) > rule.alpha:
            continue
        share = beyond / (non_mated.n * true[row])
        least = rule.alpha / len(evidence)  # what Holm's method asks of one row at most
        if seen.without(doubtful[row]).chance_of_so_many(rule) > least:
            told["noise"] = _noise(share)
        elif share > MOST_NOISE and (row or beyond <= alike):
            told["labels"] = _labels(share)
    return doubtful, list(told.values())


def _noise(share: float) -> Objection:
    text = (
        f"One wrong label in {float(f'{1 / share:.1g}'):,.0f} non-mated pairs would explain the "
        "false matches beyond the claim: look at the pairs with the highest scores."
    )
    return Objection(kind="label noise", effect=Effect.SHOWN, text=text)


def _labels(share: float) -> Objection:
    text = (
        "The false matches score like mated pairs. Are labels wrong, or a system that takes "
        f"{min(100, 100 * share):.3g} % of strangers for one person? Look at the pairs with "
        "the highest scores."
    )
    return Objection(kind="labels", effect=Effect.SHOWN, text=text)


def fits_wrong_labels(k: Floats, n: int, claimed: Floats, true: Floats, row: int) -> bool:
    """Whether wrong labels explain the false matches of a row better than a factor does.

    ``k`` of ``n`` comparisons at each row, the rate that is ``claimed``, and the TMR: arrays of
    shape (rows,). Nothing but the rows below tells; a row that mated pairs hardly reach has none.
    """
    if true[row] <= _LEAST_TRUE:
        return False
    expected = n * claimed
    share = max(0.0, k[row] - expected[row]) / (n * true[row])
    by_noise = expected + share * n * true
    by_factor = np.minimum(n, expected * k[row] / expected[row])
    return row == 0 or _misfit(k, by_noise, row) < _misfit(k, by_factor, row)


def _as_high_as_mated(non_mated: Histogram, mated: Histogram, row: int) -> int:
    """The most non-mated matches of a row that may be mated pairs, as so few lie higher.

    Of wrong labels as large a part lies above the lowest of the mated matches, and above each
    quartile, within what the sampling of both may do.
    """
    ours, theirs = (np.cumsum(one.bins[::-1]) for one in (mated, non_mated))
    most = int(non_mated.matches[row])
    for part in _HIGH:
        place = int(np.searchsorted(ours, part * mated.matches[row]))
        above = lower_bound(int(ours[place]), int(mated.matches[row]), _RARE)
        most = _most_of_which(int(theirs[place]), above, most)
    return most


def _most_of_which(k: int, part: float, most: int) -> int:
    """The largest number, at most ``most``, of which no more than k may lie in this ``part``."""
    low, high = min(k, most), most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if chance_of_at_most(k, middle, part) > _RARE else (low, middle)
    return low


def _strangers_among_mated(measurement: Measurement) -> list[Objection]:
    """Mated scores that lie as non-mated ones do, as those of wrong labels would.

    Of a share e of strangers half lie below the median of non-mated scores, a quarter below the
    lower quartile and three quarters below the upper one. A system that separates badly has mated
    scores there, too, but far fewer at the lower quartile than in proportion.
    """
    non_mated, mated = (counts.histogram for counts in measurement.kinds)
    if min(non_mated.n, mated.n) < LEAST_TO_COMPARE:
        return []
    reached = np.cumsum(non_mated.bins) / non_mated.n
    below = np.cumsum(mated.bins)
    quartiles = [int(below[np.searchsorted(reached, part)]) for part in (0.25, 0.5, 0.75)]
    low, half, high = quartiles
    share = 2 * half / mated.n
    alike = _may_be(low, half, 1 / 2) and _may_be(half, high, 2 / 3)
    if half < _STRANGERS or not FEW <= share <= _MOST_STRANGERS or not alike:
        return []
    text = (
        f"About {100 * share:.2g} % of the mated scores ({2 * half:,} of {mated.n:,}) lie as "
        "non-mated ones do: these labels may be wrong, or the photos unfit. Look at the mated "
        "pairs with the lowest scores. FNMR and GFRR, and a FAIL of them, go by the labels as they "
        "are."
    )
    return [Objection(kind="strangers among mated", effect=Effect.SHOWN, text=text)]


def _may_be(k: int, n: int, part: float) -> bool:
    """Whether k of n may be a sample of which ``part`` is expected."""
    return min(chance_of_at_least(k, n, part), chance_of_at_most(k, n, part)) > ALPHA / 2


def _misfit(counts: np.ndarray, predicted: np.ndarray, rows: int) -> float:
    """How far counts are from a prediction in the rows below, in logarithms."""
    return float(np.abs(np.log((counts[:rows] + 0.5) / (predicted[:rows] + 0.5))).sum())


def _count(number: int, what: str) -> str:
    return f"{number:,} {what} is" if number == 1 else f"{number:,} {what}s are"
