"""How many requests per second a server answers, and on what processor."""

from __future__ import annotations

import http.client
import os
import platform
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

CLIENTS = 2  # enough to keep one worker busy while an answer travels


@dataclass(frozen=True, kw_only=True)
class Side:
    """A server: where it answers, what it is sent, by how many clients, how often in a round."""

    url: str
    body: bytes
    media_type: str
    requests_per_round: int
    clients: int = CLIENTS

    def rate(self) -> float:
        """Requests per second of one round; who is answered sooner asks more often."""
        left = iter(range(self.requests_per_round))
        with ThreadPoolExecutor(self.clients) as clients:
            start = time.perf_counter()
            list(clients.map(self._ask, [left] * self.clients))
            return self.requests_per_round / (time.perf_counter() - start)

    def _ask(self, left: Iterator[int]) -> None:
        """The standard library's client, which takes little of the processor that servers need."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.netloc, timeout=300)
        for _ in left:
            connection.request("POST", address.path, self.body, {"Content-Type": self.media_type})
            with connection.getresponse() as response:
                response.read()
                if response.status != 200:
                    raise ConnectionError(f"{self.url} answers {response.status}")
        connection.close()


def paced(url: str, body: bytes, media_type: str, seconds: float, clients: int = CLIENTS) -> Side:
    """A side whose rounds last about ``seconds``, after a warm-up."""
    trial = Side(
        url=url, body=body, media_type=media_type, requests_per_round=clients, clients=clients
    )
    trial.rate()
    count = clients * max(1, round(trial.rate() * seconds / clients))
    return replace(trial, requests_per_round=count)


def processor_flags() -> set[str]:
    """What /proc/cpuinfo says that the processor can; nothing elsewhere than on x86."""
    found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return set(found[1].split()) if found else set()


def instruction_set() -> str:
    """The widest vector instructions of this processor that matter here."""
    hidden = os.environ.get("HIDDEN_INSTRUCTIONS", "")  # by benchmarks.avx2_only
    flags = processor_flags() - set(hidden.split())
    names = {"avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx2": "AVX2", "avx_vnni": "AVX-VNNI"}
    return ", ".join(name for flag, name in names.items() if flag in flags) or platform.machine()
