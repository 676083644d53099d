"""Runs a load test to its outcome. Importing this module patches the process for gevent."""

from __future__ import annotations

import logging
import os
import signal
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from errno import EADDRINUSE
from typing import Any

import gevent
from locust import argument_parser, runners
from locust.env import Environment
from locust.exception import RPCError
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from loadtests.control.outcome import Outcome
from loadtests.control.shape import LoadTest, ProfileShape
from loadtests.generator.process import GeneratorProcess
from loadtests.generator.users import Client
from verikit.contract.encryption import Secrets
from verikit.errors import NoVerdict, WrongUse
from verikit.plural import counted
from verikit.transport import Endpoint

_TICK = 0.1


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Where the master listens for how many workers, and how long it waits for them."""

    count: int
    host: str
    port: int
    wait_seconds: float


def attach(
    environment: Environment,
    endpoint: Callable[[], Endpoint],
    secrets: Secrets,
    describe: Callable[[], LoadTest],
) -> None:
    """Let a Locust environment, whose runner exists already, run load profiles."""
    if not isinstance(environment.runner, MasterRunner):
        GeneratorProcess(environment, endpoint, secrets)
    if isinstance(environment.shape_class, ProfileShape) and not isinstance(
        environment.runner, WorkerRunner
    ):
        environment.shape_class.attach(environment, describe)


def run_load(test: LoadTest, secrets: Secrets, workers: Workers | None) -> Outcome:
    """Put a server under load, from this process or from workers, and judge it.

    Workers encrypt by secrets of their own.

    Raises:
        WrongUse: there are more workers than users, or the port for them is taken.
        NoVerdict: not every worker connected.
    """
    _quiet_locust()
    shape = ProfileShape()
    environment = Environment(
        user_classes=[Client],
        shape_class=shape,
        host=test.target.url,
        parsed_options=_options(),
    )
    runner: MasterRunner | LocalRunner = (
        _master(environment, workers) if workers else environment.create_local_runner()
    )
    attach(environment, lambda: test.target.endpoint, secrets, lambda: test)
    try:
        if workers and isinstance(runner, MasterRunner):
            _wait_for(workers, runner)
        _run(environment, shape)
    finally:
        runner.quit()
    outcome = shape.outcome()
    assert outcome  # noqa: S101 - a test that has ended has one, or an error
    return outcome


def run_worker(master_host: str, master_port: int, endpoint: Endpoint, secrets: Secrets) -> None:
    """Make requests as a master elsewhere directs, until it sends this worker away.

    Raises:
        NoVerdict: no master answers for five minutes, or it falls silent for one.
    """
    _quiet_locust()
    environment = Environment(user_classes=[Client], host=endpoint.address.url)
    sent_away: list[bool] = []
    # Before a worker has connected, it reports to a master that sends it away, and to no other.
    environment.events.report_to_master.add_listener(lambda **_: sent_away.append(True))
    try:
        runner = environment.create_worker_runner(master_host, master_port)
    except ConnectionError as error:
        raise NoVerdict(
            f"no master answers at {master_host}:{master_port}: start it with --master"
        ) from error
    if sent_away:  # Locust would wait for the master all the same
        runner.quit()
        return
    # Locust waits without end for a master that has gone before its first heartbeat.
    runner.last_heartbeat_timestamp = runner.last_heartbeat_timestamp or time.time()
    GeneratorProcess(environment, lambda: endpoint, secrets)
    runner.greenlet.join()
    if time.time() - runner.last_heartbeat_timestamp > runners.MASTER_HEARTBEAT_TIMEOUT:
        raise NoVerdict(f"the master at {master_host}:{master_port} has fallen silent")


def _run(environment: Environment, shape: ProfileShape) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, shape.interrupt)
    runner: Any = environment.runner
    runner.start_shape()
    greenlet = runner.shape_greenlet
    greenlet.join()
    if greenlet.exception:
        raise greenlet.exception


def _options() -> Namespace:
    """Locust's options by their defaults, but for the end of the test: it is the end of Locust."""
    parser = argument_parser.get_empty_argument_parser(add_help=False, default_config_files=[])
    argument_parser.setup_parser_arguments(parser)
    options: Namespace = parser.parse_args(["--headless"])
    return options


def _master(environment: Environment, workers: Workers) -> MasterRunner:
    try:
        return environment.create_master_runner(workers.host, workers.port)
    except RPCError as error:
        number = getattr(error.__context__, "errno", EADDRINUSE)  # ZeroMQ's
        raise WrongUse(
            f"cannot listen for workers on port {workers.port} of {workers.host} "
            f"({os.strerror(number).lower()}): choose another --master-port"
        ) from error


def _wait_for(workers: Workers, runner: MasterRunner) -> None:
    connected = runner.clients
    deadline = time.monotonic() + workers.wait_seconds
    while len(connected) < workers.count and time.monotonic() < deadline:
        gevent.sleep(_TICK)
    if len(connected) < workers.count:
        raise NoVerdict(
            f"{len(connected)} of {counted(workers.count, 'worker')} connected within "
            f"{workers.wait_seconds:g} s: start the others with `verikit load URL --worker`"
        )


def _quiet_locust() -> None:
    """Let Locust log only what is wrong: the report has its own word on a busy generator."""
    logging.basicConfig(level=logging.ERROR)
