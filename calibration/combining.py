"""Judges several runs, or files of scores, of one system together.

The product of e-values of independent runs is an e-value (Shafer, 2021; Vovk & Wang, 2021),
wherever each run stopped. Runs are independent if they share no people. A file of scores does not
name its system: the user vouches for that.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.claims import Claims
from calibration.evaluation import Evaluation, from_scores
from calibration.judging.judgement import weighed
from calibration.judging.table_rows import judged_rows
from calibration.objections import Effect
from calibration.sources.formats.run_file import FILE, is_run, open_run
from calibration.statistics import sequential
from calibration.statistics.verdicts import Evidence, Rule, Verdict, holm, overall
from verikit.contract import Contract
from verikit.errors import WrongUse
from verikit.foreign_text import shown

_FEW = 100
"""So few scores, if they are rounded, may be the same by chance."""


@dataclass(frozen=True, kw_only=True)
class CombinedRow:
    """A row over all runs: k false matches in n comparisons, and two e-values.

    ``e_pass`` is against "at least ``tolerance`` times the claim", ``e_fail`` against "at most the
    claim".
    """

    threshold: float
    claimed: float
    verdict: Verdict
    judged: bool
    k: int
    n: int
    e_pass: float
    e_fail: float


@dataclass(frozen=True, kw_only=True)
class Combined:
    """The result of all runs together; ``remarks`` say why they cannot PASS."""

    verdict: Verdict
    runs: list[str]
    people: int
    rule: Rule
    up_to: float
    rows: list[CombinedRow]
    remarks: list[str]


def combine(  # noqa: PLR0913 - what may be said about files
    sources: Sequence[Path],
    contract: Contract,
    claims: Claims,
    rule: Rule,
    up_to: float,
    *,
    columns: Mapping[str, str] | None = None,
    people: Path | None = None,
) -> Combined:
    """Judge runs (folders) and files of scores together; ``columns`` and ``people`` are as for
    ``from_scores`` and hold for every file that is no run.

    Raises:
        WrongUse: there is one alone, one is neither, they share people, or ask about other claims.
    """
    if len(sources) < 2:
        raise WrongUse("--combine takes two runs or files of scores at least.")
    files = [source / FILE if source.is_dir() else source for source in sources]
    if absent := next((path for path in files if not path.is_file()), None):
        raise WrongUse(f"{absent} is not there: name folders of runs, or files of scores.")
    ours = [path for path in files if is_run(path)]
    _demand_same_question(ours, claims)
    runs = [
        from_scores(path, contract, up_to, claims=claims)
        if path in ours
        else from_scores(path, contract, up_to, claims=claims, columns=columns, people=people)
        for path in files
    ]
    if any(run.measurement.look_alikes for run in runs):
        raise WrongUse("--combine does not apply to runs that ask look-alikes first.")
    names = [_people(run) for run in runs]
    for (one, these), (other, theirs) in itertools.combinations(zip(files, names, strict=True), 2):
        if both := sorted(these & theirs):
            raise WrongUse(
                f"{one} and {other} share {len(both):,} people, such as {shown(both[0])}: they "
                "are not independent. Judge them as one, or name people apart who are not the same."
            )
    for (one, run), (other, further) in itertools.combinations(zip(files, runs, strict=True), 2):
        if _same_scores(run, further):
            raise WrongUse(f"{one} and {other} hold the same scores: a copy is no new evidence.")
    remarks, barred, no_pass = [], False, False
    evidence = []
    for path, run in zip(files, runs, strict=True):
        found = weighed(run.measurement, claims.rates, rule, run.conditions)
        told = [one for one in found.objections if one.effect != Effect.SHOWN]
        remarks += [f"{path}: {text}" for text in (*found.reasons, *(one.text for one in told))]
        barred |= bool(found.unsupported) or any(o.effect == Effect.NO_VERDICT for o in told)
        no_pass |= bool(found.reasons) or bool(told)
        evidence.append(found.rows)
    judged = 0 if barred else judged_rows(claims.sign, claims.rates, up_to)
    rows = _rows(evidence, claims, rule, judged, no_pass=no_pass)
    return Combined(
        verdict=overall([row.verdict for row in rows if row.judged]),
        runs=[str(path) for path in files],
        people=sum(map(len, names)),
        rule=replace(rule, at_any_time=True),
        up_to=up_to,
        rows=rows,
        remarks=remarks,
    )


def _rows(
    evidence: Sequence[Sequence[tuple[Evidence, int]]],
    claims: Claims,
    rule: Rule,
    judged: int,
    *,
    no_pass: bool,
) -> list[CombinedRow]:
    against, beyond, sums = [], [], []
    for place, (_, claimed) in enumerate(claims.rates.rows):
        ours = [rows[place] for rows in evidence]
        limit = min(1.0, rule.tolerance * claimed)
        against.append(
            sum(
                sequential.log_evidence_below(*row.at_most(limit), limit, claimed)
                for row, _ in ours
            )
        )
        beyond.append(
            sum(
                sequential.log_evidence_above(
                    *replace(row, k=max(0, row.k - doubtful)).at_least(claimed), claimed, claimed
                )
                for row, doubtful in ours
            )
        )
        sums.append((sum(row.k for row, _ in ours), sum(row.n for row, _ in ours)))
    chances = holm([math.exp(-max(0.0, log)) for log in beyond[:judged]])
    chances += [1.0] * (len(sums) - judged)
    bar = -math.log(rule.alpha)
    rows = []
    for place, (threshold, claimed) in enumerate(claims.rows):
        verdict = Verdict.INCONCLUSIVE
        if against[place] >= bar:
            verdict = Verdict.INCONCLUSIVE if no_pass else Verdict.PASS
        elif chances[place] <= rule.alpha:
            verdict = Verdict.FAIL
        k, n = sums[place]
        rows.append(
            CombinedRow(
                threshold=threshold,
                claimed=claimed,
                verdict=verdict if place < judged else Verdict.INCONCLUSIVE,
                judged=place < judged,
                k=k,
                n=n,
                e_pass=math.exp(min(against[place], 700.0)),
                e_fail=math.exp(min(beyond[place], 700.0)),
            )
        )
    return rows


def _demand_same_question(files: Sequence[Path], claims: Claims) -> None:
    rows = [list(row) for row in claims.rows]
    asked = []
    for path in files:
        run = open_run(path)
        if run.claims is not None and run.claims != rows:
            raise WrongUse(f"{path} was asked about other claims: name them with --claims.")
        asked.append({name: run.head.get(name) for name in ("options", "api", "send", "impostors")})
        if asked[-1] != asked[0]:
            raise WrongUse(f"{files[0]} and {path} were asked with other options or impostors.")


def _people(run: Evaluation) -> set[str]:
    """Who took part, by name in lower case: exports differ in it."""
    names = run.measurement.identities.people().names
    seen: set[str] = set()
    for counts in run.measurement.kinds:
        tried = run.measurement.shares(counts).tried
        seen |= {names[person].strip().casefold() for person in tried.nonzero()[0].tolist()}
    return seen


def _same_scores(one: Evaluation, other: Evaluation) -> bool:
    """Whether two runs of more than a few comparisons have the same scores, whatever the names."""
    pairs = zip(one.measurement.kinds, other.measurement.kinds, strict=True)
    return one.measurement.non_mated.histogram.n > _FEW and all(
        a.histogram.n == b.histogram.n
        and a.spread == b.spread
        and np.array_equal(a.histogram.bins, b.histogram.bins)
        for a, b in pairs
    )
