"""One run of a profile in one generator process: the state shared by its users."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psutil
from gevent.event import Event
from locust.exception import StopUser

from loadtests.generator.answers import AnswerCheck, Recorder
from loadtests.generator.cases import Case, deal
from loadtests.generator.pacing import ClosedModel, OpenModel, Share, arrivals
from loadtests.profile import Profile
from verikit.errors import NotTrusted, ProxyFailed, Unreachable
from verikit.transport import Answer, Endpoint

_NOT_THE_SERVER = (NotTrusted, ProxyFailed)


@dataclass(frozen=True)
class Workload:
    """The server, the requests, and how responses are judged."""

    endpoint: Endpoint
    cases: Mapping[str, list[Case]]
    check: AnswerCheck


class Session:
    """Hands requests to users when they are due, judges the answers and counts them.

    ``share`` is this process's part of the arrivals.
    """

    def __init__(
        self, profile: Profile, workload: Workload, recorder: Recorder, share: Share
    ) -> None:
        self.profile = profile
        self.endpoint = replace(
            workload.endpoint,
            timeout=profile.timeout,
            deadline=profile.timeout + profile.slow_seconds * (profile.slow_clients > 0),
        )
        self._trouble: str | None = None
        self.ended = False
        self._check = workload.check
        self._deck: Iterator[Case] = deal(
            workload.cases, profile.mix, seed=profile.seed + share.index
        )
        self._recorder = recorder
        self._share = share
        self._begun = Event()
        self._present: set[object] = set()
        self._busy = 0
        self._seconds = profile.warm_up + profile.seconds
        self._start = time.perf_counter()
        self._process = psutil.Process()

    @property
    def begun(self) -> bool:
        """Whether the clock runs."""
        return self._begun.is_set()

    @property
    def over(self) -> bool:
        """Whether the time is over and every answer is in."""
        return self.ended and not self._busy and self.clock() >= self._seconds

    def begin(self) -> None:
        """Start the clock and let the users ask."""
        self._start = time.perf_counter()
        self._process.cpu_percent()
        self._pacing = self._new_pacing()
        self._begun.set()

    def end(self) -> None:
        """Send no more requests; those under way finish."""
        self.ended = True
        self._seconds = min(self._seconds, self.clock())
        if self.begun:
            self._pacing.close()

    def enter(self, user: object) -> None:
        """Count a user in."""
        self._present.add(user)

    def leave(self, user: object) -> None:
        """Count a user out; the run ends with the last one."""
        self._present.discard(user)
        if not self._present:
            self.end()

    def clock(self) -> float:
        """Seconds since the start of the run, warm-up included."""
        return time.perf_counter() - self._start

    def next_due(self) -> float:
        """Wait until the next request is due and say when that was.

        Raises:
            StopUser: the run is over.
        """
        self._begun.wait()
        due = self._pacing.next_due()
        if due is None:
            self.ended = True
            raise StopUser
        return due

    def next_slow(self) -> float:
        """As :meth:`next_due`, for a user outside of the pacing: at once while the load lasts.

        Raises:
            StopUser: the run is over.
        """
        self._begun.wait()
        due = self.clock()
        if self.ended or due >= self._seconds:
            raise StopUser
        self._recorder.window(due).arrived += 1
        return due

    def next_case(self) -> Case:
        """The next request to send; it is under way until :meth:`answered`."""
        self._busy += 1
        return next(self._deck)

    def answered(self, case: Case, due: float, answer: Answer | Unreachable) -> str:
        """Judge and count a response, or its absence; returns why it failed, '' if it did not."""
        now = self.clock()
        verdict = self._check(case, answer)
        if isinstance(answer, _NOT_THE_SERVER):
            self._trouble = self._trouble or str(answer)
        elif verdict.failure and isinstance(answer, Answer):
            self._trouble = self._trouble or self.endpoint.interception(answer)
        self._busy -= 1
        self._recorder.record(due, now, now - due, verdict)
        return verdict.failure or ""

    def abandoned(self) -> None:
        """Do not count a request that the end of the test cut off."""
        self._busy -= 1

    def report(self) -> dict[str, Any]:
        """What was seen since the last report, as plain values."""
        return {
            **self._recorder.drain(),
            "scores": self._check.scores,
            "clock": self.clock(),
            "cpu": self._process.cpu_percent() / 100,
            "over": self.over,
            "trouble": self._trouble,
        }

    def _new_pacing(self) -> ClosedModel | OpenModel:
        profile = self.profile
        if not profile.is_open:
            return ClosedModel(self.clock, self._seconds, self._recorder)
        warm_up = [replace(profile.stages[0], seconds=profile.warm_up)] if profile.warm_up else []
        schedule = arrivals(
            [*warm_up, *profile.stages],
            self._share,
            spacing=profile.arrivals,
            seed=profile.seed,
        )
        return OpenModel(self.clock, schedule, profile.patience, self._recorder)
