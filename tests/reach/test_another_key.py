"""A key that is not the server's is named by every command that asks a server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.mock.server import serving
from tests.support.forks import Forks
from verikit.commands import samples
from verikit.contract import load_contract

SECRETS = load_contract().encryption
COMMANDS = {
    "verify": "verify {folder}/p/collins.jpg {folder}/p/hopper.jpg --url {url}",
    "pairs": "verify {folder}/p/pairs.csv --out {folder}/s.csv --url {url}",
    "check": "check {url} -k ordinary --no-html",
    "profile": "profile {url} --output {folder}/found.yaml",
    "calibrate": "calibrate {url} --budget 4 --quiet --out {folder}/run",
    "load": "load {url} --duration 1 --warm-up 0",
}

pytestmark = pytest.mark.live


@pytest.mark.parametrize("command", COMMANDS)
def test_another_key_is_named(command: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    forks: Forks = request.getfixturevalue("load_forks" if command == "load" else "forks")
    samples.write(tmp_path / "p")
    own = {SECRETS.key_variable: "k" * SECRETS.key_characters, "COLUMNS": "200"}
    with serving() as url:
        words = COMMANDS[command].format(url=url, folder=tmp_path).split()
        done = forks.start("verikit", words, tmp_path / "output", os.environ | own).end()
    assert done.status in (1, 3)
    said = " ".join(done.output.split())
    assert "probably has a different key or IV" in said
    assert "Traceback" not in said
