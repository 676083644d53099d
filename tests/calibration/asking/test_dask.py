"""A cluster of two processes; one cluster for all tests, for it is slow to start."""

import json
import os
import signal
import threading
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
import pytest
from click.testing import CliRunner

from calibration.commands import server_run
from calibration.executors import open_workers
from tests.support.needs import missing
from verikit.cli import main

WITHOUT_DASK = pytest.mark.skipif(
    not find_spec("distributed"), reason=missing("Dask", "make test")
)  # to import it takes a while
pytestmark = [pytest.mark.live, pytest.mark.slow, WITHOUT_DASK]
FAST = ["--rate", "100000", "--quiet", "--json", "--budget", "1000"]


@pytest.fixture(scope="module")
def workers():
    with open_workers("local:2", 1) as workers:
        yield workers


@pytest.fixture
def calibrate(workers, stub, people, tmp_path, monkeypatch):
    @contextmanager
    def opened(dask, processes):
        yield workers

    def run(name: str, *options: str) -> dict:
        command = [stub.url, "--data", str(people), "--out", str(tmp_path / name), *FAST, *options]
        result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
        assert result.exit_code == 3, result.output
        document = json.loads(result.stdout)
        document["provenance"].pop("answers")
        return document

    monkeypatch.setattr(server_run, "open_workers", opened)
    return run


def test_a_worker_that_is_killed_changes_no_count(calibrate, workers, stub):
    assert workers.size == 2
    whole = calibrate("whole")
    before = stub.asked.total()
    stub.delay = 0.004
    ended = threading.Event()

    def kill() -> None:
        while stub.asked.total() < before + 350 and not ended.wait(0.005):
            pass
        os.kill(victim, signal.SIGKILL)

    victim = workers.executor.submit(os.getpid).result()
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        assert calibrate("killed", "--dask", "local:2") == whole
    finally:
        ended.set()
        killer.join()
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)


def test_workers_ask_about_look_alikes_without_their_templates(calibrate, tmp_path):
    names = [f"p{p:02}/{n}.jpg" for p in range(60) for n in range(2)]
    vectors = np.random.default_rng(8).normal(size=(120, 8))
    path = tmp_path / "t.npz"
    np.savez(path, vectors=vectors, people=np.array([n[:3] for n in names]), photos=names)
    options = ["--impostors", "look-alike", "--templates", str(path)]
    assert calibrate("there", "--dask", "local:2", *options) == calibrate("here", *options)


def test_nobody_at_the_address_is_one_sentence(people, tmp_path, monkeypatch):
    monkeypatch.setattr("calibration.executors._SECONDS_TO_JOIN", 0.2)
    command = ["http://127.0.0.1:9", "--data", str(people), "--out", str(tmp_path), "--quiet"]
    result = CliRunner().invoke(main, ["calibrate", *command, "--dask", "tcp://127.0.0.1:9"])
    assert result.exit_code == 3
    assert "No Dask scheduler with a worker responds at tcp://127.0.0.1:9" in result.stderr
