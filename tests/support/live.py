"""The reference server in processes of its own, for tests that talk to it over HTTP."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import requests

from verikit.contract import load_contract

CONTRACT = load_contract()
FAKE_SERVER = Path(__file__).with_name("fake_server.py")
READY = re.compile(r"^(?:Ready: POST )?(http://[\d.]+:(\d+))")


class Live:
    """A server of ours on a free port; the last line that it writes names its URL."""

    def __init__(self, folder: Path, command: list[str], **how: Any) -> None:
        self.log = folder / "log"
        with self.log.open("ab") as log:  # only added to, so a test may read it meanwhile
            self.process = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, *command],
                **({"stdout": subprocess.PIPE, "stderr": log, "text": True} | how),
            )
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            found = next((m for line in lines if (m := READY.search(line))), None)
        if not found:
            self.stop()
            raise AssertionError(f"the server did not start: {self.log.read_text()}")
        self.url, self.port = found[1], int(found[2])

    def post(self, content: bytes) -> requests.Response:
        """The answer to a form."""
        kind = {"Content-Type": CONTRACT.media_types[0]}
        return requests.post(self.url + CONTRACT.path, content, headers=kind, timeout=120)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=120)

    def figure(self, name: str) -> float:
        """A figure of the page of metrics, over all its labels that begin like this."""
        lines = [line for line in self.get("/metrics").text.splitlines() if line.startswith(name)]
        return sum(float(line.split()[-1]) for line in lines)

    def arrived(self) -> float:
        """How many comparisons have been asked for: answered, or still held."""
        return self.figure("verikit_requests_total") + self.figure("verikit_requests_held")

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=60)


def fake(workers: int = 1, threads: int = 8, **limits: float | None) -> list[str]:
    """The command for the server with an engine that answers at once."""
    return [
        str(FAKE_SERVER),
        *(json.dumps(value) for value in (workers, threads, limits)),
    ]


def real(*options: str) -> list[str]:
    """The command for the server as users start it."""
    return ["-m", "verikit", "serve", "--port", "0", *options]
