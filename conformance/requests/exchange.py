"""The one file that speaks HTTP.

``http.client``, as a rule with a connection for each request: it sends any body with any framing,
and what it reports is what the server did (no retries, no redirects, no pool).
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from conformance.requests.recipe import Request
from conformance.requests.writing import Wire, wire
from verikit.contract.encryption import Secrets
from verikit.transport.address import Address

_BLOCK = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Target:
    """The server under test. ``url`` has no path of the operation; ``timeout`` in seconds.

    ``write`` makes a request's bytes; who checks many servers may hand in one that remembers.
    """

    url: str
    secrets: Secrets
    timeout: float = 30.0
    write: Callable[[Request, Secrets], Wire] = field(default=wire, repr=False)

    @classmethod
    def of(
        cls, url: str, *, key: str | None = None, iv: str | None = None, timeout: float = 30.0
    ) -> Target:
        """A target from what a user types; the operation's own path may be part of the URL.

        Raises:
            WrongUse: no http or https URL, one with a password, or a key or IV of a wrong length.
        """
        address = Address.for_reports(url)
        return cls(url=address.url, secrets=Secrets.of(key, iv), timeout=timeout)


@dataclass(frozen=True)
class Answer:
    """What came back; ``seconds`` from the first byte sent to the last byte read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @cached_property
    def json(self) -> Any:
        """The body as JSON in UTF-8, or None when it is none."""
        try:
            return json.loads(self.body.decode("utf-8"), parse_constant=_no_json)
        except (ValueError, RecursionError):
            return None

    @property
    def fields(self) -> Mapping[str, Any]:
        """The JSON object, or an empty one."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Exchange:
    """One request of a case and what became of it: an answer, or a broken connection."""

    case: str
    request: Request
    answer: Answer | None
    sent: Wire | None = None
    """The very bytes; None once they were given up to save memory."""
    trouble: str = ""
    begun: bool = False
    """The answer began and broke off."""

    def without_sent(self) -> Exchange:
        """The same without the bytes that were sent."""
        return replace(self, sent=None)


def exchange(target: Target, case: str, request: Request) -> Exchange:
    """Send one request. Nothing that the server does raises."""
    with closing(_connection(target)) as connection:
        return _exchange(connection, target, case, request)


def in_a_row(target: Target, case: str, requests: Sequence[Request]) -> list[Exchange]:
    """Send requests over one connection, as clients that keep it open do.

    A server may close it after an answer; then the next request gets a new one.
    """
    exchanges: list[Exchange] = []
    with closing(_connection(target)) as connection:
        for request in requests:
            one = _exchange(connection, target, case, request)
            if one.answer is None and exchanges:
                connection.close()
                one = _exchange(connection, target, case, request)
            exchanges.append(one)
    return exchanges


def reachable(target: Target) -> bool:
    """Whether something accepts connections there."""
    address = Address.of(target.url)
    try:
        socket.create_connection(
            (address.host, address.port), timeout=min(target.timeout, 5)
        ).close()
    except OSError:
        return False
    return True


def _connection(target: Target) -> http.client.HTTPConnection:
    parts = urlsplit(target.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=target.timeout)


def _exchange(
    connection: http.client.HTTPConnection, target: Target, case: str, request: Request
) -> Exchange:
    sent = target.write(request, target.secrets)
    try:
        answer = _ask(connection, urlsplit(target.url).path + sent.target, sent)
    except (OSError, http.client.HTTPException) as error:
        trouble = str(error) or type(error).__name__
        begun = isinstance(error, http.client.IncompleteRead)
        return Exchange(
            case=case, request=request, answer=None, sent=sent, trouble=trouble, begun=begun
        )
    return Exchange(case=case, request=request, answer=answer, sent=sent)


def _ask(connection: http.client.HTTPConnection, path: str, sent: Wire) -> Answer:
    started = time.perf_counter()
    whole = _send(connection, path, sent)
    response = connection.getresponse()
    body = response.read()
    if not whole:
        connection.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body, time.perf_counter() - started)


def _send(connection: http.client.HTTPConnection, target: str, sent: Wire) -> bool:
    """Send it; False when the server did not want the rest of the body."""
    connection.putrequest(sent.method, target)
    connection.putheader("Accept", "application/json")
    if sent.content_type:
        connection.putheader("Content-Type", sent.content_type)
    if sent.length == "declared":
        connection.putheader("Content-Length", str(len(sent.body)))
    elif sent.length == "chunked":
        connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    try:
        for index, block in enumerate(_blocks(sent)):
            if index and _answers_already(connection):
                return False
            connection.send(block)
    except (BrokenPipeError, ConnectionResetError):
        return False  # The server stopped reading; its answer may still be there.
    return True


def _blocks(sent: Wire) -> Iterator[bytes]:
    chunked = sent.length == "chunked"
    view = memoryview(sent.body)
    for start in range(0, len(view), _BLOCK):
        block = bytes(view[start : start + _BLOCK])
        yield b"%x\r\n%b\r\n" % (len(block), block) if chunked else block
    if chunked:
        yield b"0\r\n\r\n"


def _answers_already(connection: http.client.HTTPConnection) -> bool:
    """Whether the server answers before the body is through, as it may (RFC 9112, 9.3)."""
    if isinstance(connection, http.client.HTTPSConnection) or connection.sock is None:
        return False
    return bool(select.select([connection.sock], [], [], 0)[0])


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
