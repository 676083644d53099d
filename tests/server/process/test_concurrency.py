import base64
import itertools
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from verikit.contract import load_contract
from verikit.portraits import head, jpeg

pytestmark = pytest.mark.live

CONTRACT = load_contract()
SECRETS = CONTRACT.encryption
PHOTOS = [name for name, entry in CONTRACT.parameters.items() if entry.required]
CLIENTS = 64


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """One worker of the reference server with its real engine."""
    options = ("--port", "0", "--workers", "1", "--deadline", "600")
    command = [sys.executable, "-m", "verikit", "serve", *options]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            yield server.stdout.readline().removeprefix(f"Ready: {CONTRACT.method} ").strip()
        finally:
            server.terminate()


def encrypted_portrait(side: int) -> str:
    cipher = AESGCM(SECRETS.default_key.encode())
    photo = jpeg(head("collins", side))
    return base64.b64encode(cipher.encrypt(SECRETS.default_iv.encode(), photo, None)).decode()


def score(url: str, pair: tuple[str, str]) -> float:
    answer = requests.post(url, data=dict(zip(PHOTOS, pair, strict=True)), timeout=120)
    return float(answer.json()["verification_score"])


def test_64_clients_get_the_bits_of_a_serial_run(url: str) -> None:
    portraits = [encrypted_portrait(side) for side in (150, 250, 400, 1000)]
    pairs = list(itertools.combinations(portraits, 2))
    serial = [score(url, pair) for pair in pairs]
    assert len(set(serial)) == len(pairs), "each pair has a score of its own"
    asked = list(range(len(pairs))) * (CLIENTS // len(pairs) + 1)
    with ThreadPoolExecutor(CLIENTS) as clients:
        concurrent = list(clients.map(lambda place: score(url, pairs[place]), asked))
    assert concurrent == [serial[place] for place in asked]
