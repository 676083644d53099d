"""A subject from a server: asks it about labelled pairs and counts the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.calibration.collect import Collector, Limits
from conformance.calibration.journal import Answer, Journal
from conformance.calibration.judging import Circumstances, evidence, unsupported
from conformance.calibration.labelled import Labelled
from conformance.calibration.measurement import Measurement
from conformance.calibration.plan import Plan
from conformance.calibration.server import Manners, SealedPhotos, Server
from conformance.calibration.subject import Subject, new_measurement, versions
from conformance.calibration.verdicts import Rule, Verdict, judge, overall
from conformance.calibration.watch import Watch, block_of
from conformance.exchange import Target
from contract import Contract


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run against a server: ``options`` are the contract's own, sent with every request."""

    target: Target
    labelled: Labelled
    journal: Path
    limits: Limits
    manners: Manners
    rule: Rule
    options: Mapping[str, bool]
    seed: int = 1
    mated_share: float = 0.1
    until_decided: bool = False
    up_to: float = float("inf")
    room: int = 512 << 20

    @property
    def plan(self) -> Plan:
        """Which pair is asked when."""
        return Plan(self.labelled.pairs, seed=self.seed, mated_share=self.mated_share)

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


def from_server(run: Run, contract: Contract, tell: Callable[[Answer | int], None]) -> Subject:
    """Ask until the run's limits; ``tell`` hears how many are settled, then of each answer.

    Raises:
        SuiteError: a photo cannot be read, the journal is another run's, the server is gone.
    """
    journal = Journal(run.journal, run.head)
    watch = _watch(run, contract) if run.until_decided else None
    try:
        tell(sum(answer.trouble is None for answer in journal.answers))
        complete = asyncio.run(_collect(run, contract, journal, watch, tell))
    finally:
        journal.close()
    measurement = counted(journal, contract, watch.stop_at if watch else None)
    return Subject(
        title=f"{run.target.url} on {run.labelled.title}",
        measurement=measurement,
        circumstances=Circumstances(
            complete=complete, supports_rates=run.labelled.supports_rates, up_to=run.up_to
        ),
        provenance=_provenance(run, journal),
        in_random_order=True,
        at_any_time=run.until_decided or journal.extended,
        photos=run.labelled.photos,
    )


def counted(journal: Journal, contract: Contract, stop_at: int | None) -> Measurement:
    """The answers of a journal, counted in the order of the plan up to where it decided."""
    measurement = new_measurement(contract)
    answers = journal.answers[:stop_at] + journal.alone
    if answers:
        measurement.add(block_of(answers, measurement))
    return measurement


async def _collect(
    run: Run,
    contract: Contract,
    journal: Journal,
    watch: Watch | None,
    tell: Callable[[Answer | int], None],
) -> bool:
    photos = SealedPhotos(run.labelled.photos, run.target.secrets, run.room)
    server = Server(contract, run.target, photos, run.options, run.manners)
    plan = run.plan
    collector = Collector(plan, journal, server, watch, tell)
    try:
        complete = await collector.run(
            Limits(comparisons=min(run.limits.comparisons, len(plan)), seconds=run.limits.seconds)
        )
        if complete:
            await collector.settle(_open_photos(journal, contract))
    finally:
        await server.close()
    return complete


def _open_photos(journal: Journal, contract: Contract) -> list[str]:
    """Photos that may or may not show a face to the server, as far as pairs tell."""
    measurement = counted(journal, contract, None)
    names = measurement.roster.photos.names
    return [names[photo] for photo in measurement.acquirer.result().open_]


def _watch(run: Run, contract: Contract) -> Watch:
    """Stops when a row has FAILed or all that are judged PASS, and enough people took part."""
    rule = Rule(tolerance=run.rule.tolerance, alpha=run.rule.alpha, at_any_time=True)

    def decided(measurement: Measurement) -> bool:
        if unsupported(measurement, Circumstances(supports_rates=run.labelled.supports_rates)):
            return False
        seen = evidence(measurement, contract.error_rates)
        rows = zip(contract.error_rates.thresholds, seen, strict=True)
        judged = judge([row for threshold, row in rows if threshold <= run.up_to], rule)
        return overall([row.verdict for row in judged]) != Verdict.INCONCLUSIVE

    return Watch(new_measurement(contract), decided)


def _provenance(run: Run, journal: Journal) -> dict[str, str]:
    pairs = run.labelled.pairs
    return {
        "server": run.target.url,
        "calls itself": journal.software or "nothing",
        "options": ", ".join(f"{k}={v}".lower() for k, v in run.options.items()) or "none",
        "data": run.labelled.title,
        "pairs": f"{pairs.size(mated=False):,} non-mated, {pairs.size(mated=True):,} mated",
        "SHA-256 of the pairs": pairs.digest(),
        "seed": str(run.seed),
        "mated share": f"{run.mated_share:g}",
        "answers": f"{len(journal.by_place):,} of a plan of {len(run.plan):,} in {journal.path}",
        "ended": journal.ended or "interrupted",
    } | versions()
