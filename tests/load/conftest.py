from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.forks import Ended, Forks, Program

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Judged(Ended):
    """A load test that ended, and its JSON report where it wrote one."""

    report: dict[str, Any]


@pytest.fixture(scope="session")
def ports() -> Iterator[dict[str, int]]:
    """All servers of servers.py, in one process of their own, by their names."""
    command = [sys.executable, str(HERE / "servers.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


@pytest.fixture
def serve(ports: dict[str, int]) -> Callable[[str], str]:
    """The URL of a server of servers.py."""
    return lambda name: f"http://127.0.0.1:{ports[name]}"


@pytest.fixture
def start(load_forks: Forks, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts ``python -m MODULE`` with options; ended with the test at the latest."""
    begun: list[Program] = []

    def run(module: str, *options: str, **variables: str) -> Program:
        output = tmp_path / f"output-{len(begun)}"
        begun.append(load_forks.start(module, options, output, os.environ | variables))
        return begun[-1]

    yield run
    for each in begun:
        each.kill()


@pytest.fixture
def load(start: Callable[..., Program], tmp_path: Path) -> Callable[..., Judged]:
    """Runs ``verikit load`` with options and hands back what it came to."""
    path = tmp_path / "report.json"

    def run(*options: str, **variables: str) -> Judged:
        path.unlink(missing_ok=True)
        ended = start("verikit", "load", *options, "--json", str(path), **variables).end()
        report = json.loads(path.read_text()) if path.exists() else {}
        return Judged(**vars(ended), report=report)

    return run


@pytest.fixture
def paced(tmp_path: Path) -> list[str]:
    """The options for requests at a rate that no latency fails, on a busy machine either."""
    path = tmp_path / "paced.yaml"
    stages = "stages: [{rate: 20, seconds: 60}], photos: [64], in_flight: 200, patience: 60"
    path.write_text(f"{{about: x, {stages}, gates: {{error_share: 0, dropped_share: 0}}}}")
    return ["--load-profile", str(path)]
