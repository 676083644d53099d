"""The asynchronous counterpart of ``connection``, for asyncio or trio."""

from __future__ import annotations

import os
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import anyio
import anyio.lowlevel

from verikit.errors import Broken, TimedOut, VerikitError
from verikit.transport import proxy as proxies
from verikit.transport.clock import Clock, Pace
from verikit.transport.closing import AsyncClosing
from verikit.transport.endpoint import Endpoint
from verikit.transport.exchange import (
    AT_ONCE,
    has_come,
    is_silent,
    named,
    not_connected,
    redacted,
    sending,
    why,
)
from verikit.transport.reader import Answer, Reader
from verikit.transport.request import Request

T = TypeVar("T")
Ready = Callable[[socket.socket], Awaitable[None]]
"""Waits until a socket can be read, or written."""


class AsyncConnection:
    """The asynchronous counterpart of ``Connection``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._socket: socket.socket | None = None

    async def ask(self, request: Request) -> Answer:
        """Send a request and read its answer.

        Raises:
            Unreachable: there was no whole answer that can be read; the subclass says why.
        """
        clock = Clock(self._endpoint)
        if self._socket and not is_silent(self._socket):
            self.close()  # closed meanwhile, or the server speaks unasked
        try:
            used = self._socket = self._socket or await _open(self._endpoint, clock)
            clock.sending()
            reader = Reader(request.method, self._endpoint.limits)
            whole = await _send(used, request, self._endpoint, reader, clock)
            await _receive(used, reader, clock)
        except (VerikitError, OSError) as error:
            self.close()
            raise named(error, self._endpoint) from error
        except BaseException:
            self.close()
            raise
        if not (whole and reader.lasting):
            self.close()
        return redacted(reader.answer(clock.taken), self._endpoint)

    def close(self) -> None:
        """Close it; the next request makes a new one."""
        if self._socket:
            self._socket.close()
            self._socket = None


class AsyncPool(AsyncClosing):
    """:class:`~verikit.transport.connection.Pool` for tasks of one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._idle: deque[AsyncConnection] = deque()
        self._pace = Pace(endpoint.rate)

    async def ask(self, request: Request) -> Answer:
        """Send a request and read its answer.

        Raises:
            Unreachable: there was no whole answer that can be read; the subclass says why.
        """
        if pause := self._pace.seconds_to_wait():
            await anyio.sleep(pause)
        connection = self._idle.pop() if self._idle else AsyncConnection(self.endpoint)
        answer = await connection.ask(request)
        self._idle.append(connection)
        return answer

    async def aclose(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()


async def _ready(
    step: Callable[[], T],
    used: socket.socket,
    clock: Clock,
    blocked: Ready = anyio.wait_readable,
) -> T:
    """Do a step of a socket that does not block, once it can be done."""
    while True:
        left, until = clock.left(), blocked
        try:
            return step()
        except ssl.SSLWantWriteError:
            until = anyio.wait_writable
        except ssl.SSLWantReadError:
            until = anyio.wait_readable
        except BlockingIOError:
            pass
        try:
            with anyio.fail_after(left):
                await until(used)
        except TimeoutError:
            raise clock.over() from None


async def _open(endpoint: Endpoint, clock: Clock) -> socket.socket:
    plain = await _connect(endpoint, clock)
    used = plain
    try:
        through = endpoint.proxy
        if through and (endpoint.address.is_https or not through.takes_whole_urls):
            await _tunnel(plain, endpoint, through, clock)
        if endpoint.address.is_https:
            used = endpoint.access.tls.context().wrap_socket(
                plain, server_hostname=endpoint.address.name, do_handshake_on_connect=False
            )
            await _ready(used.do_handshake, used, clock)
    except (ssl.SSLError, ssl.CertificateError):
        used.close()
        raise
    except OSError as error:
        used.close()
        raise Broken(f"during the TLS handshake: {why(error)}") from error
    except BaseException:
        used.close()
        raise
    return used


async def _connect(endpoint: Endpoint, clock: Clock) -> socket.socket:
    through = endpoint.proxy
    host, port = (through or endpoint.address).host, (through or endpoint.address).port
    trouble: BaseException = OSError("no such name")
    try:
        with anyio.fail_after(clock.left()):
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            for family, kind, protocol, _, place in found:
                made = socket.socket(family, kind, protocol)
                try:
                    await _connect_to(made, place)
                except OSError as error:
                    made.close()
                    trouble = error
                except BaseException:
                    made.close()
                    raise
                else:
                    return made
    except (OSError, UnicodeError) as error:
        trouble = error
    raise not_connected(endpoint, trouble) from trouble


async def _connect_to(made: socket.socket, place: tuple[str, int]) -> None:
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        made.connect(place)
    except BlockingIOError:
        await anyio.wait_writable(made)
        if number := made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(number, os.strerror(number)) from None


async def _tunnel(
    plain: socket.socket, endpoint: Endpoint, through: proxies.Proxy, clock: Clock
) -> None:
    handshake = proxies.tunnel(through, endpoint.address)
    message = next(handshake)
    try:
        while True:
            while message:
                sent = await _ready(partial(plain.send, message), plain, clock, anyio.wait_writable)
                message = message[sent:]
            message = handshake.send(await _ready(partial(plain.recv, AT_ONCE), plain, clock))
    except StopIteration:
        return
    except TimedOut:
        raise through.failed("it does not respond in time") from None
    except OSError as error:
        raise through.failed(why(error)) from error


async def _send(
    used: socket.socket, request: Request, endpoint: Endpoint, reader: Reader, clock: Clock
) -> bool:
    """Send it; False when the server answered, or stopped reading, before the end."""
    steps = sending(used, request, endpoint, reader)
    try:
        next(steps)
        while True:
            steps.send(await _wait(used, clock))
    except StopIteration as ended:
        return bool(ended.value)


async def _wait(used: socket.socket, clock: Clock) -> bool:
    """Wait until something can be sent, or has come; whether something has come."""

    async def until(ready: Ready) -> None:
        await ready(used)
        either.cancel_scope.cancel()

    try:
        with anyio.fail_after(clock.left()):
            async with anyio.create_task_group() as either:
                either.start_soon(until, anyio.wait_readable)
                either.start_soon(until, anyio.wait_writable)
    except TimeoutError:
        raise clock.over() from None
    return has_come(used)


async def _receive(used: socket.socket, reader: Reader, clock: Clock) -> None:
    while not reader.complete:
        try:
            content = await _ready(partial(used.recv, AT_ONCE), used, clock)
        except ssl.SSLError:
            raise
        except OSError as error:
            raise Broken(why(error), begun=reader.begun) from error
        if content:
            reader.feed(content)
        else:
            reader.end()
        if not reader.complete:
            await anyio.lowlevel.checkpoint()  # a flood leaves room for the other tasks
