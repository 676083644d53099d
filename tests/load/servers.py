"""Small servers to be tested against, each named by what is wrong with it.

Run as a program, ``servers.py [ADDRESS]`` serves them all, each on a free port of 127.0.0.1 unless
told otherwise, and prints their ports by name as JSON.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from verikit.contract import load_contract

Answer = tuple[int, dict[str, Any]]
Server = Callable[[bytes], Answer]
_CONTRACT = load_contract()
TAKES = 0.02
"""Seconds before each answer; users who wait for nothing would keep all processors busy."""
_NUMBERS = itertools.count()
_OF_PAIRS = itertools.count()
"""As each answer takes one number, also side by side, no half is given to three."""
SERVERS: dict[str, Server] = {}


def server(function: Server) -> Server:
    """Make a server known by its name."""
    SERVERS[function.__name__] = function
    return function


def result(**changes: Any) -> dict[str, Any]:
    """What a good server answers to two good photos."""
    good = {
        "code": _CONTRACT.success_code,
        "verification_score": 0.5,
        "request_id": f"id-{next(_NUMBERS)}",
    }
    return {**good, **changes}


def refusal(name: str) -> Answer:
    """What a good server answers to a wrong photo."""
    code = _CONTRACT.codes[name]
    return code.status, {
        "code": code.code,
        "message": code.message,
        "request_id": f"id-{next(_NUMBERS)}",
    }


@server
def good(body: bytes) -> Answer:
    return 200, result()


@server
def strict(body: bytes) -> Answer:
    return refusal("INVALID_ARGUMENT") if b"no+Base64" in body else (200, result())


@server
def repeats_request_ids(body: bytes) -> Answer:
    return 200, result(request_id=f"id-{next(_OF_PAIRS) // 2}")


@server
def scores_at_whim(body: bytes) -> Answer:
    return 200, result(verification_score=next(_NUMBERS) % 7 / 10)


@server
def scores_above_one(body: bytes) -> Answer:
    return 200, result(verification_score=1.5)


@server
def finds_no_face(body: bytes) -> Answer:
    return refusal("DETECTION_FAILED")


_CALLS = itertools.count()


@server
def fails_at_times(body: bytes) -> Answer:
    if next(_CALLS) % 10:
        return good(body)
    return 500, {"code": 500, "message": "INTERNAL_ERROR", "request_id": f"id-{next(_NUMBERS)}"}


@server
def takes_100_ms(body: bytes) -> Answer:
    time.sleep(0.1)
    return good(body)


_ONE_AT_A_TIME = threading.Lock()


@server
def serves_50_a_second(body: bytes) -> Answer:
    with _ONE_AT_A_TIME:
        time.sleep(0.02)
    return good(body)


_HOARD: list[bytearray] = []


@server
def leaks(body: bytes) -> Answer:
    _HOARD.append(bytearray(b"x" * 200_000))
    return good(body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for head and body
    answer: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(TAKES)
        self.send(*type(self).answer(body))

    def send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def build(name: str, address: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A server of that name, bound to a free port and not yet serving."""
    handler = type("Handler", (_Handler,), {"answer": staticmethod(SERVERS[name])})
    bound = ThreadingHTTPServer((address, 0), handler)
    bound.daemon_threads = True
    return bound


if __name__ == "__main__":
    programs = {name: build(name, *sys.argv[1:]) for name in SERVERS}
    for program in programs.values():
        threading.Thread(target=program.serve_forever).start()
    print(json.dumps({name: each.server_port for name, each in programs.items()}), flush=True)
