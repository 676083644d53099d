"""The steps of an exchange over a socket that does not block, whoever waits for it.

While a body goes out, the answer is watched for, over TLS too: a server may refuse a body before it
has all of it, and read no more of it (RFC 9112, section 9.3).
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Generator
from dataclasses import replace

from verikit.errors import (
    BadAnswer,
    Broken,
    NotConnected,
    NotTrusted,
    ProxyFailed,
    VerikitError,
)
from verikit.foreign_text import shown
from verikit.transport import tls
from verikit.transport.endpoint import Endpoint
from verikit.transport.reader import Answer, Reader
from verikit.transport.request import Request, blocks_of

AT_ONCE = 64 * 1024
TLS_HINT = "; if it is a TLS server, write https:// instead"
STRUCK_OUT = b"[not shown]"
Sending = Generator[None, bool, bool]
"""Yields when the socket takes no more, is sent whether something has come meanwhile, and returns
False when the server answered, or stopped reading, before the end."""


def sending(used: socket.socket, request: Request, endpoint: Endpoint, reader: Reader) -> Sending:
    """Send a request, and feed what arrives meanwhile to the reader."""
    for number, block in enumerate(blocks_of(request, endpoint)):
        if number and has_come(used) and _take(used, reader):
            return False
        used.setblocking(False)
        rest = memoryview(block)
        while rest:
            try:
                sent = used.send(rest)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                sent = 0  # as gevent says over TLS, where nothing is raised
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                return False  # the server stopped reading; its answer may still be there
            if not sent and (yield) and _take(used, reader):
                return False
            rest = rest[sent:]
    return True


def _take(used: socket.socket, reader: Reader) -> bool:
    """Read what has come while a body goes out; whether the answer has begun."""
    used.setblocking(False)
    try:
        content = used.recv(AT_ONCE)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False  # TLS alone, such as a ticket for the next session
    except ConnectionResetError:
        return True
    if not content:
        return True  # to be read again, and judged, as the end
    reader.feed(content)
    return reader.begun


def is_silent(used: socket.socket) -> bool:
    """Whether an idle connection is still there, and nothing has come over it."""
    used.setblocking(False)
    try:
        used.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        pass
    return False


def has_come(used: socket.socket) -> bool:
    """Whether there may be something to read now, which may be the end."""
    waiting = select.poll()
    waiting.register(used, select.POLLIN)
    pending = isinstance(used, ssl.SSLSocket) and used.pending()
    return bool(pending or waiting.poll(0))


def why(error: BaseException) -> str:
    """The reason of an operating system error, as one line."""
    if isinstance(error, socket.gaierror):
        return "no such name"
    strerror = error.strerror if isinstance(error, OSError) else None
    return shown(strerror or str(error) or type(error).__name__)


def named(error: VerikitError | OSError, endpoint: Endpoint) -> VerikitError:
    """An error of a connection as one of ours, with the server in its message."""
    where = endpoint.address.shown
    if isinstance(error, ssl.SSLError):
        return tls.failure(error, where)
    if isinstance(error, OSError):
        error = Broken(why(error))
    if isinstance(error, BadAnswer):
        rule, _, _ = str(error).partition(": ")  # what the server wrote follows a colon
        return BadAnswer(f"{where} gave a malformed response: {error}", rule=rule)
    if isinstance(error, NotTrusted):
        return NotTrusted(f"{where} cannot be asked: {error}")
    if isinstance(error, Broken):
        hint = "" if error.begun or endpoint.address.is_https else TLS_HINT
        return Broken(f"No server answers at {where} ({error}){hint}", begun=error.begun)
    return type(error)(str(error))


def redacted(answer: Answer, endpoint: Endpoint) -> Answer:
    """The answer without the secrets that it sends back."""
    found = [one for one in endpoint.secrets if one in answer.body or one in answer.head]
    if not found:
        return answer
    body, head, headers = answer.body, answer.head, dict(answer.headers)
    for secret in found:
        body, head = body.replace(secret, STRUCK_OUT), head.replace(secret, STRUCK_OUT)
        for name, value in headers.items():
            headers[name] = value.replace(secret.decode(), STRUCK_OUT.decode())
    reason = answer.reason if not any(s.decode() in answer.reason for s in found) else ""
    return replace(answer, body=body, head=head, headers=headers, reason=reason)


def not_connected(endpoint: Endpoint, error: BaseException) -> NotConnected | ProxyFailed:
    """That the server, or the proxy before it, cannot be connected to, and why."""
    reason = "no connection in time" if isinstance(error, TimeoutError) else why(error)
    if endpoint.proxy:
        return ProxyFailed(f"The proxy {endpoint.proxy} cannot be reached ({reason})")
    return NotConnected(f"No server answers at {endpoint.address.shown} ({reason})")
