"""Who waits for whom, and for how long, when something hangs, leaves, floods or stalls.

``hang``: one comparison of two workers never ends, eight clients go on asking. ``leave``: 60
clients go away after 1.5 s, then one asks. ``probes``: health checks behind 40 clients whose photos
are slow to read and damaged. ``log``: nobody reads the log. The first two run the HTTP side with
an engine that takes .25 s or hangs, the others the real server.

    python -m benchmarks.server.bounded_time hang leave probes log
"""

from __future__ import annotations

import http.client
import io
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from PIL import Image

from benchmarks.servers import encrypted_form
from tests.support.live import CONTRACT, Live, fake, real

KIND = {"Content-Type": CONTRACT.media_types[0]}


def form(colour: str) -> bytes:
    """Two photos of one color, by which the engine for tests knows what to do."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return encrypted_form((file.getvalue(), file.getvalue()))


def damaged() -> bytes:
    """Two photos of 16 million pixels whose last bytes are wrong."""
    file = io.BytesIO()
    Image.effect_noise((4096, 256), 40).resize((4096, 4096), 0).save(file, "PNG")
    photo = file.getvalue()[:-20] + bytes(20)
    return encrypted_form((photo, photo))


def ask(port: int, body: bytes | None, path: str = CONTRACT.path, wait: float = 10) -> str:
    """The status and code of the answer, or the error instead."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=wait)
    try:
        connection.request("GET" if body is None else "POST", path, body, KIND)
        answer = connection.getresponse()
        answer.read()
    except OSError as error:
        return type(error).__name__
    else:
        return str(answer.status)
    finally:
        connection.close()


def timed(call: Callable[[], str]) -> str:
    """What a call says, and after how long."""
    begun = time.perf_counter()
    return f"{call()} after {time.perf_counter() - begun:.1f} s"


def hang(server: Live) -> None:
    """One of two workers hangs for good."""
    before, stop = set(server.workers()), Event()
    with ThreadPoolExecutor(9) as pool:
        hung = pool.submit(lambda: timed(lambda: ask(server.port, form("magenta"), wait=90)))
        time.sleep(0.5)
        begun = time.perf_counter()

        def client() -> Counter[str]:
            seen: Counter[str] = Counter()
            while not stop.is_set():
                seen[ask(server.port, form("grey"))] += 1
            return seen

        clients = [pool.submit(client) for _ in range(8)]
        replaced, probes = None, Counter[str]()
        while (passed := time.perf_counter() - begun) < 75:
            probes[ask(server.port, None, "/healthz")] += 1
            if replaced is None and set(server.workers()) - before:
                replaced = passed
            time.sleep(0.5)
        stop.set()
        seen = sum((each.result() for each in clients), Counter())
        print(f"hang: its client {hung.result()}; the others {dict(seen)}; probes {dict(probes)};")
        print(f"  worker replaced after {replaced and round(replaced, 1)} s")


def leave(server: Live) -> None:
    """60 clients leave, one stays."""
    with ThreadPoolExecutor(60) as pool:
        list(pool.map(lambda _: ask(server.port, form("red"), wait=1.5), range(60)))
    print("leave: the next client", timed(lambda: ask(server.port, form("grey"), wait=60)))


def probes(server: Live) -> None:
    """Six probes behind 40 clients."""
    stop, body = Event(), damaged()

    def client() -> None:
        while not stop.is_set():
            ask(server.port, body, wait=60)

    with ThreadPoolExecutor(40) as pool:
        for _ in range(40):
            pool.submit(client)
        time.sleep(12)  # the first comparison of all counts for ten seconds
        for path in ("/healthz", "/readyz"):
            seen = [timed(lambda: ask(server.port, None, path, 60)) for _ in range(6)]  # noqa: B023 - called at once
            print(f"probes: {path} {', '.join(seen)}")
        stop.set()


def log(server: Live) -> None:
    """600 requests, none of whose lines anybody reads."""
    answered = 0
    while answered < 600 and ask(server.port, b"a=b", wait=8) == "400":
        answered += 1
    print(f"log: {answered} of 600 answered, then", end=" ")
    print(", ".join(f"{path} {ask(server.port, None, path)}" for path in ("/healthz", "/metrics")))


@contextmanager
def started(command: list[str], stalled: bool = False) -> Iterator[Live]:
    """A server, whose log may be a pipe that nobody reads."""
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        server = Live.started(Path(folder), command, **({"stderr": writer} if stalled else {}))
        os.close(writer)
        try:
            yield server
        finally:
            os.close(reader)
            try:
                server.stop()
            except subprocess.TimeoutExpired:
                server.process.kill()


def main() -> None:
    """Measure what is asked for."""
    for name in sys.argv[1:] or ["hang", "leave", "probes", "log"]:
        workers = {"hang": 2, "leave": 1}
        command = (
            fake(workers=workers[name], threads=128)
            if name in workers
            else real("--workers", "1" if name == "probes" else "2")
        )
        with started(command, stalled=name == "log") as server:
            {"hang": hang, "leave": leave, "probes": probes, "log": log}[name](server)


if __name__ == "__main__":
    main()
