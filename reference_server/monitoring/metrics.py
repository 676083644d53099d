"""What is counted about requests, by every worker, whichever of them is asked for it.

prometheus_client's own way for several processes keeps files, and a full disk turns writing them
into a crash; here the numbers are in shared memory.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from reference_server.answers import Answer
from reference_server.limits import LIMITS, Limit
from reference_server.monitoring.shared_counters import SharedCounters
from reference_server.stages import STAGES, Stages
from verikit.contract import load_contract

CONTRACT = load_contract()

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the histograms in seconds; behind the last bucket comes one without an end."""

WHOLE = "whole"

Gauge = Literal["in_flight", "held"]
Key = tuple[str | int, ...]
"""What is counted, then its labels."""

GAUGES: tuple[Key, ...] = (("pid",), ("in_flight",), ("held",))


class Metrics:
    """Numbers about requests; each process adds to a row of its own.

    ``limit_status`` is the HTTP status of requests that a limit turns away.
    """

    def __init__(self, limit_status: int) -> None:
        self.counters = SharedCounters(_keys(limit_status))
        self.parent = os.getpid()

    def enter(self, row: int) -> None:
        """This process is the worker with that row; to be called after the fork."""
        self.counters.use_row(row)
        self.counters.add([(("pid",), os.getpid())])

    def leave(self, row: int) -> None:
        """The worker with that row has ended, perhaps in the middle of requests."""
        for key in GAUGES:
            self.counters.clear(row, key)

    def workers(self) -> list[tuple[int, int]]:
        """Row and process id of each worker."""
        return [(row, int(pid)) for row, pid in self.counters.by_row(("pid",)).items()]

    def held_by_worker(self) -> dict[int, int]:
        """The requests that each worker has received whole and not yet answered, by its row."""
        held = self.counters.by_row(("held",))
        return {row: int(held.get(row, 0)) for row, _ in self.workers()}

    def change(self, gauge: Gauge, by: int) -> None:
        """A request has begun or ended."""
        self.counters.add([((gauge,), by)])

    @contextmanager
    def counting(self, gauge: Gauge) -> Iterator[None]:
        """Count a request while the block runs."""
        self.change(gauge, 1)
        try:
            yield
        finally:
            self.change(gauge, -1)

    def refused_by(self, limit: Limit) -> None:
        """A limit was reached."""
        self.counters.add([(("limited", limit), 1)])

    def dropped_log_line(self) -> None:
        """A line of the log found no room."""
        self.counters.add([(("dropped_log_lines",), 1)])

    def answered(self, answer: Answer) -> None:
        """A request got an answer; those of health checks have no code and do not count."""
        if code := answer.fields.get("code"):
            self.counters.add([(("requests", code, answer.status), 1)])

    def took(self, seconds: float, stages: Stages) -> None:
        """What a request to the operation cost in all and by stage."""
        times = {WHOLE: seconds} | {stage: ms / 1000 for stage, ms in stages.ms.items()}
        self.counters.add(
            cell
            for name, time in times.items()
            for cell in (
                (("bucket", name, bisect_left(BUCKETS, time)), 1),
                (("seconds", name), time),
            )
        )


def _keys(limit_status: int) -> Iterator[Key]:
    yield from GAUGES
    yield from (("limited", limit) for limit in LIMITS)
    yield ("dropped_log_lines",)
    yield ("requests", CONTRACT.success_code, 200)
    yield from (("requests", entry.code, entry.status) for entry in CONTRACT.codes.values())
    # An HTTP error without a system code repeats its number; 400 always has a system code.
    statuses = {*CONTRACT.statuses, limit_status} - {200, 400}
    yield from (("requests", status, status) for status in sorted(statuses))
    for name in (WHOLE, *STAGES):
        yield ("seconds", name)
        yield from (("bucket", name, bucket) for bucket in range(len(BUCKETS) + 1))
