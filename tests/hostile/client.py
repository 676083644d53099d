"""Sends raw bytes to a server and reads whatever comes back."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from time import monotonic
from typing import Any

from tests.hostile.body import Body

PATIENCE_SECONDS = 30.0
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Reply:
    """All answers on one connection, and when it began and ended by the monotonic clock.

    ``broken``: what was wrong with the exchange itself; empty if nothing was.
    """

    answers: tuple[Answer, ...]
    started: float
    ended: float
    broken: str = ""

    @property
    def seconds(self) -> float:
        """From the first byte sent until the server had ended the connection."""
        return self.ended - self.started


def ask(port: int, body: Body) -> Reply:
    """What the server answers; only bytes that may not be HTTP end the sending side at once."""
    return exchange(port, body.raw, method=body.method, half_close=body.form is None)


def exchange(port: int, raw: bytes, *, method: str = "POST", half_close: bool = False) -> Reply:
    """Send the bytes over a connection of their own and read until its end."""
    started, broken, received = monotonic(), "", b""
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
            with suppress(ConnectionError):  # the answer may have come before the end
                connection.sendall(raw)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            received, broken = _read(connection)
    except OSError as error:
        broken = f"no connection ({type(error).__name__})"
    ended = monotonic()
    try:
        answers = tuple(parse(received, method))
    except (HTTPException, ValueError) as error:
        answers, broken = (), f"an answer that is no HTTP ({type(error).__name__})"
    return Reply(answers, started, ended, broken)


def healthy(port: int) -> bool:
    """Whether a new connection is served."""
    return [answer.status for answer in exchange(port, HEALTH).answers] == [200]


def _read(connection: socket.socket) -> tuple[bytes, str]:
    pieces: list[bytes] = []
    try:
        while piece := connection.recv(2**16):
            pieces.append(piece)
    except TimeoutError:
        return b"".join(pieces), f"no end of the answer within {PATIENCE_SECONDS:.0f} s"
    except ConnectionError:
        pass  # reset behind the answer; without an answer the judge minds that there is none
    return b"".join(pieces), ""


class _Received(BytesIO):
    """What came over a socket, for http.client to read several answers from."""

    def makefile(self, *_: Any) -> _Received:
        return self

    def close(self) -> None:
        """Nothing: the next answer follows."""


def parse(received: bytes, method: str = "POST") -> list[Answer]:
    """The answers that stand one behind the other."""
    stream, answers = _Received(received), []
    while stream.tell() < len(received):
        response = HTTPResponse(stream, method=method)  # type: ignore[arg-type] # reads only
        response.begin()
        content = response.read()
        answers.append(Answer(response.status, response.headers.get("Content-Type", ""), content))
    return answers
