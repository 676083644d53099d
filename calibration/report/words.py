"""Verdicts and findings in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile

from calibration.judging.findings import (
    DegradedRow,
    Findings,
    GroupDifferential,
    Impostors,
    PairedRow,
    RequiredRow,
    Row,
)
from calibration.objections import Effect
from calibration.report.numbers import about, out_of, percent_between, rate, two_digits, whole
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.differentials import Ratio
from calibration.statistics.verdicts import Rule, Verdict
from verikit.contract import load_contract
from verikit.errors import OTHER_KEY
from verikit.foreign_text import shown
from verikit.plural import counted

_CAUSES = 3
_INVALID_ARGUMENT = load_contract().codes["INVALID_ARGUMENT"].code


def decision(findings: Findings) -> str:
    """Both error rates at one judged threshold, in a sentence for a buyer.

    It gives the worst rates that the evidence allows; for a row that FAILs, the best.
    """
    place = decided(findings)
    if place is None or not findings.rows[place].n:
        return "These comparisons do not support an error rate."
    row = findings.rows[place]
    failed = row.judged and row.verdict == Verdict.FAIL
    bound = row.interval.lower if failed else row.interval.upper
    of = max(out_of(bound), out_of(10 * row.claimed))
    few = whole(of * bound, up=not failed)
    claimed = f"{row.claimed * of:,.0f}"
    accepted = (
        f"At {row.threshold:g}{'' if row.judged else ' (not judged)'}, of {of:,} "
        f"{_strangers(findings)} at {'least' if failed else 'most'} {few:,} {_are(few)} "
        f"accepted ({claimed} claimed)"
    )
    return f"{accepted}; {_turned_away(findings, row)}.{_levels_told(findings)}"


def customers(findings: Findings) -> str:
    """The comparisons that FNMR and GFRR are of, each with its people."""
    scored = (
        f"{counted(findings.mated, 'comparison')} of "
        f"{counted(findings.mated_people, 'person', 'people')} with themselves"
    )
    if not findings.refused_mated:
        return scored
    return (
        f"{scored}, and {findings.refused_mated:,} refused ones, of "
        f"{counted(findings.attempted_people, 'person', 'people')} in all"
    )


def _levels_told(findings: Findings) -> str:
    """The level of the first sentence, if it is not the usual one, or not the verdict's."""
    level, required = findings.rule.confidence, _required_level(findings)
    if required is not None:
        return (
            f" These bounds hold at {100 * level:g} %; the verdict is at {100 * required:g} %, as "
            "required."
        )
    return "" if level == Rule().confidence else f" These bounds hold at {100 * level:g} %."


def _required_level(findings: Findings) -> float | None:
    """The confidence of the required rates, if it differs from that of all others."""
    asked = findings.standard.confidence if findings.required and findings.standard else None
    return asked if asked is not None and round(asked - findings.rule.confidence, 9) else None


def decided(findings: Findings) -> int | None:
    """The index of the row in the headline; None if no row is judged.

    It is the row at the recommended threshold if the verdict includes it, else the strictest row
    that the verdict includes.
    """
    judged = [place for place, row in enumerate(findings.rows) if row.judged]
    if not judged:
        return None
    required = {one.threshold for one in findings.required if one.measure == "fmr"}
    about = [n for n, row in enumerate(findings.rows) if row.threshold in required] or judged
    return findings.operating if findings.operating in about else about[-1]


def failing_groups(findings: Findings) -> str:
    """The groups that FAIL, in sentences for the headline; empty if none does."""
    failed = [row.label for row in findings.groups if row.verdict == Verdict.FAIL]
    of = "" if findings.clusters else "group"
    told = _fail(failed, of, f"at {findings.rows[findings.operating].threshold:g}")
    for one in dict.fromkeys(row.requirement for row in findings.required_of_groups):
        rows = [row for row in findings.required_of_groups if row.requirement == one]
        groups = [row.group or "" for row in rows if row.verdict == Verdict.FAIL]
        told += _fail(groups, of, f"({one})")
    if told and findings.clusters:
        told.append("Clusters are of look-alikes, which no claim is about.")
    return " ".join(told)


def differing_groups(findings: Findings) -> str:
    """The rates that are shown to differ between groups, in a sentence for the headline; empty if
    none is, or nobody gave the groups."""
    told = dict.fromkeys(
        f"{one.measure} (highest: {one.highest})"
        for one in findings.differentials
        if one.differ and one.highest
    )
    if findings.clusters or not told:
        return ""
    at = findings.rows[findings.operating].threshold
    return f"Groups differ at {at:g} in {_listing([*told])}."


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _fail(groups: list[str], of: str, at: str) -> list[str]:
    if not groups:
        return []
    several = len(groups) > 1
    subject = f"{of}{'s' if of and several else ''} {_listing(groups)}".strip()
    return [f"{subject[0].upper()}{subject[1:]} {'FAIL' if several else 'FAILs'} {at}."]


