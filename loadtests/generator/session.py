"""The generator's side of a load test: what the users of one process share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psutil
from gevent.event import Event
from locust.exception import StopUser

from loadtests.generator.answers import NO_ANSWER, AnswerCheck, Recorder, Verdict
from loadtests.generator.cases import Case, build_cases, deck
from loadtests.generator.pacing import ClosedModel, OpenModel, arrivals
from loadtests.profile import Profile
from verikit.contract import Contract


class Session:
    """Hands requests to users when they are due, judges the answers and counts them."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.over = False
        self._judge = AnswerCheck(contract)
        self._begun = Event()
        self._leaving = False
        self._busy = 0
        self._process = psutil.Process()
        self._built: dict[Any, dict[str, list[Case]]] = {}
        self._recorder = Recorder(1)
        self._start = time.perf_counter()

    def prepare(self, profile: Profile, *, window_seconds: float, workers: int, index: int) -> None:
        """Build what the profile needs, before any clock runs; cases are kept for later runs."""
        recipe = (tuple(profile.mix.items()), profile.photos)
        if recipe not in self._built:
            self._built[recipe] = build_cases(self.contract, profile.mix, profile.photos)
        self._deck: Iterator[Case] = deck(self._built[recipe], profile.mix, seed=index)
        self.profile, self._workers, self._index = profile, workers, index
        self._slot_seconds = window_seconds

    def begin(self) -> None:
        """Start the clock and let the users ask."""
        self._recorder = Recorder(self._slot_seconds)
        self._start, self.over, self._leaving = time.perf_counter(), False, False
        self._process.cpu_percent()
        self._pace = self._new_pace(self.profile)
        self._begun.set()

    def end(self) -> None:
        """Ask nothing more; requests under way finish."""
        self._seconds = 0.0
        if self._begun.is_set():
            self._pace.close()

    def leave(self) -> None:
        """Send the users away."""
        self._leaving = True
        self.end()
        self._begun.set()

    def clock(self) -> float:
        """Seconds since the start of the run, warm-up included."""
        return time.perf_counter() - self._start

    def take(self) -> float:
        """Wait until the next request is due and say when that was.

        Raises:
            StopUser: the test is over for good.
        """
        while not self._leaving:
            self._begun.wait()
            pacing = self._pace
            due = pacing.take()
            if due is not None:
                return due
            if pacing is self._pace:
                self._rest()
        raise StopUser

    def take_slow(self) -> float:
        """As :meth:`take`, for a user outside of the pacing: due at once while the load lasts."""
        while not self._leaving:
            self._begun.wait()
            due = self.clock()
            if due < self._seconds:
                self._recorder.window(due).arrived += 1
                return due
            self._rest()
        raise StopUser

    def next_case(self) -> Case:
        """The next request to send; it is under way until :meth:`answered`."""
        self._busy += 1
        return next(self._deck)

    def answered(self, case: Case, due: float, status: int, body: bytes | None, error: Any) -> str:
        """Judge and count an answer, or the error in its place; why it failed, else ''."""
        now = self.clock()
        if status and body is not None:
            verdict = self._judge(case, status, body)
        else:
            cause = getattr(error, "original", None) or error
            verdict = Verdict(NO_ANSWER, f"no answer: {type(cause).__name__}")
        self._busy -= 1
        self._recorder.record(due, now, now - due, verdict)
        return verdict.failure or ""

    def abandoned(self) -> None:
        """A request was cut off by the end of the test: it is not counted."""
        self._busy -= 1

    def report(self) -> dict[str, Any]:
        """What was seen since the last report, as plain values."""
        return {
            **self._recorder.drain(),
            "scores": self._judge.scores,
            "clock": self.clock(),
            "cpu": self._process.cpu_percent() / 100,
            "over": self.over and not self._busy,
        }

    def _rest(self) -> None:
        self.over = True
        if not self._leaving:
            self._begun.clear()

    def _new_pace(self, profile: Profile) -> ClosedModel | OpenModel:
        self._seconds = profile.warm_up + profile.seconds
        if not profile.is_open:
            return ClosedModel(self.clock, self._seconds, self._recorder)
        warm_up = [replace(profile.stages[0], seconds=profile.warm_up)] if profile.warm_up else []
        due = arrivals([*warm_up, *profile.stages], self._workers, self._index)
        return OpenModel(self.clock, due, profile.patience, self._recorder)
