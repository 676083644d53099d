"""Repeats a run with degraded photos: the same pairs, each setting in a folder of its own."""

from __future__ import annotations

from dataclasses import replace

from calibration.asking.run import Asker, Run, Tell, evaluate
from calibration.evaluation import Evaluation
from calibration.judging.findings import DegradedRow
from calibration.judging.judgement import find
from calibration.sources.degradations import EVERY, Degradation, Degraded
from verikit.contract import Contract


def evaluate_degraded(run: Run, contract: Contract, tell: Tell, asker: Asker) -> list[DegradedRow]:
    """Ask about the pairs of a run in every setting; fewer rows if the run is interrupted.

    Raises:
        VerikitError: as ``evaluate``.
    """
    rows: list[DegradedRow] = []
    for how in EVERY:
        again = _degraded(run, how)
        evaluation = evaluate(again, contract, tell, asker)
        if not evaluation.conditions.complete:
            break
        rows.append(_row(how, again, evaluation))
    return rows


def _degraded(run: Run, how: Degradation) -> Run:
    """Judged together with all other settings (Bonferroni)."""
    photos = Degraded(run.labelled.photos, how, run.choice.seed)
    return replace(
        run,
        choice=replace(run.choice, degraded=how),
        labelled=replace(run.labelled, photos=photos),
        rule=replace(run.rule, alpha=run.rule.alpha / len(EVERY)),
        folder=run.folder / "degraded" / str(how),
        standard=None,
    )


def _row(how: Degradation, run: Run, evaluation: Evaluation) -> DegradedRow:
    rule = replace(run.rule, at_any_time=evaluation.at_any_time)
    found = find(evaluation.measurement, evaluation.claims.rates, rule, evaluation.conditions)
    row = found.rows[found.operating]
    refused = found.refused_mated + found.refused_non_mated
    return DegradedRow(
        kind=how.kind,
        component=how.component,
        strength=how.strength,
        setting=how.setting,
        verdict=found.table_verdict,
        asked=refused + found.mated + found.non_mated,
        refused=refused,
        fnmr=row.fnmr,
        gfrr=row.gfrr,
        k=row.k,
        n=row.n,
        fmr=row.fmr,
        interval=row.interval,
        confidence=rule.confidence,
    )
