"""Turns counts into findings: rates with their intervals, and verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from calibration.counting.comparisons import ComparisonCounts, Measurement
from calibration.counting.groups import Clusters
from calibration.counting.histogram import FULL
from calibration.counting.identities import Origin
from calibration.judging.audit import Audit, audit
from calibration.judging.by_group import (
    chosen_impostors,
    group_differentials,
    groups,
)
from calibration.judging.error_sources import listed, most_false_matches
from calibration.judging.findings import (
    Acquired,
    Extrapolated,
    Findings,
    OperatingPoint,
    Review,
    Row,
)
from calibration.judging.required import held, required_of_groups, required_rows
from calibration.judging.requirements import Standard
from calibration.objections import Effect, Objection
from calibration.statistics import tail
from calibration.statistics.dependence import (
    LEAST_PEOPLE,
    Shares,
    design_effects,
    growths,
    shown_effects,
    spreads,
)
from calibration.statistics.det import crossing, equal_error_rate, threshold_for
from calibration.statistics.intervals import Interval, Rate, measured
from calibration.statistics.planning import comparisons_of, people_for
from calibration.statistics.strata import StratifiedEvidence, stratified
from calibration.statistics.verdicts import (
    Evidence,
    Judgement,
    Rule,
    Verdict,
    overall,
)
from calibration.terms import Terms
from verikit.contract import ErrorRates
from verikit.plural import counted

MOST_NOT_MEASURED = 0.01
"""The share of comparisons without an answer above which a run cannot PASS."""


@dataclass(frozen=True, kw_only=True)
class RunConditions:
    """The conditions of a run that the counts do not contain.

    Attributes:
        complete: the run reached its end.
        supports_rates: the pairs are meant to show rates.
        up_to: the strictest threshold that is judged.
        known_direction: a higher score certainly means more alike.
        standard: the required rates; the overall verdict is then about them.
        objections: those of the source of the pairs.
        begun: the terms of judgement when the run began.
        review: a person's review of comparisons.
        clusters: how groups were made, if nobody gave them.
        troubles: the reasons why nothing was measured, with their counts, the commonest first.
    """

    complete: bool = True
    supports_rates: bool = True
    up_to: float = math.inf
    known_direction: bool = False
    standard: Standard | None = None
    objections: tuple[Objection, ...] = ()
    begun: Terms | None = None
    review: Review | None = None
    clusters: Clusters | None = None
    troubles: Mapping[str, int] = field(default_factory=dict)


def find(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions
) -> Findings:
    """All findings on the documented table."""
    audited = _audited(measurement, rates, conditions)
    fitted = _tail(measurement, evidence(measurement, rates))
    reasons = unsupported(measurement, conditions)
    barred = bool(reasons) or audited.has(Effect.NO_VERDICT)
    up_to = -math.inf if barred else conditions.up_to
    rows = _rows(measurement, rates, rule, up_to, fitted, audited)
    remarks = reasons + _incomplete(measurement, conditions)
    required = required_rows(measurement, rates, rule, conditions.standard, audited, barred=barred)
    table_verdict = _overall([row.verdict for row in rows if row.judged], remarks)
    people = measurement.identities.people()
    non_mated, mated = measurement.kinds
    operating = min(
        range(len(rows)),
        key=lambda place: abs(rates.thresholds[place] - rates.recommended_above),
    )
    claimed = tuple(rate for _, rate in rates.rows)

    def judged(seen: list[Evidence]) -> list[Verdict]:
        found = held(seen, [audited.doubtful[operating]] * len(seen), rule, audited)
        return [Verdict.INCONCLUSIVE if barred else one.verdict for one in found]

    by_group = groups(measurement, operating, claimed, judged, rule.alpha)
    return Findings(
        verdict=_overall([row.verdict for row in required], remarks) if required else table_verdict,
        table_verdict=table_verdict,
        standard=conditions.standard,
        required=required,
        required_of_groups=required_of_groups(
            measurement, rates, rule, conditions.standard, audited, barred=barred
        ),
        complete=not remarks,
        remarks=remarks,
        rule=rule,
        up_to=conditions.up_to,
        review=conditions.review,
        rows=rows,
        operating=operating,
        supports_rates=conditions.supports_rates,
        equal_error=_equal_error(measurement),
        operating_points=_operating_points(measurement, rates),
        acquired=_acquired(measurement),
        non_mated=non_mated.histogram.n,
        mated=mated.histogram.n,
        refused_non_mated=non_mated.failed,
        refused_mated=mated.failed,
        mated_people=measurement.shares(mated).people,
        people=measurement.shares(non_mated).people,
        people_given=people.given,
        people_inferred=people.inferred,
        people_from=people.how,
        people_unknown=people.origin == Origin.UNKNOWN,
        objections=[
            *audited.objections,
            *_other_terms(measurement, rates, rule, conditions, table_verdict),
        ],
        refused=dict(sorted(measurement.codes.items())),
        not_measured=measurement.not_measured,
        troubles=dict(conditions.troubles),
        decimals=_decimals(measurement),
        ties=int((non_mated.histogram.matches - non_mated.histogram.above).sum()),
        groups=by_group,
        clusters=conditions.clusters,
        impostors=chosen_impostors(measurement, claimed, rule.alpha, at_any_time=rule.at_any_time),
        differentials=group_differentials(measurement, by_group, operating, claimed, rule.alpha),
        highest_non_mated=listed(measurement, non_mated),
        lowest_mated=listed(measurement, mated),
        most_false_matches=most_false_matches(measurement),
        tail=fitted,
    )


def _audited(measurement: Measurement, rates: ErrorRates, conditions: RunConditions) -> Audit:
    """The audit; where a person looked at every false match of a row, no label is in doubt."""
    audited = audit(
        measurement,
        rates,
        known_direction=conditions.known_direction,
        found=conditions.objections,
    )
    review = conditions.review
    if review is None:
        return audited
    told = Objection(kind="review", effect=Effect.SHOWN, text=str(review))
    rest = [one for one in audited.objections if one.kind != "label noise" or not any(review.rows)]
    doubtful = zip(audited.doubtful, review.rows, strict=True)
    return replace(
        audited,
        objections=(*rest, told),
        doubtful=tuple(0 if looked else few for few, looked in doubtful),
    )


def _other_terms(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions, now: Verdict
) -> list[Objection]:
    """What other terms say: those that a run was begun on, and the usual ones where they FAIL."""
    ours = Terms(up_to=conditions.up_to, tolerance=rule.tolerance, confidence=rule.confidence)
    found = []
    for terms in dict.fromkeys((conditions.begun or ours, Terms())):
        begun = terms == conditions.begun
        if terms == ours:
            continue
        verdict = verdict_on(
            measurement,
            rates,
            replace(rule, tolerance=terms.tolerance, alpha=round(1 - terms.confidence, 12)),
            replace(conditions, up_to=terms.up_to, standard=None),
        )
        if begun or (verdict == Verdict.FAIL and verdict != now):
            how = "This run was begun to judge" if begun else "Judged as is usual,"
            text = f"{how} {terms}: so the verdict is {verdict}."
            found.append(Objection(kind="other terms", effect=Effect.SHOWN, text=text))
    return found


def verdict_on(
    measurement: Measurement, rates: ErrorRates, rule: Rule, conditions: RunConditions
) -> Verdict:
    """The verdict alone: on what is required, or else on the table."""
    audited = _audited(measurement, rates, conditions)
    if unsupported(measurement, conditions) or audited.has(Effect.NO_VERDICT):
        return Verdict.INCONCLUSIVE
    if required := required_rows(
        measurement, rates, rule, conditions.standard, audited, barred=False
    ):
        return overall([row.verdict for row in required])
    seen = evidence(measurement, rates)
    judged = judged_rows(measurement.sign, rates, conditions.up_to)
    return overall([row.verdict for row in _judged(seen, judged, rule, audited)[:judged]])


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """The evidence of a run: for each row its counts, and how many false matches are in doubt.

    ``unsupported`` says why it supports no verdict, ``reasons`` why it cannot PASS.
    """

    rows: list[tuple[Evidence, int]]
    objections: tuple[Objection, ...]
    unsupported: list[str]
    reasons: list[str]


def weighed(measurement: Measurement, rates: ErrorRates, conditions: RunConditions) -> Weighed:
    """The evidence of a run as it is judged."""
    audited, barring = (
        _audited(measurement, rates, conditions),
        unsupported(measurement, conditions),
    )
    rows = [replace(row, open_still=audited.hidden) for row in evidence(measurement, rates)]
    return Weighed(
        rows=list(zip(rows, audited.doubtful, strict=True)),
        objections=audited.objections,
        unsupported=barring,
        reasons=barring + _incomplete(measurement, conditions),
    )


def evidence(measurement: Measurement, rates: ErrorRates) -> list[Evidence]:
    """The counts of each row with its design effect, multiplied by that of repeated pairs."""
    histogram = measurement.non_mated.histogram
    claimed = tuple(rate for _, rate in rates.rows)
    if alike := measurement.look_alikes:
        repeats = measurement.non_mated.pairs.result().times if histogram.n else 1.0
        return list(stratified(claimed, *measurement.strata(), alike.share, repeats))
    effects, shown, growing = (
        _effects(measurement, measurement.non_mated, claimed, of=of)
        for of in (design_effects, shown_effects, growths)
    )
    seen = zip(claimed, histogram.matches, effects, shown, growing, strict=True)
    return [
        Evidence(
            claimed=rate,
            k=int(k),
            n=histogram.n,
            design_effect=effect,
            shown_effect=own,
            growth=growth if histogram.n else 0.0,
        )
        for rate, k, effect, own, growth in seen
    ]


def _rows(  # noqa: PLR0913, PLR0917 - all that a row is made of
    measurement: Measurement,
    rates: ErrorRates,
    rule: Rule,
    up_to: float,
    fitted: tail.Tail | None,
    audited: Audit,
) -> list[Row]:
    """Rows beyond ``up_to`` are judged by themselves, so they cost the others nothing."""
    seen = evidence(measurement, rates)
    mated = measurement.mated
    false_non_match = _rates(measurement, mated, rule.alpha, mated.histogram.n)
    false_rejection = _rates(measurement, mated, rule.alpha, mated.attempted, mated.failed)
    by_pair = measurement.fmr_by_pair_of_people().tolist()
    by_person = _by_person(measurement)
    judged = judged_rows(measurement.sign, rates, up_to)
    judgements = _judged(seen, judged, rule, audited)
    return [
        Row(
            threshold=measurement.sign * rates.thresholds[place],
            measured_at=measurement.thresholds[place],
            claimed=row.claimed,
            verdict=judgement.verdict,
            judged=place < judged,
            k=row.k,
            n=row.n,
            fmr=row.rate,
            interval=judgement.interval,
            design_effect=row.design_effect,
            still_needed=judgement.still_needed,
            people_needed=people,
            answers_missing=judgement.answers_missing,
            extrapolated=_extrapolated(fitted, measurement.thresholds[place], row, judgement),
            k_above=int(measurement.non_mated.histogram.above[place]),
            sensitivity=sensitivity,
            gfar=sensitivity.lower,
            fnmr=false_non_match[place],
            tmr=false_non_match[place].complement,
            gfrr=false_rejection[place],
            fmr_by_pair_of_people=by_pair[place],
            fnmr_by_person=by_person[place],
        )
        for place, (row, judgement, people, sensitivity) in enumerate(
            zip(
                seen,
                judgements,
                _people_needed(measurement, seen, judgements, rule),
                _sensitivities(measurement, seen),
                strict=True,
            )
        )
    ]


def _by_person(measurement: Measurement) -> list[float]:
    """The mean FNMR of people at each row; NaN where there are no mated comparisons."""
    shares = measurement.shares(measurement.mated)
    if not (measurement.mated.histogram.n and shares.people):
        return [math.nan] * len(measurement.thresholds)
    some = np.flatnonzero(shares.tried)
    means: list[float] = (shares.events[:, some] / shares.tried[some]).mean(axis=1).tolist()
    return means


def _people_needed(
    measurement: Measurement, rows: list[Evidence], judgements: list[Judgement], rule: Rule
) -> list[int]:
    """For each row how many people it takes, where more comparisons of these would not do."""
    shares = measurement.shares(measurement.non_mated)
    if not (measurement.non_mated.histogram.n and shares.people):
        return [0] * len(rows)
    claimed = tuple(row.claimed for row in rows)
    needed = []
    for row, judgement, spread in zip(rows, judgements, spreads(shares, claimed), strict=True):
        limit = rule.tolerance * row.claimed
        if isinstance(row, StratifiedEvidence):
            open_ = judgement.verdict == Verdict.INCONCLUSIVE and not judgement.answers_missing
            more = open_ and not judgement.still_needed
            needed.append(row.people_needed(shares.people, rule) if more else 0)
            continue
        effective = (row.n + judgement.still_needed) / row.effect_at(limit)
        able = not judgement.still_needed or math.isfinite(
            comparisons_of(shares.people, effective, limit, spread)
        )
        needed.append(0 if able else people_for(effective, limit, spread))
    return needed


def judged_rows(sign: float, rates: ErrorRates, up_to: float) -> int:
    """How many rows are judged; ``sign`` is -1 if lower scores are closer."""
    limit = up_to if math.isinf(up_to) else sign * up_to
    return sum(threshold <= limit for threshold in rates.thresholds)


def _overall(verdicts: list[Verdict], remarks: list[str]) -> Verdict:
    verdict = overall(verdicts)
    return Verdict.INCONCLUSIVE if remarks and verdict == Verdict.PASS else verdict


def _judged(rows: list[Evidence], judged: int, rule: Rule, audited: Audit) -> list[Judgement]:
    """The rows of the table; those that are not to be judged cost the others nothing."""
    rows = [replace(row, open_still=audited.hidden) for row in rows]
    doubtful = list(audited.doubtful)
    return held(rows[:judged], doubtful[:judged], rule, audited) + held(
        rows[judged:], doubtful[judged:], rule, audited
    )


def _sensitivities(measurement: Measurement, rows: list[Evidence]) -> list[Interval]:
    """The FMR of each row if all refused comparisons were non-matches, and if all were matches."""
    counts = measurement.non_mated
    found = []
    for row in rows:
        strata = [(1.0, row, counts.failed)]
        if isinstance(row, StratifiedEvidence):
            refused = measurement.refused_strata()
            weights = (row.share, 1 - row.share)
            strata = list(zip(weights, (row.top, row.rest), refused, strict=True))
        tried = [(weight, one.k, one.n + failed, failed) for weight, one, failed in strata]
        ends = [
            sum(weight * (k + more * failed) / max(n, 1) for weight, k, n, failed in tried)
            for more in (0, 1)
        ]
        found.append(Interval(*ends))
    return found


def _rates(
    measurement: Measurement, counts: ComparisonCounts, alpha: float, n: int, failed: int = 0
) -> list[Rate]:
    """Events and failed comparisons among n, for each row."""
    effects = _effects(measurement, counts)
    return [
        measured(int(k) + failed, n, effect, alpha)
        for k, effect in zip(counts.events, effects, strict=True)
    ]


def unsupported(measurement: Measurement, conditions: RunConditions) -> list[str]:
    """The reasons why these comparisons support no verdict, in sentences."""
    if not conditions.supports_rates:
        return ["These photos do not support error rates: they only try out the command."]
    if measurement.identities.people().origin == Origin.UNKNOWN:
        return []  # the audit says so
    people = measurement.shares(measurement.non_mated).people
    if 0 < people < LEAST_PEOPLE:
        return [
            f"Only {counted(people, 'person takes', 'people take')} part: with fewer than "
            f"{LEAST_PEOPLE} nobody can tell how much comparisons depend on who is in them."
        ]
    if measurement.look_alikes and (missing := _missing_stratum(measurement)):
        return [f"No comparison of {missing} has a score: both kinds are needed for a rate."]
    return []


def _missing_stratum(measurement: Measurement) -> str:
    """Which of look-alikes and others was not compared; "" if both were, or nothing was."""
    top, rest = (shares.comparisons for shares in measurement.strata())
    if bool(top) == bool(rest):
        return ""
    return "people who do not look alike" if top else "look-alikes"


def _incomplete(measurement: Measurement, conditions: RunConditions) -> list[str]:
    """Why these comparisons cannot PASS, whatever they are."""
    remarks = []
    if not conditions.complete:
        remarks.append("The run was interrupted: run the same command again to resume it.")
    answered = sum(counts.attempted for counts in measurement.kinds) + measurement.set_aside
    asked = answered + measurement.not_measured
    if measurement.not_measured > MOST_NOT_MEASURED * asked:
        hint = (
            "In a file of scores these are empty ones without a code: if they were refused, add a "
            "column `code`."
        )
        if conditions.troubles:
            hint = "Fix the cause, then run the same command again."
        asked_in_all = counted(asked, "comparison")
        remarks.append(f"{measurement.not_measured:,} of {asked_in_all} got no response. {hint}")
    return remarks


def _effects(
    measurement: Measurement,
    counts: ComparisonCounts,
    claimed: tuple[float, ...] = (),
    of: Callable[[Shares, tuple[float, ...]], list[float]] = design_effects,
) -> list[float]:
    """Design effects; a pair that was given several times is evidence once."""
    if not counts.histogram.n:
        return [1.0] * len(counts.histogram.thresholds)
    repeats = counts.pairs.result().times
    shares = measurement.shares(counts)
    distinct = replace(shares, tried=shares.tried / repeats, events=shares.events / repeats)
    return [repeats * effect for effect in of(distinct, claimed)]


def _tail(measurement: Measurement, rows: list[Evidence]) -> tail.Tail | None:
    """Fitted at 1e-3, with the design effect of the row that lies nearest; to random pairs only."""
    if measurement.look_alikes:
        return None
    nearest = min(rows, key=lambda row: abs(math.log(row.claimed / tail.RATE_AT_FIT)))
    return tail.fit(measurement.non_mated.histogram, nearest.design_effect)


def _extrapolated(
    fitted: tail.Tail | None, threshold: float, row: Evidence, judgement: Judgement
) -> Extrapolated | None:
    if fitted is None or judgement.verdict != Verdict.INCONCLUSIVE:
        return None
    return Extrapolated(
        label=tail.extrapolate(fitted, threshold, row.claimed),
        rate=fitted.rate_at(threshold),
        interval=fitted.interval_at(threshold),
    )


def _equal_error(measurement: Measurement) -> Rate | None:
    non_mated, mated = measurement.kinds
    if measurement.look_alikes or not (non_mated.histogram.n and mated.histogram.n):
        return None
    row = _nearest(measurement, crossing(non_mated.histogram, mated.histogram))
    effects = _effects(measurement, non_mated)[row], _effects(measurement, mated)[row]
    return equal_error_rate(non_mated.histogram, mated.histogram, effects)


def _nearest(measurement: Measurement, threshold: float) -> int:
    """The row whose threshold is nearest: its design effects hold for what lies between rows."""
    return int(np.argmin(np.abs(np.array(measurement.thresholds) - threshold)))


def _operating_points(measurement: Measurement, rates: ErrorRates) -> list[OperatingPoint]:
    """None where pairs were not drawn at random, of which no histogram tells a rate."""
    if measurement.look_alikes:
        return []
    return [_operating_point(measurement, rate) for _, rate in rates.rows]


def _operating_point(measurement: Measurement, fmr: float) -> OperatingPoint:
    non_mated, mated = measurement.kinds
    threshold = threshold_for(non_mated.histogram, fmr)
    if threshold is None or not mated.histogram.n:
        return OperatingPoint(fmr=fmr, threshold=threshold, tmr=None)
    edges = mated.histogram.edges
    first = int(np.searchsorted(edges, threshold))
    matches = int(mated.histogram.bins[first:].sum())
    effect = _effects(measurement, mated)[_nearest(measurement, threshold)]
    rate = measured(matches, mated.histogram.n, effect)
    return OperatingPoint(fmr=fmr, threshold=threshold, tmr=rate)


def _acquired(measurement: Measurement) -> Acquired:
    result = measurement.acquisition()
    names = measurement.identities.photos.names
    return Acquired(
        tried=result.tried,
        failed=[names[photo] for photo in result.failed],
        left_open=[names[photo] for photo in result.open_],
        rate=measured(len(result.failed), result.tried) if result.tried else None,
    )


def _decimals(measurement: Measurement) -> int | None:
    decimals = max(counts.rounding.decimals for counts in measurement.kinds)
    return None if decimals == FULL else decimals
