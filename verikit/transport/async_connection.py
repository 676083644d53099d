"""The asynchronous counterpart of ``connection``, for asyncio or trio."""

from __future__ import annotations

import ssl
from collections import deque

import anyio
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from verikit.errors import Broken, VerikitError
from verikit.transport import proxy as proxies
from verikit.transport.clock import Clock, Pace
from verikit.transport.closing import AsyncClosing
from verikit.transport.connection import named, not_connected, redacted, why
from verikit.transport.endpoint import Endpoint
from verikit.transport.reader import Answer, Reader
from verikit.transport.request import Request, blocks_of

_STREAM_ERRORS = (anyio.BrokenResourceError, anyio.ClosedResourceError)


class AsyncConnection:
    """The asynchronous counterpart of ``Connection``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._stream: ByteStream | None = None

    async def ask(self, request: Request) -> Answer:
        """Send a request and read its answer.

        Raises:
            Unreachable: there was no whole answer that can be read; the subclass says why.
        """
        clock = Clock(self._endpoint)
        if self._stream and not await _is_silent(self._stream):
            await self.aclose()  # closed meanwhile, or the server speaks unasked
        reader = Reader(request.method, self._endpoint.limits)
        try:
            if not self._stream:
                self._stream = await _open(self._endpoint, clock)
            clock.sending()
            whole = await _Exchange(self._stream, reader, clock).run(
                blocks_of(request, self._endpoint)
            )
        except (VerikitError, OSError) as error:
            await self.aclose()
            raise named(error, self._endpoint) from error
        except BaseException:
            await self.aclose()
            raise
        if not (whole and reader.lasting):
            await self.aclose()
        return redacted(reader.answer(clock.taken), self._endpoint)

    async def aclose(self) -> None:
        """Close it; the next request makes a new one."""
        if self._stream:
            stream, self._stream = self._stream, None
            await anyio.aclose_forcefully(stream)


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
            await self._idle.pop().aclose()


class _Exchange:
    """One request and its answer over a stream, sending and reading at the same time."""

    def __init__(self, stream: ByteStream, reader: Reader, clock: Clock) -> None:
        self._stream = stream
        self._reader = reader
        self._clock = clock
        self._whole = False
        self._trouble: BaseException | None = None
        self._scope = anyio.CancelScope()

    async def run(self, blocks: object) -> bool:
        """Whether all of the request went out before the answer was there."""
        with self._scope:
            self._moved()
            async with anyio.create_task_group() as both:
                both.start_soon(self._send, blocks)
                await self._receive()
                both.cancel_scope.cancel()
        if self._trouble:
            raise self._trouble
        if not self._reader.complete:
            raise self._clock.over()
        return self._whole

    def _moved(self) -> None:
        """Bytes went out or came: the next step has its time again."""
        try:
            self._scope.deadline = anyio.current_time() + self._clock.left()
        except VerikitError as error:
            self._trouble = self._trouble or error
            self._scope.cancel()

    async def _send(self, blocks: object) -> None:
        try:
            for block in blocks:  # type: ignore[attr-defined]
                await self._stream.send(block)
                self._moved()
                if self._reader.begun:
                    return
            self._whole = True
        except (*_STREAM_ERRORS, OSError):
            pass  # the server stopped reading; its answer may still be there

    async def _receive(self) -> None:
        try:
            while not self._reader.complete:
                try:
                    self._reader.feed(await self._stream.receive())
                except anyio.EndOfStream:
                    self._reader.end()
                self._moved()
        except VerikitError as error:
            self._trouble = error
        except (*_STREAM_ERRORS, OSError) as error:
            cause = error.__cause__ or error
            tls_refused = isinstance(cause, ssl.SSLError)
            self._trouble = cause if tls_refused else Broken(why(cause), begun=self._reader.begun)


async def _open(endpoint: Endpoint, clock: Clock) -> ByteStream:
    plain = await _connect(endpoint, clock)
    through = endpoint.proxy
    try:
        with anyio.fail_after(clock.left()):
            if through and (endpoint.address.is_https or not through.takes_whole_urls):
                await _tunnel(plain, endpoint, through)
            if not endpoint.address.is_https:
                return plain
            return await TLSStream.wrap(
                plain,
                hostname=endpoint.address.name,
                ssl_context=endpoint.access.tls.context(),
                standard_compatible=False,
            )
    except BaseException as error:
        await anyio.aclose_forcefully(plain)
        if isinstance(error, TimeoutError):
            raise clock.over() from None
        if isinstance(error, (*_STREAM_ERRORS, anyio.EndOfStream)):
            cause = error.__cause__ or error
            if isinstance(cause, ssl.SSLError):
                raise cause from None
            raise Broken(f"during the TLS handshake: {why(cause)}") from error
        raise


async def _connect(endpoint: Endpoint, clock: Clock) -> ByteStream:
    through = endpoint.proxy
    host, port = (through or endpoint.address).host, (through or endpoint.address).port
    try:
        with anyio.fail_after(clock.left()):
            return await anyio.connect_tcp(host, port)
    except (OSError, UnicodeError) as error:
        cause = error.__cause__  # anyio itself says no more than that all attempts failed
        if isinstance(cause, ExceptionGroup):
            cause = cause.exceptions[0]
        raise not_connected(endpoint, cause or error) from error


async def _tunnel(plain: ByteStream, endpoint: Endpoint, through: proxies.Proxy) -> None:
    talk = proxies.tunnel(through, endpoint.address)
    message = next(talk)
    try:
        while True:
            if message:
                await plain.send(message)
            try:
                content = await plain.receive()
            except anyio.EndOfStream:
                content = b""
            message = talk.send(content)
    except StopIteration:
        return
    except _STREAM_ERRORS as error:
        raise through.failed(why(error.__cause__ or error)) from error


async def _is_silent(stream: ByteStream) -> bool:
    """Whether an idle connection is still there, and nothing has come over it."""
    with anyio.move_on_after(0) as scope:
        try:
            await stream.receive()
        except (anyio.EndOfStream, *_STREAM_ERRORS, OSError):
            return False
    return scope.cancelled_caught
