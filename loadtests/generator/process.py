"""A process that makes requests, joined to Locust's events: alone, or as a worker of a master.

The directing process describes each run in Locust's options, which Locust hands to every worker
with its spawn message. What was seen goes back in Locust's own reports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gevent
import locust.runners
from locust.env import Environment
from locust.runners import LocalRunner

from loadtests.generator.answers import AnswerCheck, Recorder
from loadtests.generator.cases import Case, build_cases
from loadtests.generator.pacing import Share
from loadtests.generator.session import Session, Workload
from loadtests.generator.users import Client, SlowClient
from loadtests.profile import Profile, profile_from
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.transport import Endpoint

REPORT_SECONDS = 0.5
RUN = "verikit_run"
"""The option that describes a run: number, profile, window_seconds, and workers in order."""

locust.runners.WORKER_REPORT_INTERVAL = REPORT_SECONDS


class GeneratorProcess:
    """Starts a session for each run that Locust's options describe, and reports its counts."""

    def __init__(
        self, environment: Environment, endpoint: Callable[[], Endpoint], secrets: Secrets
    ) -> None:
        runner: Any = environment.runner
        self._environment, self._endpoint, self._secrets = environment, endpoint, secrets
        self._client_id: str = runner.client_id
        self._contract = load_contract()
        self._cases: dict[Any, dict[str, list[Case]]] = {}
        self._check = AnswerCheck(self._contract)
        self._number = 0
        self._session: Session | None = None
        environment.user_classes[:] = [Client, SlowClient]
        Client.join = SlowClient.join = self.session
        environment.events.test_start.add_listener(self._prepare)
        environment.events.spawning_complete.add_listener(self._begin)
        environment.events.report_to_master.add_listener(self._report)
        if isinstance(environment.runner, LocalRunner):
            environment.events.test_stop.add_listener(self._report_to_itself)
            gevent.spawn(self._report_for_ever)

    def session(self) -> Session:
        """The session of the run that is described now."""
        run = self._run()
        if self._session is None or run["number"] != self._number:
            profile, workers = profile_from(run["profile"]), run["workers"]
            self._number = run["number"]
            index = workers.index(self._client_id) if self._takes_part(run) else 0
            self._session = Session(
                profile,
                Workload(self._endpoint(), self._built(profile), self._check),
                Recorder(run["window_seconds"]),
                Share(len(workers), index),
            )
        return self._session

    def _built(self, profile: Profile) -> dict[str, list[Case]]:
        """The requests of a profile; made in a thread, so that Locust's heartbeat goes on."""
        server = profile.server_profile.standards
        recipe = (tuple(profile.mix.items()), profile.photos, server)
        standards = server.filled(self._contract.photo_standards)
        contract = replace(self._contract, photo_standards=standards)
        if recipe not in self._cases:
            self._cases[recipe] = gevent.get_hub().threadpool.apply(
                build_cases,
                (contract, profile.mix, profile.photos, self._secrets),
                {"least_bytes": server.min_file_bytes or 0},
            )
        return self._cases[recipe]

    def _prepare(self, **_: Any) -> None:
        profile = profile_from(self._run()["profile"])
        self._check = AnswerCheck(self._contract, profile.server_profile)
        self._session = None
        self.session()

    def _begin(self, **_: Any) -> None:
        if self._session and self._takes_part(self._run()):
            session = self.session()  # its users may not have joined it yet
            if not session.begun:
                session.begin()

    def _takes_part(self, run: dict[str, Any]) -> bool:
        """Whether it was there when the run began; a later worker only waits."""
        return self._client_id in run["workers"]

    def _run(self) -> dict[str, Any]:
        run: dict[str, Any] = getattr(self._environment.parsed_options, RUN)
        return run

    def _report(self, data: dict[str, Any], **_: Any) -> None:
        if self._session and self._session.begun:
            data[RUN] = {"number": self._number, **self._session.report()}

    def _report_for_ever(self) -> None:
        while True:
            gevent.sleep(REPORT_SECONDS)
            self._report_to_itself()

    def _report_to_itself(self, **_: Any) -> None:
        """What a worker of Locust does: a process alone is its own master."""
        events = self._environment.events
        data: dict[str, Any] = {}
        name = self._client_id
        events.report_to_master.fire(client_id=name, data=data)
        events.worker_report.fire(client_id=name, data=data)
