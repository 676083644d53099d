"""A locustfile that asks as fast as Locust's own fast client can, and looks at no answer."""

from __future__ import annotations

import json
import time
from typing import Any

import gevent
from locust import FastHttpUser, events, task

from loadtests.generator.cases import build_cases
from loadtests.profile import COMPARISON
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets

CASES = build_cases(load_contract(), {COMPARISON: 1}, (250,), Secrets.of())[COMPARISON]
BODY: Any = CASES[0].request.body  # bytes, which Locust takes and does not declare
BEGUN: list[float] = []


class Unchecked(FastHttpUser):
    """Sends one body over and over."""

    @task
    def ask(self) -> None:
        """Send it."""
        request = CASES[0].request
        headers = {"Content-Type": request.content_type}
        self.client.post(request.path, data=BODY, headers=headers)


@events.init.add_listener
def _wake(**_: Any) -> None:
    # Imports took seconds, and Locust's timers start from the loop's last look at the clock.
    gevent.get_hub().loop.update_now()


@events.test_start.add_listener
def _begin(**_: Any) -> None:
    BEGUN[:] = [time.perf_counter(), time.process_time()]


@events.test_stop.add_listener
def _end(environment: Any, **_: Any) -> None:
    seconds, cpu = time.perf_counter() - BEGUN[0], time.process_time() - BEGUN[1]
    requests = environment.stats.total.num_requests
    print(json.dumps({"rate": requests / seconds, "cpu": cpu / requests}), flush=True)
