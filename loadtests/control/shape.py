"""The controlling side of a load test: one conversation for a local run and for many workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.control.answer_log import AnswerLog, Consistency, Process
from loadtests.profile import Profile
from loadtests.statistics.gates import Judgement, judge_gates
from verikit.errors import NoVerdict, WrongUse

_TICK = 0.2
_PREPARE_SECONDS = 120
_LATE_SECONDS = 15
_LEAST_TO_ABORT = (10.0, 50)
_SPAWN_RATE = 100


class Conductor:
    """Runs profiles on the generators of a Locust runner, one after the other."""

    def __init__(self, environment: Environment, show: Callable[[AnswerLog], None]) -> None:
        self.environment, self.show = environment, show
        self.shared = Consistency()
        runner: Any = environment.runner
        self._runner = runner
        self._run = 0
        self._ready: set[str] = set()
        self._log: AnswerLog | None = None
        runner.register_message("verikit_ready", self._on_ready)
        runner.register_message("verikit_tally", self._on_tally)

    def nodes(self) -> list[str]:
        """The generator processes at hand."""
        if isinstance(self._runner, MasterRunner):
            return [client.id for client in self._runner.clients.all]
        return [self._runner.client_id]

    def wait_for_workers(self, count: int, seconds: float) -> None:
        """Wait until ``count`` workers are connected.

        Raises:
            NoVerdict: they did not connect in time.
        """
        deadline = time.monotonic() + seconds
        while len(self.nodes()) < count:
            if time.monotonic() > deadline:
                raise NoVerdict(
                    f"{len(self.nodes())} of {count} workers connected within {seconds:g} s: "
                    "start the others with `verikit load URL --worker`"
                )
            gevent.sleep(_TICK)

    def run(self, profile: Profile) -> AnswerLog:
        """Run a profile of stages to its end, or until it is aborted or interrupted.

        Raises:
            WrongUse: there are more workers than users.
            NoVerdict: not every worker became ready.
        """
        self._run += 1
        log = self._log = AnswerLog(profile, self.shared)
        try:
            self._prepare(log)
            self._spawn(profile, 0.0)
            self._send("verikit_begin", {"run": self._run})
            self._watch(log)
        except KeyboardInterrupt:
            log.cut_short("it was interrupted")
            self._finish(log)
        return log

    def quit(self) -> None:
        """Send users and workers away."""
        self._send("verikit_leave", {})
        self._runner.quit()

    def _prepare(self, log: AnswerLog) -> None:
        nodes = self.nodes()
        if log.profile.least_users < len(nodes):
            raise WrongUse(
                f"{log.profile.least_users} users cannot be shared among {len(nodes)} workers: "
                "start fewer workers or give more users (--users; in_flight where a rate is given)"
            )
        self._ready.clear()
        plan = {
            "run": self._run,
            "profile": log.profile.plain(),
            "window_seconds": log.window_seconds,
            "nodes": {name: index for index, name in enumerate(nodes)},
        }
        self._send("verikit_prepare", plan)
        deadline = time.monotonic() + _PREPARE_SECONDS
        while not self._ready >= set(nodes):
            if time.monotonic() > deadline:
                raise NoVerdict("not all workers became ready: see what they printed")
            gevent.sleep(_TICK / 10)
        log.nodes.update({name: Process() for name in nodes})

    def _spawn(self, profile: Profile, clock: float) -> None:
        users = profile.in_flight if profile.is_open else _users_at(profile, clock)
        users += profile.slow_clients
        if users != self._runner.target_user_count:
            self._runner.start(users, min(users, _SPAWN_RATE))

    def _watch(self, log: AnswerLog) -> None:
        profile = log.profile
        start, shown = time.monotonic(), 0.0
        last = profile.warm_up + profile.seconds + profile.timeout + _LATE_SECONDS
        last += profile.slow_seconds if profile.slow_clients else 0
        while not all(node.over for node in log.nodes.values()):
            gevent.sleep(_TICK)
            clock = time.monotonic() - start
            if not profile.is_open and clock < profile.warm_up + profile.seconds:
                self._spawn(profile, clock)
            if clock - shown >= 1:
                shown = clock
                self.show(log)
            if self._is_cut_short(log, clock, last):
                self._finish(log)
                return

    def _is_cut_short(self, log: AnswerLog, clock: float, last: float) -> bool:
        gone = set(log.nodes) - set(self.nodes())
        if gone or any(node.is_lost() for node in log.nodes.values()):
            log.cut_short("a worker was lost")
        elif clock > last:
            log.cut_short("a generator did not finish in time")
        elif broken := abort_reason(log):
            figures = f"{broken.gate} is {broken.value:g}, the limit is {broken.limit:g}"
            log.cut_short(f"aborted: {figures}", aborted=True)
        return log.trouble is not None

    def _finish(self, log: AnswerLog) -> None:
        """Ask nothing more, and wait a little for answers and reports."""
        self._send("verikit_end", {})
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not all(n.over for n in log.nodes.values()):
            gevent.sleep(_TICK)

    def _send(self, name: str, data: dict[str, Any]) -> None:
        self._runner.send_message(name, data)

    def _on_ready(self, environment: Environment, msg: Any) -> None:
        if msg.data["run"] == self._run:
            self._ready.add(msg.data["node"])

    def _on_tally(self, environment: Environment, msg: Any) -> None:
        if self._log is not None and msg.data["run"] == self._run:
            self._log.absorb(msg.data["node"], msg.data["report"])


def abort_reason(log: AnswerLog) -> Judgement | None:
    """The gate that is broken beyond doubt before the end, where the profile aborts on it."""
    seconds, requests = _LEAST_TO_ABORT
    seen = log.measures() if log.profile.abort_on_fail else None
    if seen is None or seen.seconds < seconds or seen.requests < requests:
        return None
    judged = judge_gates(log.profile.gates, seen, early=True)
    return next((each for each in judged if not each.kept), None)


def _users_at(profile: Profile, clock: float) -> int:
    left = clock - profile.warm_up
    for stage in profile.stages:
        if left < stage.seconds:
            return stage.users or 0
        left -= stage.seconds
    return profile.stages[-1].users or 0
