"""Runs a load test to its outcome. Importing this patches the process for gevent, by Locust."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass

from locust import User
from locust.env import Environment  # before what follows: it patches sockets and threads

from loadtests.control.answer_log import AnswerLog
from loadtests.control.outcome import Outcome, judge_run
from loadtests.control.search import search
from loadtests.control.server_monitor import ServerMonitor, find_probe
from loadtests.control.shape import Conductor
from loadtests.generator.reporting import Generator
from loadtests.generator.users import Client, SlowClient
from loadtests.profile import Profile
from verikit.errors import NoVerdict
from verikit.transport.address import Address


@dataclass(frozen=True, kw_only=True)
class Target:
    """The server under load, and how to look at its CPU and memory."""

    address: Address
    pid: int | None = None
    metrics_url: str | None = None

    @classmethod
    def of(cls, url: str, *, pid: int | None = None, metrics_url: str | None = None) -> Target:
        """A target from what a user types; the operation's own path may be part of the URL.

        Raises:
            WrongUse: this is no URL of a server, or one with a password.
        """
        return cls(address=Address.for_reports(url), pid=pid, metrics_url=metrics_url)

    @property
    def url(self) -> str:
        """Where the operation's path begins."""
        return self.address.url

    def reach(self) -> None:
        """Make sure that something listens there.

        Raises:
            NoVerdict: nothing listens.
        """
        try:
            socket.create_connection((self.address.host, self.address.port), 5).close()
        except OSError as error:
            raise NoVerdict(f"nothing answers at {self.url}: start the server") from error


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Where the master listens for how many workers, and how long it waits for them."""

    count: int
    host: str
    port: int
    wait_seconds: float


def run_load(
    target: Target, profile: Profile, workers: Workers | None, show: Callable[[AnswerLog], None]
) -> Outcome:
    """Put a server under the load of a profile, from this process or from workers, and judge it."""
    target.reach()
    hush_locust()
    look = find_probe(target.url, target.pid, target.metrics_url)
    classes: list[type[User]] = [Client, SlowClient] if profile.slow_clients else [Client]
    SlowClient.fixed_count = profile.slow_clients
    environment = Environment(user_classes=classes, host=target.url)
    environment.stop_timeout = profile.timeout
    if workers:
        environment.create_master_runner(workers.host, workers.port)
    else:
        environment.create_local_runner()
        Generator(environment)
    conductor, monitor = Conductor(environment, show), ServerMonitor(look)
    try:
        if workers:
            conductor.wait_for_workers(workers.count, workers.wait_seconds)
        if profile.search:
            return search(target.url, profile, profile.search, conductor.run, monitor)
        return _stages(target.url, profile, conductor, monitor)
    finally:
        monitor.stop()
        conductor.quit()


def _stages(url: str, profile: Profile, conductor: Conductor, monitor: ServerMonitor) -> Outcome:
    begun = monitor.clock()
    return judge_run(url, conductor.run(profile), monitor, begun)


def be_worker(master_host: str, master_port: int, url: str) -> None:
    """Be a worker until the master sends it away."""
    hush_locust()
    environment = Environment(user_classes=[Client, SlowClient], host=url)
    runner = environment.create_worker_runner(master_host, master_port)
    Generator(environment)
    runner.greenlet.join()


def hush_locust() -> None:
    """Let Locust log only what is wrong: the report has its own word on a busy generator."""
    logging.basicConfig(level=logging.ERROR)
