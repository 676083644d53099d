"""Many clients at once get what one client gets: the same answers to the bit, each with its own id.

Each kind of request is asked once alone; then all clients ask all kinds, each in an order of its
own. Stops after --minutes, or with Ctrl-C, and says how far it came.

    python -m benchmarks.server.concurrency --clients 64 --requests 2000 --minutes 30

Exits with 1 when an answer differs or an id comes twice, with 3 when it stopped before the end.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import requests
from rich.progress import Progress

from benchmarks.servers import CONTRACT, encrypted_form, free_port, portraits, running

SIDES = (100, 150, 250, 400, 700, 1000, 2000)


def kinds() -> list[bytes]:
    """Bodies of requests: pairs of portraits of all sizes, mostly small ones, and refusals."""
    of = {side: portraits(side) for side in SIDES}
    faces = [portrait for side in SIDES[:3] for portrait in of[side]]
    pairs = [*itertools.combinations(faces, 2), *(of[side] for side in SIDES[3:])]
    noise = b"GIF89a" + bytes(100)
    refused = [(faces[0], noise), (noise, faces[0]), (noise, noise)]
    return [encrypted_form(pair) for pair in [*pairs, *refused]] + [b"nothing=here"]


def without_id(answer: requests.Response) -> tuple[int, tuple[tuple[str, Any], ...]]:
    """What must be the same each time: status and fields."""
    fields = answer.json()
    del fields["request_id"]
    return answer.status_code, tuple(sorted(fields.items()))


@dataclass
class Trial:
    """The requests, the answers that one client got, and what many got."""

    url: str
    bodies: list[bytes]
    deadline: float
    expected: list[Any] = field(default_factory=list)
    ids: set[bytes] = field(default_factory=set)
    asked: int = 0
    wrong: int = 0
    lock: Lock = field(default_factory=Lock)

    def ask(self, session: requests.Session, number: int) -> requests.Response:
        """The answer to one kind of request."""
        kind = {"Content-Type": CONTRACT.media_types[0]}
        return session.post(self.url, self.bodies[number], headers=kind, timeout=300)

    def alone(self) -> None:
        """What one client gets."""
        with requests.Session() as session:
            for number in range(len(self.bodies)):
                self.expected.append(without_id(self.ask(session, number)))

    def client(self, seed: int, times: int, progress: Progress, task: Any) -> None:
        """One of many clients."""
        order = random.Random(seed)  # noqa: S311 - an order, no secret
        with requests.Session() as session:
            for _ in range(times):
                if time.monotonic() > self.deadline:
                    return
                number = order.randrange(len(self.bodies))
                self.judge(number, self.ask(session, number))
                progress.advance(task)

    def judge(self, number: int, answer: requests.Response) -> None:
        """Count an answer."""
        with self.lock:
            self.asked += 1
            self.ids.add(bytes.fromhex(answer.json()["request_id"]))
            self.wrong += without_id(answer) != self.expected[number]


def run(url: str, clients: int, times: int, minutes: float) -> Trial:
    """One client, then many."""
    trial = Trial(url, kinds(), deadline=time.monotonic() + minutes * 60)
    trial.alone()
    with Progress(disable=not sys.stderr.isatty()) as progress, ThreadPoolExecutor(clients) as pool:
        task = progress.add_task(f"{clients} clients", total=clients * times)
        answers = pool.map(lambda seed: trial.client(seed, times, progress, task), range(clients))
        try:
            list(answers)
        except KeyboardInterrupt:
            trial.deadline = 0.0  # each client ends with the answer that it waits for
    return trial


def main() -> None:
    """Print what was asked and how it was answered."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--requests", type=int, default=2000, help="of each client")
    parser.add_argument("--minutes", type=float, default=30, help="give up after")
    options = parser.parse_args()
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        sys.executable,
        "-m",
        "verikit",
        "serve",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    with running(command, f"{address}/healthz"):
        trial = run(address + CONTRACT.path, options.clients, options.requests, options.minutes)
    planned = options.clients * options.requests
    print(
        f"{trial.asked} of {planned} requests of {len(trial.bodies)} kinds by {options.clients} "
        f"clients: {trial.wrong} answers differ from those of one client, "
        f"{trial.asked - len(trial.ids)} ids came twice"
    )
    if trial.wrong or len(trial.ids) < trial.asked:
        sys.exit(1)
    sys.exit(0 if trial.asked == planned else 3)


if __name__ == "__main__":
    main()