def groups_are(findings: Findings) -> str:
    """What groups are that nobody gave, "" where they were given."""
    made = findings.clusters
    if made is None:
        return ""
    return (
        f"{made.number} clusters of look-alike people made from {shown(made.source)}'s templates, "
        "not demographic groups"
    )


def clusters(findings: Findings) -> str:
    """What clusters can show, "" where groups were given."""
    made = findings.clusters
    if made is None:
        return ""
    left = made.without_template
    nobody = f"{counted(left, 'person', 'people')} without a template {_are(left)} in none. "
    return (
        f"{nobody if left else ''}People of a cluster look alike, so they are confused more often "
        "than people at random, and a cluster may FAIL though the claim, which is about random "
        "pairs, is kept. That the FMR of clusters differs says that people of some looks are "
        "confused with each other more often than those of others, not that any demographic group "
        "is; that no difference is shown excludes neither. Clusters may also be of photos, such as "
        "blurred ones: that shows in their FNMR."
    )


def _strangers(findings: Findings) -> str:
    """What non-mated comparisons are of."""
    return "strangers of the same group" if of_same_group(findings) else "strangers"


def of_same_group(findings: Findings) -> bool:
    """Whether verdicts are about impostors of the same group."""
    return findings.impostors is not None and findings.impostors.judged_alone


def look_alikes(findings: Findings) -> Impostors | None:
    """Look-alikes, where these were asked first."""
    found = findings.impostors
    return None if found is None or found.judged_alone else found


def _turned_away(findings: Findings, row: Row) -> str:
    told = not math.isnan(row.gfrr.rate)
    rate = row.gfrr if told else row.fnmr
    if math.isnan(rate.rate):
        return "how many customers are rejected was not measured"
    ends = rate.interval
    of = max(100, out_of(ends.upper))
    low, middle, high = (round(of * share) for share in (ends.lower, rate.rate, ends.upper))
    people = findings.attempted_people if told else findings.mated_people
    missing = findings.unanswered_mated
    unknown = f"; {counted(missing, 'comparison')} without a response" if missing else ""
    return (
        f"of {of:,} customers {middle:,} {_are(middle)} {'rejected' if told else 'not matched'} "
        f"(between {low:,} and {high:,}; {counted(people, 'person', 'people')}"
        f"{unknown})"
    )


def summary(findings: Findings) -> str:
    """The verdict on the table, its terms, and the result on other terms, in sentences."""
    judged = [row.threshold for row in findings.rows if row.judged]
    every = [row.threshold for row in findings.rows]
    rule, terms = findings.rule, ""
    if judged:
        rows = f"{judged[0]:g} to {judged[-1]:g}"
        if judged != every:
            rows += f" of {every[0]:g} to {every[-1]:g} (--up-to)"
        if findings.claims and findings.table_verdict == Verdict.INCONCLUSIVE:
            rows += f" in {shown(findings.claims)}"
        terms = (
            f"Judged: {rows}; tolerance {rule.tolerance:g}, confidence {100 * rule.confidence:g} %"
            f"{'; impostors of the same group' if of_same_group(findings) else ''}."
        )
    others = [one.text for one in findings.objections if one.kind in {"other terms", "review"}]
    return " ".join(part for part in (_summary(findings), terms, *others) if part)


def _claimed(findings: Findings) -> str:
    """Whose rate is judged: a verdict on a table that somebody made must name it."""
    return f"that of {shown(findings.claims)}" if findings.claims else "the documented one"


def _summary(findings: Findings) -> str:
    judged = [row for row in findings.rows if row.judged]
    tolerance = f"{findings.rule.tolerance:g}"
    if findings.table_verdict == Verdict.PASS:
        return (
            f"At every judged threshold the false match rate is shown to be at most {tolerance} "
            f"times {_claimed(findings)}."
        )
    if findings.table_verdict == Verdict.FAIL:
        failed = _listing([f"{row.threshold:g}" for row in judged if row.verdict == Verdict.FAIL])
        return f"The false match rate is shown to be above {_claimed(findings)} at {failed}."
    reasons = [*findings.remarks, *barring(findings)]
    missing = [row for row in judged if row.verdict == Verdict.INCONCLUSIVE]
    if reasons or not missing:
        return " ".join(reasons)
    return _undecided(findings, missing)


