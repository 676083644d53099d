from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import gevent
import psutil
import pytest

from loadtests.control.server_monitor import Sample, ServerMonitor, find_probe
from tests.support.serving import serving
from verikit.errors import WrongUse
from verikit.transport import Address, Endpoint


def at(url: str) -> Endpoint:
    return Endpoint(address=Address.of(url))


PAGE = b"""# HELP process_cpu_seconds_total CPU
process_cpu_seconds_total{worker="1"} 1.5
process_cpu_seconds_total{worker="2"} 2.5
process_resident_memory_bytes 1e+08
"""
PAGES = {
    "/metrics": PAGE,
    "/endless": b"process_cpu_seconds_total{\n" * 35_000,  # its square would take minutes
    "/no-number": PAGE.replace(b"1e+08", b"NaN"),
    "/infinite": PAGE.replace(b"1e+08", b"1e999"),
}


@pytest.fixture
def metrics() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PAGES.get(self.path, b"nothing"))

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as bound:
        yield f"http://127.0.0.1:{bound.server_port}"


def test_a_metrics_page_is_summed_over_workers(metrics: str) -> None:
    look = find_probe(at("http://192.0.2.1"), None, f"{metrics}/metrics")
    assert look is not None
    assert look() == (4.0, 1e8)


@pytest.mark.parametrize("page", ["other", "endless", "no-number", "infinite"])
def test_a_page_without_metrics_is_wrong_use(metrics: str, page: str) -> None:
    with pytest.raises(WrongUse, match="has no metrics"):
        find_probe(at("http://192.0.2.1"), None, f"{metrics}/{page}")


def test_a_process_that_is_not_there_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match="there is no process"):
        find_probe(at("http://127.0.0.1:1"), 2**22 + 1, None)


def test_a_server_elsewhere_is_not_looked_for() -> None:
    assert find_probe(at("http://192.0.2.1:80"), None, None) is None


def test_the_local_server_is_found_by_its_port(serve: Callable[[str], str]) -> None:
    look = find_probe(at(serve("good")), None, None)
    assert look is not None
    (child,) = (each for each in psutil.Process().children() if "servers.py" in each.cmdline()[1])
    assert look()[1] == pytest.approx(child.memory_info().rss, rel=0.1)


def test_the_cpu_of_children_counts_even_after_they_ended() -> None:
    look = find_probe(at("http://127.0.0.1:1"), os.getpid(), None)
    assert look is not None
    before = look()[0]
    busy = "import time\nwhile time.process_time() < 0.4: pass\nprint(flush=True); input()"
    command = [sys.executable, "-c", busy]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own program
        assert child.stdout is not None
        child.stdout.readline()
        during = look()[0]
        child.communicate(b"\n")
    assert during - before >= 0.3  # the kernel counts in hundredths
    assert look()[0] >= during


def test_the_watch_measures_cores_and_memory_of_a_stretch() -> None:
    monitor = ServerMonitor(None)
    monitor.samples = [
        Sample(clock=float(t), cpu_seconds=0.5 * t, rss=2**20 * (100 + t)) for t in range(100)
    ]
    assert monitor.cores(10, 90) == pytest.approx(0.5)
    slope = monitor.memory_slope(10, 90)
    assert slope is not None
    assert slope == pytest.approx((3600, 3600, 3600))
    assert monitor.cores(200, 300) is None


def test_the_watch_survives_a_server_that_goes_away() -> None:
    def look() -> tuple[float, float]:
        raise psutil.NoSuchProcess(1)

    monitor = ServerMonitor(look)
    gevent.sleep(0.01)
    monitor.stop()
    assert monitor.samples == []
    assert time.monotonic() > monitor.clock()
