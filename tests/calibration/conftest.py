"""A server that is exactly right (or off by a known amount), and people made of text files."""

import hashlib
import json
import math
import threading
from base64 import b64decode
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from calibration.report import plots
from tests.support.drawing import drawing
from tests.support.serving import serving
from verikit.contract import load_contract

CONTRACT = load_contract()


def score_of(first: bytes, second: bytes, generosity: float = 0.0) -> float:
    """Non-mated scores follow the documented table exactly; mated ones lie above 0.5."""
    digest = hashlib.sha256(b"|".join(sorted((first, second)))).digest()
    u = (int.from_bytes(digest[:6]) + 1) / 2**48
    mated = first.partition(b"/")[0] == second.partition(b"/")[0]
    score = 1 - u / 2 if mated else CONTRACT.error_rates.threshold_at(math.log10(u)) + generosity
    return min(1.0, max(0.0, score))


class Stub(ThreadingHTTPServer):
    """Photos are texts like person/photo; one that holds 'faceless' has no face."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.generosity = 0.0
        self.delay = 0.0
        self.broken = set()
        self.always_broken = False
        self.alone_broken = False
        self.raw = None
        self.asked = Counter()
        self.fields = {}
        self.lock = threading.Lock()
        self.key = CONTRACT.encryption.default_key

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Stub

    def parse_request(self) -> bool:
        """What our client writes; the parser of mail headers takes ten times as long."""
        self.requestline = self.raw_requestline.decode()
        words = self.requestline.split()
        lines = takewhile(bytes.strip, iter(self.rfile.readline, b""))
        pairs = (line.decode().partition(":") for line in lines)
        self.headers = {name.lower(): value.strip() for name, _, value in pairs}
        self.close_connection = len(words) != 3 or self.headers.get("connection") == "close"
        if len(words) == 3:
            self.command, self.path, self.request_version = words
        return len(words) == 3

    def do_POST(self) -> None:
        fields = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        names = [p.name for p in CONTRACT.parameters.values() if p.required]
        scheme = CONTRACT.encryption
        cipher = AESGCM(self.server.key.encode())
        photos = [
            cipher.decrypt(scheme.default_iv.encode(), b64decode(fields[name][0]), None)
            for name in names
        ]
        self.server.fields = fields
        if self.server.delay:
            threading.Event().wait(self.server.delay)
        self.answer(*photos)

    def answer(self, first: bytes, second: bytes) -> None:
        with self.server.lock:
            self.server.asked[first, second] += 1
            broken = first in self.server.broken and self.server.asked[first, second] == 1
        if self.server.raw:
            self.send_bytes(200, *self.server.raw)
        elif broken or self.server.always_broken or (self.server.alone_broken and first == second):
            self.send(500, {"code": 500, "message": "internal", "request_id": "1"})
        elif b"faceless" in first + second:
            code = CONTRACT.codes["DETECTION_FAILED"]
            self.send(code.status, {"code": code.code, "message": code.message, "request_id": "1"})
        else:
            score = score_of(first, second, self.server.generosity)
            body = {"code": CONTRACT.success_code, "verification_score": score}
            self.send(200, body | {"request_id": "1"})

    def send(self, status: int, document: dict) -> None:
        self.send_bytes(status, {"content-type": "application/json"}, json.dumps(document).encode())

    def send_bytes(self, status: int, headers: dict, body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stub():
    with serving(Stub()) as server:
        yield server


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    """Sixty people with two photos each, one of which shows no face; nobody writes there."""
    root = tmp_path_factory.mktemp("people")
    for person in range(60):
        folder = root / f"p{person:02}"
        folder.mkdir(parents=True)
        for photo in range(2):
            name = f"p{person:02}/{photo}.jpg"
            faceless = " faceless" if (person, photo) == (7, 1) else ""
            (root / name).write_text(name + faceless)
    return root


@pytest.fixture(autouse=True)
def without_plots(request, monkeypatch):
    """Plots take half of a calibration: most tests do without, some put them together undrawn."""
    if marker := request.node.get_closest_marker("composed"):
        with drawing(*marker.args):
            yield
    else:
        monkeypatch.setattr(plots, "drawn", lambda *_, **__: "<svg></svg>")
        yield
