"""Sends the requests of cases; as a rule each over a connection of its own.

What it reports is what the server did: no retries, no redirects, no pool.
"""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Callable, Sequence
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
"""Carries the case and a number, so that a request is found in the server's own log."""

Ask = Callable[[transport.Request], transport.Answer]

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Target:
    """The server under test, and the key and IV that it shares with its clients.

    ``write`` makes a request's bytes; who checks many servers may hand in one that remembers.
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
        """A target from what a user types; the operation's own path may be part of the URL.

        Raises:
            WrongUse: no http or https URL, one with a password, or a key or IV of a wrong length.
        """
        endpoint = Endpoint(
            address=Address.for_reports(url), access=access or Access(), timeout=timeout
        )
        return cls(endpoint=endpoint, secrets=Secrets.of(key, iv))

    @property
    def url(self) -> str:
        """Where it is, without the path of the operation."""
        return self.endpoint.address.url

    @cached_property
    def pool(self) -> Pool:
        """Keeps the requests of all threads within the endpoint's rate."""
        return Pool(self.endpoint)

    def connection(self) -> Connection:
        """A connection for several requests in a row."""
        return Connection(self.endpoint)


class Answer(transport.Answer):
    """What came back. Its JSON is read leniently: how strict it is, is judged for itself."""

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
    """One request of a case and what became of it: an answer, or why there is none."""

    case: str
    request: Request
    answer: Answer | None
    error: Unreachable | None = None
    sent: Wire | None = None
    """The very bytes; None once they were given up to save memory."""

    def without_sent(self) -> Exchange:
        """The same without the bytes that were sent."""
        return replace(self, sent=None)


def exchange(target: Target, case: str, request: Request) -> Exchange:
    """Send one request. Nothing that the server does raises."""
    return _exchange(partial(target.pool.ask, anew=True), target, case, request)


def in_a_row(target: Target, case: str, requests: Sequence[Request]) -> list[Exchange]:
    """Send requests over one connection, as clients that keep it open do.

    A server may close it after an answer; then the next request gets a new one.
    """
    exchanges: list[Exchange] = []
    with target.connection() as connection:
        for request in requests:
            one = _exchange(connection.ask, target, case, request)
            if one.answer is None and exchanges:
                one = _exchange(connection.ask, target, case, request)
            exchanges.append(one)
    return exchanges


def reachable(target: Target) -> bool:
    """Whether something accepts connections there."""
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
        ),
    )


def _integer(digits: str) -> float:
    """As doubles are read where it has more digits than they hold: it may be infinite."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else float(digits)


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
