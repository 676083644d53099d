"""Joins a session to Locust's messages: prepare, begin, end, leave, and a report each second."""

from __future__ import annotations

from typing import Any

import gevent
from locust.env import Environment

from loadtests.generator.session import Session
from loadtests.generator.users import Client, SlowClient
from loadtests.profile import Profile, profile_from
from verikit.contract import load_contract

_REPORT_SECONDS = 1.0


class Generator:
    """One process that makes requests, on its own or as a worker."""

    def __init__(self, environment: Environment) -> None:
        self.session = Session(load_contract())
        Client.session = SlowClient.session = self.session
        runner: Any = environment.runner
        self._runner = runner
        self._run = 0
        for name in ("prepare", "begin", "end", "leave"):
            runner.register_message(f"verikit_{name}", getattr(self, f"_on_{name}"))
        environment.events.test_stopping.add_listener(lambda **_: self.session.leave())
        environment.events.test_stop.add_listener(lambda **_: self.report())
        gevent.spawn(self._report_forever)

    def prepare(
        self, profile: Profile, window_seconds: float, *, workers: int = 1, index: int = 0
    ) -> None:
        """Build the requests of a profile, as one of so many workers, and count nothing."""
        self._run = 0
        Client.network_timeout = Client.connection_timeout = profile.timeout
        SlowClient.fixed_count = profile.slow_clients
        self.session.prepare(profile, window_seconds=window_seconds, workers=workers, index=index)

    def start(self, profile: Profile, window_seconds: float) -> None:
        """Begin on its own account, where no conductor directs."""
        self.prepare(profile, window_seconds, index=self._runner.worker_index)
        self._run = 1
        self.session.begin()

    def report(self) -> None:
        """Send what was seen since the last report, if a run is on."""
        if self._run:
            self._send("verikit_tally", {"report": self.session.report()})

    def _report_forever(self) -> None:
        while True:
            gevent.sleep(_REPORT_SECONDS)
            self.report()

    def _on_prepare(self, environment: Environment, msg: Any) -> None:
        plan = msg.data
        index = plan["nodes"].get(self._runner.client_id, 0)
        profile = profile_from(plan["profile"])
        self.prepare(profile, plan["window_seconds"], workers=len(plan["nodes"]), index=index)
        self._send("verikit_ready", {"run": plan["run"]})

    def _on_begin(self, environment: Environment, msg: Any) -> None:
        self._run = msg.data["run"]
        self.session.begin()

    def _on_end(self, environment: Environment, msg: Any) -> None:
        self.session.end()

    def _on_leave(self, environment: Environment, msg: Any) -> None:
        self.session.leave()

    def _send(self, name: str, data: dict[str, Any]) -> None:
        node = self._runner.client_id
        self._runner.send_message(name, {"run": self._run, "node": node, **data})
