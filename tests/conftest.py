"""Settings of all tests, and what several parts of them use."""

import gc
import os
import signal
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.forks import Forks
from tests.support.live import Live, fake
from tests.support.needs import summary

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started behind a shell's back (`nox -s tests &`); what tests start would ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine may be slow or busy; no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def fake_server(server_forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The real HTTP side in gunicorn, with an engine that answers at once; has url and port."""
    server = Live.forked(server_forks, tmp_path_factory.mktemp("fake"), fake())
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all processes that these tests are run in."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def forks(shared: Path) -> Iterator[Forks]:
    """Starts verify, check and calibrate as users do, without waiting for their imports."""
    commands = (
        "conformance.commands.check",
        "calibration.commands.calibrate",
        "verikit.commands.verify",
    )
    late = ("anyio._backends._asyncio", "PIL.PngImagePlugin", "tests.support.undrawn")
    found = Forks(shared / "forks", "verikit.cli", *commands, *late)
    yield found
    found.close()


@pytest.fixture(scope="session")
def load_forks(shared: Path) -> Iterator[Forks]:
    """The same for load tests, which Locust patches whole processes for."""
    commands = ("loadtests.command", "loadtests.cli", "verikit.cli")
    late = ("loadtests.report.html", "scipy.special", "gevent.resolver.thread")
    formats = (f"PIL.{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Ppm"))
    found = Forks(shared / "load-forks", "locust.main", *commands, *late, *formats)
    yield found
    found.close()


@pytest.fixture(scope="session")
def server_forks(shared: Path) -> Iterator[Forks]:
    """The same for reference servers without faces."""
    found = Forks(
        shared / "server-forks", "reference_server.app", "reference_server.process.worker"
    )
    yield found
    found.close()


def pytest_configure() -> None:
    """What collecting makes stays: half a million objects need not be gone through meanwhile."""
    gc.disable()


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests that wait over the run, between the files of those that compute.

    Else a process that has a file of them at its end keeps the others waiting, too.
    """
    waiting = [item for item in items if item.get_closest_marker("waits")]
    computing = [item for item in items if not item.get_closest_marker("waits")]
    spread: list[pytest.Item] = []
    done = placed = 0
    for _, tests in groupby(computing, lambda item: item.path):
        file = list(tests)
        done += len(file)
        due = len(waiting) * done // len(computing)
        spread += [*waiting[placed:due], *file]
        placed = due
    items[:] = [*waiting[placed:], *spread]


def pytest_collection_finish() -> None:
    """Nor at each turn of the garbage collector from now on."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped, and the commands that bring what it needs."""
    skipped = terminalreporter.stats.get("skipped", [])
    lines = list(summary(report.longrepr[2].removeprefix("Skipped: ") for report in skipped))
    if lines:
        terminalreporter.section("skipped; to run these too, first", sep="-")
        terminalreporter.write_line("\n".join(lines))
