import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.reach.tools import TOOLS
from tests.support.fronts import Certificates, certificates

ROOT = Path(__file__).parents[2]
DROPPED = ("_proxy", "_PROXY", "SSL_CERT_", "VERIKIT_", "PARAM_DECRYPT")


@dataclass(frozen=True)
class Ended:
    """How a tool ended, and the folder that it wrote to."""

    folder: Path
    code: int
    seconds: float
    peak_mib: float
    output: str


class Driver:
    """A process that runs one tool again and again; the first run is the slow one."""

    def __init__(self) -> None:
        kept = {n: v for n, v in os.environ.items() if not any(part in n for part in DROPPED)}
        self.environment = kept | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reach.driver"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, words: list[str], folder: Path, **environment: str) -> Ended:
        assert self._process.stdin
        assert self._process.stdout
        job = {
            "words": words,
            "folder": str(folder),
            "environment": self.environment | environment,
        }
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        output = Path(found["output"]).read_text("utf-8", "surrogateescape")
        return Ended(folder, found["code"], found["seconds"], found["peak_mib"], output)

    def close(self) -> None:
        self._process.communicate()


Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def drivers() -> Iterator[dict[str, Driver]]:
    made: dict[str, Driver] = {}
    yield made
    for driver in made.values():
        driver.close()


@pytest.fixture
def run(drivers: dict[str, Driver], tmp_path: Path) -> Run:
    """Runs a tool against a URL in a new folder, with further words and variables."""

    def running(tool: str, url: str, *words: str, **environment: str) -> Ended:
        if tool not in drivers:
            drivers[tool] = Driver()
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return drivers[tool].run([*TOOLS[tool](url, folder), *words], folder, **environment)

    return running


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))
