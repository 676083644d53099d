"""A finished load test: its measurements, gates, and warnings."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from loadtests.control.answer_log import AnswerLog
from loadtests.control.server_monitor import ServerMonitor
from loadtests.generator.answers import NO_ANSWER
from loadtests.statistics.gates import Judgement, judge_gates
from loadtests.statistics.measures import Measures
from verikit.contract import load_contract
from verikit.errors import OTHER_KEY

KEPT, BROKEN, INCOMPLETE = 0, 1, 3
_BUSY_CORES = 0.85
_LATE_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a search: the rate tried, per second, its measures, and whether the gates held."""

    rate: float
    measures: Measures
    kept: bool
    generator_cores: float
    server_cores: float | None


@dataclass(kw_only=True)
class Outcome:
    """A finished load test, as reports show it.

    ``log`` is the run, or the one at the knee of a search; ``remarks`` are about the connection
    (proxy, unverified certificate).
    """

    url: str
    log: AnswerLog
    measures: Measures
    judged: list[Judgement]
    monitor: ServerMonitor
    steps: list[Step] = field(default_factory=list)
    knee: float | None = None
    remarks: tuple[str, ...] = ()
    ended: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def exit_code(self) -> int:
        """0 gates kept, 1 a gate broken, 3 incomplete or without a single answer."""
        if self.log.trouble and not self.log.aborted:
            return INCOMPLETE
        if not self.log.profile.search and not answered(self.measures):
            return INCOMPLETE
        if self.log.aborted:  # Answers that still came afterwards do not mend the gate.
            return BROKEN
        return KEPT if all(each.kept for each in self.judged) else BROKEN

    @property
    def warnings(self) -> list[str]:
        """Sentences about what casts doubt on the figures."""
        return [*generator_warnings(self.log), *_key_warnings(self.measures)]

    def plain(self) -> dict[str, Any]:
        """The report as plain values, what :mod:`loadtests.statistics.compare` reads included."""
        return {
            "verikit": version("verikit"),
            "url": self.url,
            "ended": self.ended.isoformat(timespec="seconds"),
            "profile": self.log.profile.plain(),
            "trouble": self.log.trouble,
            "exit_code": self.exit_code,
            "warnings": self.warnings,
            "remarks": list(self.remarks),
            "measures": self.measures.plain(),
            "gates": [dataclasses.asdict(each) for each in self.judged],
            "knee": self.knee,
            "steps": [
                {**dataclasses.asdict(step), "measures": step.measures.plain()}
                for step in self.steps
            ],
            "generators": {name: process.cpu for name, process in self.log.processes.items()},
            "generator_cores": self.log.generator_cpu(),
            "server_cores": self.monitor.cores(*self.log.span),
            "server": [dataclasses.asdict(each) for each in self.monitor.samples],
            "window_seconds": self.log.window_seconds,
            "windows": [window.plain() for window in self.log.measured],
        }


def answered(measures: Measures) -> bool:
    """Whether the server gave any answer at all, be it malformed."""
    return any(label != NO_ANSWER for label in measures.answers)


def _key_warnings(measures: Measures) -> list[str]:
    """Where nothing but invalid arguments came back, although none was sent."""
    code = f" {load_contract().codes['INVALID_ARGUMENT'].code}"
    only = measures.answers and all(label.endswith(code) for label in measures.answers)
    return [OTHER_KEY] if only and measures.failed == measures.requests else []


def generator_warnings(log: AnswerLog) -> list[str]:
    """Signs that the generator, not the server, was the limit."""
    found = []
    cores = log.generator_cpu()
    if cores > _BUSY_CORES:
        found.append(
            f"The generator used {cores:.0%} of its core: it may be the limit, not the server; "
            "spread the load over more processes with --master and --worker."
        )
    lags = sorted(window.lag for window in log.measured)
    if lags and lags[len(lags) // 2] > _LATE_SECONDS:
        found.append(
            f"The generator sent requests up to {lags[len(lags) // 2] * 1000:.0f} ms late in half "
            "of the time: give it its own core."
        )
    return found


def judge_run(url: str, log: AnswerLog, monitor: ServerMonitor) -> Outcome:
    """Measure and judge a run by the gates of its profile."""
    measures = log.measures(monitor.memory_slope(*log.span))
    judged = judge_gates(log.profile.gates, measures)
    return Outcome(url=url, log=log, measures=measures, judged=judged, monitor=monitor)
