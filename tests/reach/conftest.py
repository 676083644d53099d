import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.reach.tools import TOOLS
from tests.support.forks import Ended, Forks
from tests.support.fronts import Certificates, certificates
from tests.support.hostile_server import scored, whole
from tests.support.peer import answering

DROPPED = ("_proxy", "_PROXY", "SSL_CERT_", "VERIKIT_", "PARAM_DECRYPT")
PROGRAMS = {"client": "tests.reach.program", "async_client": "tests.reach.program"}
"""What is run for each tool that is no command of verikit."""


@dataclass(frozen=True)
class Reached(Ended):
    """How a tool ended, and the folder that it wrote to."""

    folder: Path


Run = Callable[..., Reached]
LONG = "30"
"""Seconds until a tool gives up, for all that must succeed on a busy machine too."""


@pytest.fixture(scope="session")
def rehearsed(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Forks:
    """What each tool makes at its first use is there."""
    with answering(whole(scored())) as peer:
        for tool in sorted(TOOLS.keys() - {"load"}):
            words = TOOLS[tool](peer.url, tmp_path_factory.mktemp(tool))
            forks.rehearse(PROGRAMS.get(tool, "verikit"), [*words, "--timeout", LONG])
    return forks


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Runs a tool against a URL in a new folder, with further words and variables."""

    def running(
        tool: str, url: str, *words: str, timeout: str = LONG, **environment: str
    ) -> Reached:
        forks: Forks = request.getfixturevalue("load_forks" if tool == "load" else "rehearsed")
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        kept = {n: v for n, v in os.environ.items() if not any(part in n for part in DROPPED)}
        program = forks.start(
            PROGRAMS.get(tool, "verikit"),
            [*TOOLS[tool](url, folder), "--timeout", timeout, *words],
            folder / "output",
            kept | environment,
        )
        try:
            return Reached(**vars(program.end()), folder=folder)
        finally:
            program.kill()

    return running


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))
