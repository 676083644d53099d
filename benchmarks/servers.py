"""Servers to measure, started as processes, and what they are sent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from verikit.client.form import form
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.portraits import head, jpeg

CONTRACT = load_contract()


def portraits(side: int) -> tuple[bytes, bytes]:
    """Square JPEG portraits of two people; the face takes about 40 % of the width."""
    return jpeg(head("collins", side)), jpeg(head("hopper", side))


def encrypted_form(photos: tuple[bytes, bytes]) -> bytes:
    """The url-encoded form that the contract documents."""
    return form(*photos, {}, Secrets.of())


@contextmanager
def verikit_server(workers: int = 1) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The reference server: where it compares, and its process."""
    port = free_port()
    command = [sys.executable, "-m", "verikit", "serve", "--log-level", "warning"]
    with running(
        [*command, "--port", str(port), "--workers", str(workers)],
        f"http://127.0.0.1:{port}/healthz",
    ) as server:
        yield f"http://127.0.0.1:{port}{CONTRACT.path}", server


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
