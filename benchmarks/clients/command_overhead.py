"""What a whole command costs for each response: check, calibrate and load beside plain http.client.

    python -m benchmarks.clients.command_overhead [--rounds 3]

Each command runs twice against ``verikit mock``, briefly and longer. The difference of the two, in
CPU time of the command's processes and in requests, is the cost of a request without the start:
it is built, encrypted, sent, read strictly, judged and recorded. The plain way sends one form,
encrypted in advance, over one connection, and reads the JSON. Printed is the median of the rounds
(least to most), and how many times the plain way of the same round that is.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from loadtests.generator.cases import build_cases
from loadtests.generator.photos import portrait
from loadtests.profile import COMPARISON
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.portraits import PEOPLE

CONTRACT = load_contract()
PLAIN_REQUESTS = 400


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a command, and the requests that it made."""

    cpu: float
    requests: int

    def each(self, shorter: Cost) -> float:
        """CPU microseconds of a request beyond a shorter run."""
        return (self.cpu - shorter.cpu) / (self.requests - shorter.requests) * 1e6


@contextmanager
def mock() -> Iterator[str]:
    """Serve from another process; the URL."""
    command = [sys.executable, "-m", "verikit", "mock", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        line = server.stderr.readline() if server.stderr else ""
        yield re.findall(r"http://[\d.:]+", line)[0]
        server.terminate()


def run(*words: str) -> float:
    """Run a command of verikit; its CPU seconds, those of its children included."""
    process = subprocess.Popen(
        [sys.executable, "-m", "verikit", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


def check(url: str, folder: Path, *, longer: bool) -> Cost:
    """One case over and over, so that no photo is made anew."""
    lines = folder / "check.jsonl"
    chosen = ("-k", "ordinary", "--repeat", "300" if longer else "20")
    cpu = run("check", url, *chosen, "--no-html", "--json", str(lines), "--profile", "reference")
    return Cost(cpu, json.loads(lines.read_text().splitlines()[-1])["requests"])


def calibrate(url: str, folder: Path, *, longer: bool) -> Cost:
    """So many pairs of photos."""
    count = 600 if longer else 50
    run_folder = tempfile.mkdtemp(dir=folder)
    data = ("--data", str(people(folder)), "--out", run_folder, "--quiet", "--no-thumbnails")
    cpu = run("calibrate", url, *data, "--budget", str(count))
    with sqlite3.connect(Path(run_folder) / "answers.sqlite") as store:
        ((answers,),) = store.execute("SELECT count(*) FROM answers")
    return Cost(cpu, answers)


def people(folder: Path) -> Path:
    """Forty people of two photos each, no two files the same; the mock refuses some of them."""
    root = folder / "people"
    for person in range(40):
        (root / f"p{person:02}").mkdir(parents=True, exist_ok=True)
        for photo in range(2):
            file = root / f"p{person:02}" / f"{photo}.jpg"
            file.write_bytes(portrait(PEOPLE[person % 2], 230 + person + 40 * photo))
    return root


def load(url: str, folder: Path, *, longer: bool) -> Cost:
    """Some seconds of users in a loop."""
    report = folder / "load.json"
    seconds = "6" if longer else "1"
    words = ("--users", "4", "--duration", seconds, "--warm-up", "0", "--json", str(report))
    cpu = run("load", url, *words)
    return Cost(cpu, json.loads(report.read_text())["measures"]["requests"])


def plain(url: str) -> float:
    """CPU microseconds of a request with http.client."""
    request = build_cases(CONTRACT, {COMPARISON: 1}, (250,), Secrets.of())[COMPARISON][0].request
    headers = {"Content-Type": request.content_type}
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    start = time.process_time()
    for _ in range(PLAIN_REQUESTS):
        connection.request(request.method, request.path, request.body, headers)
        json.loads(connection.getresponse().read())
    taken = time.process_time() - start
    connection.close()
    return taken / PLAIN_REQUESTS * 1e6


COMMANDS: tuple[Callable[..., Cost], ...] = (check, calibrate, load)


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with mock() as url, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for command in COMMANDS:
            found = []
            for _ in range(options.rounds):
                shorter = command(url, folder, longer=False)
                found.append((command(url, folder, longer=True).each(shorter), plain(url)))
            costs = [ours for ours, _ in found]
            ratios = [ours / theirs for ours, theirs in found]
            print(
                f"{command.__name__:10} {median(costs):6.0f} us "
                f"({min(costs):.0f} to {max(costs):.0f}), {median(ratios):.1f} times http.client"
            )


if __name__ == "__main__":
    main()
