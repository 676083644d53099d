"""Runs a load test to its outcome. Importing this patches the process for gevent, by Locust."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from locust import User
from locust.env import Environment  # before what follows: it patches sockets and threads

from loadtests.clients import Client, SlowClient
from loadtests.conductor import Conductor
from loadtests.generator import Generator
from loadtests.ledger import Ledger
from loadtests.profile import Profile
from loadtests.search import search
from loadtests.server_watch import ServerWatch, find_look
from loadtests.verdict import Outcome, settle
from loadtests.worker import hush_locust
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
    target: Target, profile: Profile, workers: Workers | None, show: Callable[[Ledger], None]
) -> Outcome:
    """Put a server under the load of a profile, from this process or from workers, and judge it."""
    target.reach()
    hush_locust()
    look = find_look(target.url, target.pid, target.metrics_url)
    classes: list[type[User]] = [Client, SlowClient] if profile.slow_clients else [Client]
    SlowClient.fixed_count = profile.slow_clients
    environment = Environment(user_classes=classes, host=target.url)
    environment.stop_timeout = profile.timeout
    if workers:
        environment.create_master_runner(workers.host, workers.port)
    else:
        environment.create_local_runner()
        Generator(environment)
    conductor, watch = Conductor(environment, show), ServerWatch(look)
    try:
        if workers:
            conductor.wait_for_workers(workers.count, workers.wait_seconds)
        if profile.search:
            return search(target.url, profile, profile.search, conductor.run, watch)
        return _stages(target.url, profile, conductor, watch)
    finally:
        watch.stop()
        conductor.quit()


def _stages(url: str, profile: Profile, conductor: Conductor, watch: ServerWatch) -> Outcome:
    begun = watch.clock()
    return settle(url, conductor.run(profile), watch, begun)
