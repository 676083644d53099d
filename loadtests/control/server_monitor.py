"""The server's CPU and memory under load, from psutil or its /metrics page."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import gevent
import psutil

from loadtests.statistics.measures import MIB
from loadtests.statistics.trend import fit_trend
from verikit.errors import Unreachable, WrongUse
from verikit.transport import Address, Connection, Endpoint, Request

Probe = Callable[[], tuple[float, float]]
"""CPU seconds used so far, and RSS in bytes."""
_EVERY_SECONDS = 1.0
_HOUR = 3600
_METRIC = re.compile(r"^(\w+)(?:\{[^}\n]*\})?[ \t]+(\S+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One sample: seconds since the monitor began, CPU seconds used so far, RSS in bytes."""

    clock: float
    cpu_seconds: float
    rss: float


class ServerMonitor:
    """Takes a sample each second until it is stopped."""

    def __init__(self, probe: Probe | None) -> None:
        self.samples: list[Sample] = []
        self._probe = probe
        self._start = time.monotonic()
        self._watching = gevent.spawn(self._watch) if probe else None

    def clock(self) -> float:
        """Seconds since the monitor began."""
        return time.monotonic() - self._start

    def stop(self) -> None:
        """Stop sampling."""
        if self._watching is not None:
            self._watching.kill()

    def between(self, start: float, end: float) -> list[Sample]:
        """The samples between two moments, in seconds since the monitor began."""
        return [sample for sample in self.samples if start <= sample.clock <= end]

    def memory_slope(self, start: float, end: float) -> tuple[float, float, float] | None:
        """The slope of RSS in MiB an hour and its 95 % interval: slope, low, high."""
        samples = self.between(start, end)
        trend = fit_trend([each.clock for each in samples], [each.rss for each in samples])
        scale = _HOUR / MIB
        if trend is None:
            return None
        return trend.slope * scale, trend.low * scale, trend.high * scale

    def cores(self, start: float, end: float) -> float | None:
        """The mean number of busy cores between two moments; None with fewer than two samples."""
        samples = self.between(start, end)
        if len(samples) < 2:
            return None
        first, last = samples[0], samples[-1]
        return (last.cpu_seconds - first.cpu_seconds) / (last.clock - first.clock)

    def _watch(self) -> None:
        while self._probe is not None:
            try:
                cpu_seconds, rss = self._probe()
                self.samples.append(Sample(clock=self.clock(), cpu_seconds=cpu_seconds, rss=rss))
            except (Unreachable, ValueError, psutil.Error):
                pass  # the server restarts, or is gone: the requests will tell
            gevent.sleep(_EVERY_SECONDS)


def find_probe(endpoint: Endpoint, pid: int | None, metrics_url: str | None) -> Probe | None:
    """A function that reads the server's CPU and memory: from a /metrics page, a process ID, or the
    process that listens on the server's port of this machine; None if there is none of these.

    Raises:
        WrongUse: there is no such process or page.
    """
    if metrics_url:
        page = _MetricsPage(Address.for_reports(metrics_url), endpoint)
        return _checked(page.look, f"{metrics_url} has no metrics")
    found = pid if pid is not None else _listening(endpoint.address)
    if found is None:
        return None
    process = _checked(lambda: psutil.Process(found), f"there is no process {found}")
    return _ProcessTree(process()).look


class _ProcessTree:
    """A process and its children; processes that end keep their share of the CPU time."""

    def __init__(self, root: psutil.Process) -> None:
        self._root = root
        self._cpu: dict[int, float] = {}

    def look(self) -> tuple[float, float]:
        """CPU seconds and RSS bytes; pages that processes share count in each of them."""
        rss = 0
        for process in [self._root, *self._root.children(recursive=True)]:
            try:
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
                rss += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return sum(self._cpu.values()), float(rss)


def _checked(look: Callable[[], Any], complaint: str) -> Callable[[], Any]:
    try:
        look()
    except (Unreachable, ValueError, psutil.Error) as error:
        raise WrongUse(f"{complaint}: {error}") from error
    return look


class _MetricsPage:
    """A page for Prometheus; what lets us in to the server goes to no other host."""

    def __init__(self, address: Address, server: Endpoint) -> None:
        own = (address.host, address.port) == (server.address.host, server.address.port)
        access = server.access if own else replace(server.access, headers=())
        self._endpoint = Endpoint(address=address, access=access, timeout=5)

    def look(self) -> tuple[float, float]:
        """CPU seconds and RSS bytes, summed over the processes that the page tells of."""
        with Connection(self._endpoint) as connection:
            answer = connection.ask(Request(method="GET", path=""))
        found = _METRIC.findall(answer.body.decode())
        return _sum(found, "process_cpu_seconds_total"), _sum(
            found, "process_resident_memory_bytes"
        )


def _sum(found: Iterable[tuple[str, str]], name: str) -> float:
    values = [float(value) for metric, value in found if metric == name]
    if not values or not all(map(math.isfinite, values)):
        raise ValueError(f"{name} is not among the metrics, or no number")
    return sum(values)


def _listening(target: Address) -> int | None:
    """The topmost process that listens on the server's port, where that is on this machine."""
    if not target.is_loopback:
        return None
    found = next((each.pid for each in _sockets() if _listens(each, target.port)), None)
    # Processes that share a socket are shown as one of them: the parent may have it too.
    while found and (parent := psutil.Process(found).parent()) is not None:
        if not any(_listens(each, target.port) for each in _sockets(parent)):
            break
        found = parent.pid
    return found


def _sockets(process: psutil.Process | None = None) -> Iterable[Any]:
    """The TCP sockets of a process, or of all; none where they may not be seen."""
    try:
        return (process or psutil).net_connections("tcp")
    except psutil.Error:
        return ()


def _listens(connection: Any, port: int) -> bool:
    return bool(connection.status == psutil.CONN_LISTEN and connection.laddr.port == port)
