"""A finished load test: what was measured, which gates it kept, and what casts doubt on it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from loadtests.gates import Judgement, judge_gates
from loadtests.ledger import Ledger
from loadtests.measures import Measures
from loadtests.server_watch import ServerWatch

KEPT, BROKEN, INCOMPLETE = 0, 1, 3
_BUSY_CORES = 0.85
_LATE_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a search: the rate tried, what it came to, and whether it kept the gates."""

    rate: float
    measures: Measures
    kept: bool
    generator_cores: float
    server_cores: float | None


@dataclass(kw_only=True)
class Outcome:
    """All that a report shows. ``ledger`` is the run itself, of a search the one at the knee."""

    url: str
    ledger: Ledger
    measures: Measures
    judged: list[Judgement]
    watch: ServerWatch
    begun: float
    steps: list[Step] = field(default_factory=list)
    knee: float | None = None
    ended: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def exit_code(self) -> int:
        """0 gates kept, 1 a gate broken, 3 incomplete or without a single answer."""
        if self.ledger.trouble and not self.ledger.aborted:
            return INCOMPLETE
        if not self.ledger.profile.search and not answered(self.measures):
            return INCOMPLETE
        if self.ledger.aborted:  # Answers that still came afterwards do not mend the gate.
            return BROKEN
        return KEPT if all(each.kept for each in self.judged) else BROKEN

    @property
    def span(self) -> tuple[float, float]:
        """When the measured stretch began and ended, on the watch's clock."""
        return self.begun + self.ledger.profile.warm_up, self.begun + self.ledger.clock

    @property
    def warnings(self) -> list[str]:
        """What casts doubt on the figures."""
        return generator_warnings(self.ledger)

    def plain(self) -> dict[str, Any]:
        """The report as plain values, what :mod:`loadtests.compare` reads included."""
        return {
            "verikit": version("verikit"),
            "url": self.url,
            "ended": self.ended.isoformat(timespec="seconds"),
            "profile": self.ledger.profile.plain(),
            "trouble": self.ledger.trouble,
            "exit_code": self.exit_code,
            "warnings": self.warnings,
            "measures": self.measures.plain(),
            "gates": [dataclasses.asdict(each) for each in self.judged],
            "knee": self.knee,
            "steps": [
                {**dataclasses.asdict(step), "measures": step.measures.plain()}
                for step in self.steps
            ],
            "generators": {name: node.cpu for name, node in self.ledger.nodes.items()},
            "generator_cores": self.ledger.generator_cpu(),
            "server_cores": self.watch.cores(*self.span),
            "server": [dataclasses.asdict(each) for each in self.watch.samples],
            "slot_seconds": self.ledger.slot_seconds,
            "slots": [slot.plain() for slot in self.ledger.measured],
        }


def answered(measures: Measures) -> bool:
    """Whether the server gave any HTTP answer at all."""
    return any(label[0].isdigit() for label in measures.answers)


def generator_warnings(ledger: Ledger) -> list[str]:
    """Signs that the generator, not the server, was the limit."""
    found = []
    cores = ledger.generator_cpu()
    if cores > _BUSY_CORES:
        found.append(
            f"The generator used {cores:.0%} of its core: it, not the server, may be the limit; "
            "spread the load over more processes with --master and --worker."
        )
    lags = sorted(slot.lag for slot in ledger.measured)
    if lags and lags[len(lags) // 2] > _LATE_SECONDS:
        found.append(
            f"The generator sent requests up to {lags[len(lags) // 2] * 1000:.0f} ms late in half "
            "of the time: give it a core of its own."
        )
    return found


def settle(url: str, ledger: Ledger, watch: ServerWatch, begun: float) -> Outcome:
    """Judge a run of stages."""
    span = begun + ledger.profile.warm_up, begun + ledger.clock
    measures = ledger.measures(watch.memory_slope(*span))
    judged = judge_gates(ledger.profile.gates, measures)
    return Outcome(
        url=url, ledger=ledger, measures=measures, judged=judged, watch=watch, begun=begun
    )
