"""Asks a server over connections of plain sockets; threads and gevent's greenlets may share them.

One request at a time goes over a connection. Nothing is sent again, followed or decompressed.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import deque

from verikit.errors import Broken, VerikitError
from verikit.transport import proxy as proxies
from verikit.transport.clock import Clock, Pace
from verikit.transport.closing import Closing
from verikit.transport.endpoint import Endpoint
from verikit.transport.exchange import (
    AT_ONCE,
    is_silent,
    named,
    not_connected,
    redacted,
    sending,
    why,
)
from verikit.transport.reader import Answer, Reader
from verikit.transport.request import Request


class Connection(Closing):
    """One connection, made when it is needed and kept while the server keeps it.

    Every method raises nothing but :class:`Unreachable`, and :class:`WrongUse` for files and
    proxies that cannot be used.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._socket: socket.socket | None = None

    def ask(self, request: Request) -> Answer:
        """Send a request and read its answer.

        Raises:
            Unreachable: there was no whole answer that can be read; the subclass says why.
        """
        clock = Clock(self._endpoint)
        if self._socket and not is_silent(self._socket):
            self.close()  # closed meanwhile, or the server speaks unasked
        try:
            used = self._socket = self._socket or _open(self._endpoint, clock)
            clock.sending()
            reader = Reader(request.method, self._endpoint.limits)
            whole = _send(used, request, self._endpoint, reader, clock)
            _receive(used, reader, clock)
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


class Pool(Closing):
    """Connections to one server, as many as are asked over at a time; idle ones are kept.

    Threads may share it. ``ask`` waits until the rate of the endpoint allows the request.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._idle: deque[Connection] = deque()
        self._pace = Pace(endpoint.rate)

    def ask(self, request: Request, *, new_connection: bool = False) -> Answer:
        """Send a request and read its answer; ``new_connection``: over a connection of its own.

        Raises:
            Unreachable: there was no whole answer that can be read; the subclass says why.
        """
        if pause := self._pace.seconds_to_wait():
            time.sleep(pause)
        if new_connection:
            with Connection(self.endpoint) as own:
                return own.ask(request)
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = Connection(self.endpoint)
        answer = connection.ask(request)
        self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()


def _open(endpoint: Endpoint, clock: Clock) -> socket.socket:
    plain = _connect(endpoint, clock)
    try:
        through = endpoint.proxy
        if through and (endpoint.address.is_https or not through.takes_whole_urls):
            _tunnel(plain, endpoint, through, clock)
        if not endpoint.address.is_https:
            return plain
        plain.settimeout(clock.left())
        context = endpoint.access.tls.context()
        return context.wrap_socket(plain, server_hostname=endpoint.address.name)
    except TimeoutError:
        plain.close()
        raise clock.over() from None
    except (ssl.SSLError, ssl.CertificateError):
        plain.close()
        raise
    except OSError as error:
        plain.close()
        raise Broken(f"during the TLS handshake: {why(error)}") from error
    except BaseException:
        plain.close()
        raise


def _connect(endpoint: Endpoint, clock: Clock) -> socket.socket:
    through = endpoint.proxy
    host, port = (through or endpoint.address).host, (through or endpoint.address).port
    try:
        made = socket.create_connection((host, port), timeout=clock.left())
    except (OSError, UnicodeError) as error:
        raise not_connected(endpoint, error) from error
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _tunnel(plain: socket.socket, endpoint: Endpoint, through: proxies.Proxy, clock: Clock) -> None:
    handshake = proxies.tunnel(through, endpoint.address)
    message = next(handshake)
    try:
        while True:
            plain.settimeout(clock.left())
            if message:
                plain.sendall(message)
            message = handshake.send(plain.recv(AT_ONCE))
    except StopIteration:
        return
    except TimeoutError:
        raise through.failed("it does not respond in time") from None
    except OSError as error:
        raise through.failed(why(error)) from error


def _send(
    used: socket.socket, request: Request, endpoint: Endpoint, reader: Reader, clock: Clock
) -> bool:
    """Send it; False when the server answered, or stopped reading, before the end."""
    steps = sending(used, request, endpoint, reader)
    try:
        next(steps)
        while True:
            steps.send(_wait(used, clock))
    except StopIteration as ended:
        return bool(ended.value)


def _wait(used: socket.socket, clock: Clock) -> bool:
    """Wait until something can be sent, or has come; whether something has come."""
    waiting = select.poll()
    waiting.register(used, select.POLLIN | select.POLLOUT)
    happened = waiting.poll(clock.left() * 1000)
    if not happened:
        raise clock.over()
    return bool(happened[0][1] & (select.POLLIN | select.POLLHUP | select.POLLERR))


def _receive(used: socket.socket, reader: Reader, clock: Clock) -> None:
    while not reader.complete:
        used.settimeout(clock.left())
        try:
            content = used.recv(AT_ONCE)
        except TimeoutError:
            raise clock.over() from None
        except ssl.SSLError:
            raise
        except OSError as error:
            raise Broken(why(error), begun=reader.begun) from error
        if content:
            reader.feed(content)
        else:
            reader.end()
