"""A scheduler that is lost in the middle of a run, and one that comes in its place."""

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from calibration.asking.store import FILE
from tests.support.needs import missing
from tests.support.ports import free_port
from verikit.cli import main

WITHOUT_DASK = pytest.mark.skipif(
    not find_spec("distributed"), reason=missing("Dask", "make test")
)  # to import it takes a while
pytestmark = [pytest.mark.live, pytest.mark.slow, WITHOUT_DASK]
FAST = ["--rate", "100000", "--quiet", "--json", "--budget", "1000"]


@contextmanager
def started(program: str, *options: str):
    command = [sys.executable, "-m", "dask", program, *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own interpreter
        yield process
        process.kill()


@contextmanager
def cluster(port: int):
    """A scheduler and a worker; the scheduler's process."""
    alone = ("--host", "127.0.0.1", "--no-dashboard")
    with ExitStack() as stack:
        scheduler = stack.enter_context(started("scheduler", *alone, "--port", str(port)))
        worker = (f"tcp://127.0.0.1:{port}", "--nthreads", "1", "--no-nanny", *alone)
        stack.enter_context(started("worker", *worker))
        yield scheduler


@pytest.fixture
def calibrate(stub, people, tmp_path, monkeypatch):
    def run(name: str, *options: str):
        command = [stub.url, "--data", str(people), "--out", str(tmp_path / name), *FAST, *options]
        return CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)

    monkeypatch.setattr("calibration.executors._SECONDS_TO_JOIN", 120)
    return run


def counts(result) -> dict:
    document = json.loads(result.stdout)
    document["provenance"].pop("answers")
    return document


def test_a_scheduler_that_is_lost_costs_nothing_that_landed(calibrate, stub, tmp_path):
    whole, port = calibrate("whole"), free_port()
    address = ("--dask", f"tcp://127.0.0.1:{port}")
    before, stub.delay = stub.asked.total(), 0.004
    ended = threading.Event()
    with cluster(port) as scheduler:

        def kill() -> None:
            while stub.asked.total() < before + 600 and not ended.wait(0.005):
                pass
            scheduler.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            broken = calibrate("lost", *address)
        finally:
            ended.set()
            killer.join()
    assert broken.exit_code == 3
    assert "run the same command again" in broken.stderr
    with closing(sqlite3.connect(tmp_path / "lost" / FILE)) as database:
        (kept,) = database.execute("SELECT COUNT(*) FROM answers").fetchone()
    assert kept > 0
    before = stub.asked.total()
    with cluster(port):
        assert counts(calibrate("lost", *address)) == counts(whole)
    assert stub.asked.total() - before <= 1001 - kept