def _undecided(findings: Findings, missing: list[Row]) -> str:
    """What rows need that are neither shown to be right nor to be wrong."""
    if unanswered := [f"{row.threshold:g}" for row in missing if row.answers_missing]:
        return (
            f"The evidence does not decide {_listing(unanswered)}: not pairs are missing but "
            "scores for pairs that were refused, or have none, for no known reason."
        )
    if not any(row.still_needed or row.people_needed for row in missing):
        rows = _listing([f"{row.threshold:g}" for row in missing])
        return f"The evidence is doubtful at {rows}: see the findings about the data."
    rows = _listing([f"{row.threshold:g}" for row in missing])
    if people := max(row.people_needed for row in missing):
        return (
            f"The evidence does not decide {rows}: that takes about {about(people)} people, and "
            f"more comparisons of these {findings.people:,} would not do."
        )
    most = max(row.still_needed for row in missing)
    return (
        f"The evidence does not decide {rows}: about {about(most)} more non-mated comparisons "
        "would, if the table is right."
    )


def required_summary(findings: Findings) -> str:
    """The verdict on what is required, as a sentence."""
    rows, standard = findings.required, findings.standard
    named = standard.title if standard else "what is required"
    if findings.verdict == Verdict.PASS:
        return f"Every required rate is shown to be kept ({named})."
    if failed := [row for row in rows if row.verdict == Verdict.FAIL]:
        listed = "; ".join(
            f"{row.requirement}, measured "
            f"{two_digits(row.rate) if row.limit > 1 else rate(row.rate)}"
            for row in failed
        )
        return f"Shown to be broken: {listed} ({named})."
    if reasons := [*findings.remarks, *barring(findings)]:
        return " ".join(reasons)
    missing = [row for row in rows if row.verdict == Verdict.INCONCLUSIVE]
    listed = "; ".join(f"{row.requirement}{_needs(row)}" for row in missing)
    return f"The evidence does not decide {listed} ({named})."


def _needs(row: RequiredRow) -> str:
    """What a required rate needs that is not decided."""
    if not row.n:
        return f" (not measured: {_why_unmeasured(row.measure)})"
    if more := required_more(row):
        return f" (about {more} would, if the rate stays)"
    return " (comparisons without a response keep it open)" if row.open_still else ""


def _why_unmeasured(measure: str) -> str:
    if measure in {"fta", "gfrr"}:
        return "no column code tells which comparisons were refused"
    if measure.endswith("-differential"):
        return f"fewer than two groups have {LEAST_PEOPLE} people"
    return f"there is no {'mated' if measure == 'fnmr' else 'non-mated'} comparison"


def required_more(row: RequiredRow) -> str:
    """What a required rate still needs; empty if nothing.

    Mated comparisons and photos are evidence by person, so that more of the same people add little.
    """
    if not row.still_needed:
        return ""
    if row.people_needed:
        return f"{about(row.people_needed)} people in all"
    if row.measure == "fmr":
        return f"{about(row.still_needed)} more non-mated comparisons"
    if not row.n:
        return f"{about(row.still_needed)} of different people"
    return f"{about(math.ceil(row.people * (1 + row.still_needed / row.n)))} people in all"


def apart(one: GroupDifferential) -> str:
    """What the interval of a ratio shows, in words."""
    if not one.differ:
        return "no difference shown"
    if one.ratio == Ratio.SAME_GROUP:
        return "people of one group are confused more often"
    return "groups differ"


def where_the_claim_ends(rows: Sequence[DegradedRow]) -> list[str]:
    """For each kind of degradation the mildest strength at which the table FAILs."""
    told = []
    for kind in dict.fromkeys(row.kind for row in rows):
        ours = [row for row in rows if row.kind == kind]
        failed = [row for row in ours if row.verdict == Verdict.FAIL]
        text = "no false match rate above the claim is shown"
        if failed:
            text = f"first above the claim at strength {failed[0].strength} ({failed[0].setting})"
        elif held := [*takewhile(lambda row: row.verdict == Verdict.PASS, ours)]:
            rest = "" if len(held) == len(ours) else ", and is not shown to be broken beyond it"
            text = f"the claim holds up to strength {held[-1].strength}{rest}"
        told.append(f"{kind}: {text}")
    return told


