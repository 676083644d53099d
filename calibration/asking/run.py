"""A run against a server: what is asked, when it has decided, and what its answers come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from calibration.asking.answers import Answer, Kept
from calibration.asking.collect import Limits
from calibration.asking.server import RequestPolicy, Target
from calibration.asking.watch import Watch, block_of
from calibration.counting.comparisons import Measurement
from calibration.evaluation import Evaluation, new_measurement, versions
from calibration.judging import RunConditions, evidence, unsupported
from calibration.sources.labelled import Labelled
from calibration.sources.sampling import Plan
from calibration.statistics.verdicts import Rule, Verdict, judge, overall
from verikit.contract import Contract


@dataclass(frozen=True, kw_only=True)
class Run:
    """``options`` are the contract's own, sent with every request; ``folder`` keeps the answers."""

    target: Target
    labelled: Labelled
    folder: Path
    limits: Limits
    policy: RequestPolicy
    rule: Rule
    options: Mapping[str, bool]
    seed: int = 1
    mated_share: float = 0.1
    until_decided: bool = False
    up_to: float = float("inf")

    @property
    def plan(self) -> Plan:
        """Which pair is asked when."""
        return Plan(self.labelled.pairs, seed=self.seed, mated_share=self.mated_share)

    @property
    def comparisons(self) -> int:
        """How many places of the plan may be asked."""
        return min(self.limits.comparisons, len(self.plan))

    @property
    def head(self) -> dict[str, Any]:
        """What makes it this run and no other."""
        return {
            "url": self.target.url,
            "pairs": self.labelled.pairs.digest(),
            "seed": self.seed,
            "mated_share": self.mated_share,
            "options": dict(self.options),
        }


def watch_of(run: Run, contract: Contract) -> Watch | None:
    """Stops when a row has FAILed or all that are judged PASS, and enough people took part."""
    if not run.until_decided:
        return None
    rule = Rule(tolerance=run.rule.tolerance, alpha=run.rule.alpha, at_any_time=True)

    def decided(measurement: Measurement) -> bool:
        if unsupported(measurement, RunConditions(supports_rates=run.labelled.supports_rates)):
            return False
        seen = evidence(measurement, contract.error_rates)
        rows = zip(contract.error_rates.thresholds, seen, strict=True)
        judged = judge([row for threshold, row in rows if threshold <= run.up_to], rule)
        return overall([row.verdict for row in judged]) != Verdict.INCONCLUSIVE

    return Watch(new_measurement(contract), decided)


def counted(kept: Kept, contract: Contract, stop_at: int | None = None) -> Measurement:
    """The answers, counted in the order of the plan up to where it decided."""
    measurement = new_measurement(contract)
    for answers in chain(_up_to(stop_at, kept.shards()), [kept.alone]):
        if answers:
            measurement.add(block_of(answers, measurement))
    return measurement


def open_photos(kept: Kept, contract: Contract) -> list[str]:
    """Photos that may or may not show a face to the server, as far as pairs tell."""
    measurement = counted(kept, contract)
    names = measurement.identities.photos.names
    return [names[photo] for photo in measurement.acquirer.result().open_]


def evaluation_of(
    run: Run, contract: Contract, kept: Kept, watch: Watch | None, *, complete: bool
) -> Evaluation:
    """What is judged."""
    return Evaluation(
        title=f"{run.target.url} on {run.labelled.title}",
        measurement=counted(kept, contract, watch.stop_at if watch else None),
        conditions=RunConditions(
            complete=complete, supports_rates=run.labelled.supports_rates, up_to=run.up_to
        ),
        provenance=_provenance(run, kept),
        in_random_order=True,
        at_any_time=run.until_decided or not _as_planned(kept),
        photos=run.labelled.photos,
    )


def _as_planned(kept: Kept) -> bool:
    """Whether it ended where it was to end before anything was seen: only then may it be judged
    by the rule that looks once."""
    return kept.ended == "budget" and not kept.extended


def _up_to(stop_at: int | None, shards: Iterator[list[Answer]]) -> Iterator[list[Answer]]:
    for answers in shards:
        if stop_at is None:
            yield answers
            continue
        counting = [a for a in answers if a.place is not None and a.place < stop_at]
        if not counting:
            return
        yield counting


def _provenance(run: Run, kept: Kept) -> dict[str, str]:
    pairs = run.labelled.pairs
    return {
        "server": run.target.url,
        "calls itself": kept.software or "nothing",
        "options": ", ".join(f"{k}={v}".lower() for k, v in run.options.items()) or "none",
        "data": run.labelled.title,
        "pairs": f"{pairs.size(mated=False):,} non-mated, {pairs.size(mated=True):,} mated",
        "SHA-256 of the pairs": pairs.digest(),
        "seed": str(run.seed),
        "mated share": f"{run.mated_share:g}",
        "answers": f"{len(kept):,} of a plan of {len(run.plan):,} in {kept.path}",
        "ended": kept.ended or "interrupted",
    } | versions()
