import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.serving import serving
from verikit.client import AsyncClient, Client, Verification
from verikit.contract import load_contract

CONTRACT = load_contract()
SCORED = {"code": CONTRACT.success_code, "verification_score": 0.75, "request_id": "r-1"}


class Scripted(ThreadingHTTPServer):
    """Gives the same answer to every request, and remembers who asked what.

    ``answers`` says how many requests of one connection get an answer before it is broken off;
    ``silence`` keeps every answer back until the test is over; ``turned_away`` has the Retry-After
    of each request that is answered with 500 first.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.status, self.body = 200, json.dumps(SCORED).encode()
        self.turned_away: list[str] = []
        self.answers: int | None = None
        self.silence = False
        self.over = threading.Event()
        self.ended = threading.Event()
        self.bodies: list[bytes] = []
        self.connections: list[Any] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Scripted

    def setup(self) -> None:
        super().setup()
        self.answered = 0
        self.server.connections.append(self.client_address)

    def finish(self) -> None:
        super().finish()
        self.server.ended.set()

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.silence:
            self.server.over.wait()
        if self.answered == self.server.answers or self.server.silence:
            self.close_connection = True
            return
        self.answered += 1
        if self.server.turned_away:
            self.send_response(500)
            self.send_header("Retry-After", self.server.turned_away.pop(0))
        else:
            self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with serving(Scripted()) as server:
        yield server
        server.over.set()


Ask = Callable[..., list[Verification]]


def ask_plainly(url: str, *asked: dict[str, Any], **settings: Any) -> list[Verification]:
    with Client(url, **settings) as client:
        return [client.verify(**one) for one in asked]


def ask_async(url: str, *asked: dict[str, Any], **settings: Any) -> list[Verification]:
    async def ask() -> list[Verification]:
        async with AsyncClient(url, **settings) as client:
            return [await client.verify(**one) for one in asked]

    return asyncio.run(ask())


@pytest.fixture(params=[ask_plainly, ask_async], ids=["plain", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks a server with a client of either kind, one comparison after the other."""
    asking: Ask = request.param
    return asking
