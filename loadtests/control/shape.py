"""Controls a load test as a Locust shape, which sets the number of users."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
from locust import LoadTestShape, User
from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.control.answer_log import REPEATED_ID, AnswerLog, Consistency
from loadtests.control.outcome import Outcome
from loadtests.control.plan import Plan, plan
from loadtests.control.server_monitor import ServerMonitor
from loadtests.control.target import Target
from loadtests.generator.process import RUN
from loadtests.generator.users import Client, SlowClient
from loadtests.profile import Profile
from loadtests.statistics.gates import Judgement, judge_gates
from verikit.errors import VerikitError, WrongUse
from verikit.plural import counted

_TICK = 0.1
_LATE_SECONDS = 15
_LAST_ANSWERS_SECONDS = 5.0
_LEAST_TO_ABORT = (10.0, 50)
_SPAWN_RATE = 100
_INTERRUPTED = "it was interrupted"


@dataclass(frozen=True, kw_only=True)
class LoadTest:
    """A load test: server, profile, and a function that is called once a second with the log."""

    target: Target
    profile: Profile
    show: Callable[[AnswerLog], None]


class ProfileShape(LoadTestShape):
    """Takes Locust through the runs of a profile; between two runs there are no users.

    :meth:`outcome` returns the outcome of a test that has ended.
    """

    def __init__(self) -> None:
        super().__init__()
        self._outcome: Outcome | VerikitError | None = None
        self._plan: Plan | None = None
        self._log: AnswerLog | None = None
        self._users: int | None = None
        self._gone_by: float | None = None  # while the users of a run that ended leave
        self._interrupted = False
        self._number = 0

    def attach(self, environment: Environment, describe: Callable[[], LoadTest]) -> None:
        """Control a Locust environment; ``describe`` returns the test whenever one starts."""
        # How long Locust waits for the users of all workers: they may make large photos first.
        os.environ.setdefault("LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP", "60")
        self._environment, self._describe = environment, describe
        events = environment.events
        events.spawning_complete.add_listener(self._begin_run)
        events.worker_report.add_listener(self._add_report)
        events.test_stopping.add_listener(lambda **_: self.interrupt())
        events.test_stop.add_listener(lambda **_: self._conclude())

    def tick(self) -> tuple[int, float] | None:
        """The number of users wanted now and the spawn rate; None at the end.

        Locust asks again about a second later. This waits for that long too unless something
        changes, so that stages and runs end on time.
        """
        try:
            if self._plan is None:
                self._start()
            before, deadline = self._users, time.monotonic() + 1
            self._is_cut_short()
            while self._next_users() == before and time.monotonic() < deadline:
                gevent.sleep(_TICK)
        except VerikitError as error:
            self._close(error)
        if self._users is None:
            return None
        if self._log and self._log.begun is not None:
            self._test.show(self._log)
        return self._users, _SPAWN_RATE

    def interrupt(self) -> None:
        """End the test now, with what was measured so far."""
        self._interrupted = True
        self._environment.stop_timeout = _LAST_ANSWERS_SECONDS
        if not self._gone_by and not self._is_cut_short() and self._log:
            self._log.cut_short(_INTERRUPTED)

    def outcome(self) -> Outcome | None:
        """The outcome of a test that has ended, once; None if there is nothing new.

        Raises:
            VerikitError: the test ended with this error.
        """
        found, self._outcome = self._outcome, None
        if isinstance(found, VerikitError):
            raise found
        return found

    def _start(self) -> None:
        self._outcome = self._users = None
        self._interrupted = False
        self._test = self._describe()
        self._consistency = Consistency()
        self._monitor = ServerMonitor(self._test.target.probe)
        self._plan = plan(self._test.target.url, self._test.profile, self._monitor)
        self._open_run(next(self._plan))

    def _open_run(self, profile: Profile) -> AnswerLog:
        """Describe a run to the generators; it begins as soon as its users are there."""
        workers = self._workers()
        if profile.least_users < len(workers):
            raise WrongUse(
                f"{counted(profile.least_users, 'user')} cannot be shared among "
                f"{len(workers)} workers: start fewer workers or give more users "
                "(--users; in_flight where a rate is given)"
            )
        self._number += 1
        log = self._log = AnswerLog(profile, self._consistency, workers)
        if self._interrupted:
            log.cut_short(_INTERRUPTED)
        run = {
            "number": self._number,
            "profile": profile.plain(),
            "window_seconds": log.window_seconds,
            "workers": workers,
        }
        setattr(self._environment.parsed_options, RUN, run)
        self._environment.stop_timeout = profile.timeout
        slow: list[type[User]] = [SlowClient] if profile.slow_clients else []
        self._environment.user_classes[:] = [Client, *slow]
        SlowClient.fixed_count = profile.slow_clients
        self._gone_by = None
        return log

    def _begin_run(self, **_: Any) -> None:
        if self._log and self._log.begun is None:
            self._log.begun = self._monitor.clock()

    def _add_report(self, client_id: str, data: dict[str, Any]) -> None:
        report = data.get(RUN)
        if self._log and report and report["number"] == self._number:
            for _ in range(self._log.add(client_id, report)):
                self._environment.stats.log_error("POST", REPEATED_ID, REPEATED_ID)

    def _next_users(self) -> int | None:
        """Look at the run: how many users there should be now."""
        log = self._log
        if log and not self._gone_by and (log.trouble or log.is_over):
            self._environment.stop_timeout = _LAST_ANSWERS_SECONDS if log.trouble else 0.0
            self._gone_by = time.monotonic() + _LAST_ANSWERS_SECONDS + 1
        elif log and self._gone_by and self._is_empty(log, self._gone_by):
            log = self._step(log)
        if log is None:
            self._users = None
        else:
            self._users = 0 if self._gone_by else _users_at(log.profile, self._clock(log))
        return self._users

    def _step(self, log: AnswerLog) -> AnswerLog | None:
        """Hand the log of a run to the plan: the log of the next, or None and the outcome."""
        assert self._plan  # noqa: S101 - there is one while there is a log
        try:
            return self._open_run(self._plan.send(log))
        except StopIteration as ended:
            self._close(ended.value)
            return None

    def _conclude(self) -> None:
        """Locust has stopped the test by itself: the plan ends with what there is."""
        log = self._log
        while log:
            log = self._step(log)

    def _close(self, outcome: Outcome | VerikitError) -> None:
        if self._plan:
            self._monitor.stop()
        if isinstance(outcome, Outcome):
            outcome.remarks = self._test.target.endpoint.remarks
        self._plan = self._log = self._users = None
        self._outcome = outcome

    def _is_empty(self, log: AnswerLog, deadline: float) -> bool:
        """Whether all users are gone and all answers in, or that was waited for long enough."""
        runner: Any = self.runner
        return (log.is_over and not runner.user_count) or time.monotonic() > deadline

    def _is_cut_short(self) -> bool:
        """Whether a run cannot go on, or need not."""
        log = self._log
        if log is None or log.begun is None or log.trouble or self._gone_by:
            return bool(log and log.trouble)
        profile = log.profile
        last = profile.warm_up + profile.seconds + profile.timeout + _LATE_SECONDS
        last += profile.slow_seconds if profile.slow_clients else 0
        if log.has_lost_a_worker or not set(log.processes) <= set(self._workers()):
            log.cut_short("a worker was lost")
        elif self._clock(log) > last:
            log.cut_short("a generator did not finish in time")
        elif broken := abort_reason(log):
            figures = f"{broken.gate} is {broken.value:g}, the limit is {broken.limit:g}"
            log.cut_short(f"aborted: {figures}", aborted=True)
        return log.trouble is not None

    def _clock(self, log: AnswerLog) -> float:
        """Seconds since the run began."""
        return 0.0 if log.begun is None else self._monitor.clock() - log.begun

    def _workers(self) -> list[str]:
        """The generator processes at hand."""
        runner: Any = self.runner
        if isinstance(runner, MasterRunner):
            return [client.id for client in runner.clients.all]
        return [runner.client_id]


def abort_reason(log: AnswerLog) -> Judgement | None:
    """The gate that is already broken, if the profile says ``abort_on_fail``; None otherwise."""
    seconds, requests = _LEAST_TO_ABORT
    seen = log.measures() if log.profile.abort_on_fail else None
    if seen is None or seen.seconds < seconds or seen.requests < requests:
        return None
    judged = judge_gates(log.profile.gates, seen, early=True)
    return next((each for each in judged if not each.kept), None)


def _users_at(profile: Profile, clock: float) -> int:
    """How many users a profile wants, so many seconds after the run began."""
    if profile.is_open:
        return profile.in_flight + profile.slow_clients
    left, users = clock - profile.warm_up, 0
    for stage in profile.stages:
        users = stage.users or 0
        if left < stage.seconds:
            break
        left -= stage.seconds
    return users + profile.slow_clients