def worst_photos(findings: Findings) -> str:
    """The relation of photo quality and FNMR in a sentence; empty if there are no qualities."""
    if findings.quality is None:
        return ""
    row = findings.quality.rows[findings.operating]
    if row.worst is None or row.times is None or math.isnan(row.times):
        return (
            "Too many comparisons are of the lowest quality, or none went wrong, to compare them."
        )
    upper = f"{row.interval.upper:.2g}" if math.isfinite(row.interval.upper) else "any number"
    times = f"{row.times:.2g}" if math.isfinite(row.times) else "infinitely many"
    shown = (
        "so quality tells who is not matched" if row.interval.lower > 1 else "no difference shown"
    )
    return (
        f"At {row.threshold:g} the worst {100 * row.worst:.2g} % of comparisons are not matched "
        f"{times} times as often as the rest (between {row.interval.lower:.2g} and {upper}): "
        f"{shown}."
    )


def kind_of(row: PairedRow) -> str:
    """Whether a comparison of releases is of mated or of non-mated pairs."""
    return "non-mated" if row.measure in {"FMR", "GFAR"} else "mated"


def uncompared(row: PairedRow) -> str:
    """The pairs that two releases cannot be compared on, in sentences; empty if there are none."""
    told = ""
    if row.open_still:
        told += (
            f". {counted(row.open_still, f'{kind_of(row)} pair')} in both files "
            f"{'has' if row.open_still == 1 else 'have'} an answer in one alone: the interval "
            "allows for any"
        )
    if row.in_one_file:
        told += (
            f". {counted(row.in_one_file, f'{kind_of(row)} pair')} {_are(row.in_one_file)} "
            "answered in one file and not in the other, and left out"
        )
    return f"{told}." if told else ""


def more_needed(row: Row, *, short: bool = False) -> str:
    """What a row still needs: comparisons, people, or scores; empty if nothing."""
    if row.answers_missing:
        return "scores"
    if row.people_needed:
        return f"{about(row.people_needed, short=short)} people"
    return about(row.still_needed, short=short) if row.still_needed else ""


def interval_of(findings: Findings) -> str:
    """The heading of a column of intervals."""
    return f"{100 * (1 - findings.rule.alpha):g} % interval"


def levels(findings: Findings) -> str:
    """Why an interval may reach beyond what a verdict excludes, in sentences."""
    both = 100 * findings.rule.alpha
    told = (
        f" Each interval holds for its rate alone and leaves {both / 2:g} % of doubt on either "
        f"side ({both:g} % above a rate without an error); a PASS leaves {both:g} % on one, so an "
        "interval may reach a little beyond what a PASS excludes."
    )
    if asked := _required_level(findings):
        told += (
            f" Required rates are told and judged at {100 * asked:g} %, all others at "
            f"{100 * findings.rule.confidence:g} %."
        )
    return told


def barring(findings: Findings) -> list[str]:
    """The texts of the objections that prevent a verdict or a PASS."""
    return [one.text for one in findings.objections if one.effect != Effect.SHOWN]


def answered(findings: Findings) -> str:
    """The counts of scored, refused and failed comparisons, and of photos without a face."""
    refused = findings.refused_non_mated + findings.refused_mated
    asked = findings.non_mated + findings.mated + refused + findings.not_measured
    text = (
        f"{counted(asked, 'comparison')}: {findings.non_mated + findings.mated:,} scored, "
        f"{refused:,} refused, {findings.not_measured:,} without a response{causes(findings)}."
    )
    if findings.impostors and of_same_group(findings):
        text += f" {findings.impostors.n_across:,} more, across groups, are for comparison."
    if asked == findings.not_measured > 0:
        return f"{text} `verikit verify` with two photos and this URL says why."
    if asked == refused and set(findings.refused) == {_INVALID_ARGUMENT}:
        return f"{text} {OTHER_KEY}"
    photos = findings.acquired
    if not photos.tried:
        return text
    failed = f"{text} No face found in {len(photos.failed):,} of {counted(photos.tried, 'photo')}"
    left = f", {len(photos.left_open):,} left open" if photos.left_open else ""
    rates = (
        f" (FTA {percent_between(photos.rate)})" if findings.supports_rates and photos.rate else ""
    )
    return f"{failed}{rates}{left}."


def causes(findings: Findings) -> str:
    """The most frequent reasons why comparisons have no answer, in parentheses."""
    told = [f"{shown(why, limit=160)}: {k:,}" for why, k in findings.troubles.items()]
    more = ["others"] if len(told) > _CAUSES else []
    return f" ({'; '.join([*told[:_CAUSES], *more])})" if told else ""


def people(findings: Findings) -> str:
    """The number of people, and how they are known, in sentences."""
    if findings.people_unknown:
        return "The identities are unknown."
    return (
        f"{counted(findings.people, 'person takes', 'people take')} part in non-mated comparisons. "
        f"People given: "
        f"{findings.people_given:,}, inferred: {findings.people_inferred:,} "
        f"({findings.people_from})."
    )


def _listing(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
