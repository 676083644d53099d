"""A key that is not the server's is named by every command that asks a server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.mock.server import serving
from verikit.commands import samples
from verikit.contract import load_contract

SECRETS = load_contract().encryption
COMMANDS = {
    "verify": ("verify", "p/collins.jpg", "p/hopper.jpg", "--url", "URL"),
    "pairs": ("verify", "p/pairs.csv", "--out", "s.csv", "--url", "URL"),
    "check": ("check", "URL", "-k", "ordinary", "--no-html"),
    "profile": ("profile", "URL", "--output", "found.yaml"),
    "calibrate": ("calibrate", "URL", "--budget", "4", "--quiet"),
    "load": ("load", "URL", "--duration", "1", "--warm-up", "0"),
}

pytestmark = pytest.mark.live


@pytest.mark.parametrize("command", COMMANDS)
def test_another_key_is_named(command: str, tmp_path: Path) -> None:
    samples.write(tmp_path / "p")
    with serving() as url:
        words = [url if word == "URL" else word for word in COMMANDS[command]]
        own = {SECRETS.key_variable: "k" * SECRETS.key_characters, "COLUMNS": "200"}
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "verikit", *words],
            cwd=tmp_path,
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode in (1, 3)
    said = " ".join((done.stdout + done.stderr).split())
    assert "probably has a different key or IV" in said
    assert "Traceback" not in said
