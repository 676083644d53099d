"""Runs a load test to its outcome. Importing this patches the process for gevent, by Locust."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from locust import User
from locust.env import Environment  # before what follows: it patches sockets and threads

from loadtests.clients import Client, SlowClient
from loadtests.conductor import Conductor
from loadtests.errors import IncompleteError, WrongUseError
from loadtests.generator import Generator
from loadtests.ledger import Ledger
from loadtests.profile import Profile
from loadtests.search import search
from loadtests.server_watch import ServerWatch, find_look
from loadtests.verdict import Outcome, settle
from loadtests.worker import hush_locust

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Target:
    """The server under load, and how to look at its CPU and memory."""

    url: str
    pid: int | None = None
    metrics_url: str | None = None

    def reach(self) -> None:
        """Make sure that something listens there.

        Raises:
            WrongUseError: this is no URL of a server, or one with a password.
            IncompleteError: nothing listens.
        """
        try:
            socket.create_connection(_address(self.url), 5).close()
        except OSError as error:
            raise IncompleteError(f"nothing answers at {self.url}: start the server") from error


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, usual = parts.hostname or "", _PORTS.get(parts.scheme)
        host.encode("idna")
        port = parts.port or usual
    except ValueError:  # a name, a port or an IPv6 address that is none
        host = ""
    if not host or not usual or not port:
        raise WrongUseError(f"{url} is no URL of a server: write http://HOST:PORT")
    if "@" in parts.netloc:
        raise WrongUseError(
            "a URL with a name or a password would stand in every report: leave them out"
        )
    return host, port


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
    environment = Environment(user_classes=classes, host=target.url.rstrip("/"))
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
