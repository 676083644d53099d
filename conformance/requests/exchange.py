"""Sends the requests of cases, normally each over a new connection.

There are no retries, redirects or pools that could hide what the server does.
"""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from typing import Any

from conformance.requests.recipe import Request
from conformance.requests.writing import Wire, wire
from verikit import transport
from verikit.contract.encryption import Secrets
from verikit.errors import Unreachable
from verikit.transport import Access, Address, Connection, Endpoint, Pool
from verikit.transport.strict_json import LONGEST_NUMBER

NAME_HEADER = "Verikit-Request"
"""The case and a number, to find a request in the server's log."""

Ask = Callable[[transport.Request], transport.Answer]

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Target:
    """The server under test, with its key and IV.

    ``write`` builds the bytes of a request; a caching one saves time with many servers.
    """

    endpoint: Endpoint
    secrets: Secrets
    write: Callable[[Request, Secrets], Wire] = field(default=wire, repr=False)

    @classmethod
    def of(
        cls,
        url: str,
        *,
        key: str | None = None,
        iv: str | None = None,
        timeout: float = transport.TIMEOUT_SECONDS,
        access: Access | None = None,
    ) -> Target:
        """A target from the options of a command; the URL may include the operation's path.

        Raises:
            WrongUse: the URL is invalid or has a password, or the key or IV has the wrong length.
        """
        endpoint = Endpoint(
            address=Address.for_reports(url), access=access or Access(), timeout=timeout
        )
        return cls(endpoint=endpoint, secrets=Secrets.of(key, iv))

    @property
    def url(self) -> str:
        """The URL, without the path of the operation."""
        return self.endpoint.address.url

    @cached_property
    def pool(self) -> Pool:
        """The connections of all threads, which share the endpoint's rate limit."""
        return Pool(self.endpoint)

    def connection(self) -> Connection:
        """A connection for several requests in a row."""
        return Connection(self.endpoint)


class Answer(transport.Answer):
    """A response. Its JSON is parsed leniently; separate cases judge its strictness."""

    @cached_property
    def _read(self) -> tuple[Any, str]:
        value, why_not = super()._read
        if not why_not or "content-encoding" in self.headers:
            return value, why_not
        try:
            lenient = json.loads(
                self.body.decode("utf-8"), parse_int=_integer, parse_constant=_no_json
            )
        except (ValueError, RecursionError):
            lenient = None
        return lenient, why_not


@dataclass(frozen=True, kw_only=True, eq=False)
class Exchange:
    """One request of a case, with its response or the reason why there is none."""

    case: str
    request: Request
    answer: Answer | None
    error: Unreachable | None = None
    sent: Wire | None = None
    """The bytes sent; None if they were dropped to save memory."""

    def without_sent(self) -> Exchange:
        """The same without the bytes sent."""
        return replace(self, sent=None)


def exchange(target: Target, case: str, request: Request) -> Exchange:
    """Send one request; an error of the connection is part of the exchange."""
    return _exchange(partial(target.pool.ask, new_connection=True), target, case, request)


def in_a_row(
    target: Target, case: str, requests: Sequence[Request], *, again: bool = True
) -> list[Exchange]:
    """Send requests over one connection, as clients that keep it open do.

    A server may close it after an answer; then the next request uses a new one. A lost request is
    sent ``again`` on a new connection.
    """
    exchanges: list[Exchange] = []
    with target.connection() as connection:
        for request in requests:
            one = _exchange(connection.ask, target, case, request)
            if one.answer is None and exchanges and again:
                one = _exchange(connection.ask, target, case, request)
            exchanges.append(one)
    return exchanges


def give_up(target: Target, case: str, request: Request) -> None:
    """Send half of a request, and close the connection."""
    sent = target.write(request, target.secrets)
    asked = replace(_named(case, sent), pieces=_half(sent.body))
    with target.connection() as connection, suppress(_GivenUp, Unreachable):
        connection.ask(asked)


class _GivenUp(Exception):  # noqa: N818 - no error, but the client's wish
    """The client wants no answer any more."""


def _half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise _GivenUp


def reachable(target: Target) -> bool:
    """Whether the target accepts connections."""
    there = target.endpoint.proxy or target.endpoint.address
    try:
        socket.create_connection(
            (there.host, there.port), timeout=min(target.endpoint.timeout, 5)
        ).close()
    except OSError:
        return False
    return True


def _exchange(
    ask: Callable[[transport.Request], transport.Answer],
    target: Target,
    case: str,
    request: Request,
) -> Exchange:
    sent = target.write(request, target.secrets)
    try:
        answer = ask(_named(case, sent))
    except Unreachable as error:
        return Exchange(case=case, request=request, answer=None, error=error, sent=sent)
    parts = {part.name: getattr(answer, part.name) for part in fields(answer)}
    return Exchange(case=case, request=request, answer=Answer(**parts), sent=sent)


def _named(case: str, sent: Wire) -> transport.Request:
    return transport.Request(
        method=sent.method,
        path=sent.target,
        content_type=sent.content_type,
        body=sent.body,
        length=sent.length,
        headers=(
            (NAME_HEADER, f"{case}/{next(_numbers)}"),
            *((("Expect", "100-continue"),) if sent.expect_continue else ()),
            *sent.headers,
        ),
        head=sent.head,
        pieces=Slowly(sent.body, sent.pause) if sent.pause else None,
    )


@dataclass(frozen=True)
class Slowly:
    """The two halves of a body, and seconds between them."""

    body: bytes
    seconds: float

    def __iter__(self) -> Iterator[bytes]:
        """Yield them."""
        yield self.body[: len(self.body) // 2]
        time.sleep(self.seconds)
        yield self.body[len(self.body) // 2 :]


def _integer(digits: str) -> float:
    """Parse an integer of too many digits as a double, which may be infinite."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else float(digits)


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
