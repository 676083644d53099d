"""How many requests per second a server answers, and on what processor."""

from __future__ import annotations

import platform
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

CLIENTS = 2  # enough to keep one worker busy while an answer travels


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two servers: where it answers, what it is sent, and how often in a round."""

    url: str
    body: bytes
    media_type: str
    requests_per_round: int

    def rate(self) -> float:
        """Requests per second of one round."""
        with ThreadPoolExecutor(CLIENTS) as clients:
            start = time.perf_counter()
            share = self.requests_per_round // CLIENTS
            list(clients.map(self._ask, [share] * CLIENTS))
            return share * CLIENTS / (time.perf_counter() - start)

    def _ask(self, times: int) -> None:
        with requests.Session() as session:
            for _ in range(times):
                answer = session.post(
                    self.url, data=self.body, headers={"Content-Type": self.media_type}, timeout=300
                )
                answer.raise_for_status()


def paced(url: str, body: bytes, media_type: str, seconds: float) -> Side:
    """A side whose rounds last about ``seconds``, after a warm-up."""
    trial = Side(url=url, body=body, media_type=media_type, requests_per_round=CLIENTS)
    trial.rate()
    count = CLIENTS * max(1, round(trial.rate() * seconds / CLIENTS))
    return Side(url=url, body=body, media_type=media_type, requests_per_round=count)


def instruction_set() -> str:
    """The widest vector instructions of this processor that matter here."""
    found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    flags = set(found[1].split()) if found else set()
    names = {"avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx2": "AVX2", "avx_vnni": "AVX-VNNI"}
    return ", ".join(name for flag, name in names.items() if flag in flags) or platform.machine()
