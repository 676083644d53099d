"""gunicorn's threaded worker, adapted to the contract and to slow clients."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from math import inf
from selectors import EVENT_READ
from time import monotonic
from typing import Any

from gunicorn import util
from gunicorn.http.errors import InvalidHeader, ParseException, UnsupportedTransferCoding
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from reference_server.answers import Answer, http_error
from reference_server.compute import ComputeThread
from reference_server.limits import Limits
from reference_server.monitoring.logs import log, log_failure
from reference_server.monitoring.metrics import Metrics
from reference_server.process.balancing import ConnectionBalancer
from reference_server.process.memory import trim_heap
from reference_server.request.peer import KEY, Peer

RECEIVE_SECONDS = 30.0
"""A request that has not arrived whole by then, or by the deadline, is cut off."""

SLOW_SECONDS, SLOW_BYTES = 1.0, 2**14
"""Where others wait for a thread so long, a request is cut off that comes in more slowly: with
fewer bytes a second."""

FIRST_BYTE_SECONDS = 10.0
"""A connection that says nothing for so long is closed."""

LINGER_SECONDS = 5.0
LINGER_BYTES = 64 * 2**20
"""How much of an unread body is swallowed, so that a client still sending reads its answer."""

SWALLOWED_AT_ONCE = 2**16
"""Bytes; the main loop then looks at others."""

TRIM_SECONDS, TRIM_SECONDS_AT_WORK = 5.0, 60.0
"""How often a worker gives memory back: the next comparison faults in anew what it then needs."""

SWEEP_SECONDS = 1.0
"""How often the queue is looked through for clients that have left."""


@dataclass
class _Receiving:
    """A request that comes in."""

    since: float
    received: int = 0

    def read(self, unreader: SocketUnreader, size_hint: int | None = None) -> bytes:
        """As the reader of gunicorn's parser does it, but counted."""
        data: bytes = SocketUnreader.chunk(unreader, size_hint)
        self.received += len(data)
        return data

    def takes_too_long(self, now: float, others_wait: bool, deadline: float) -> bool:
        """Whether it has had its time, or keeps others from theirs."""
        age = now - self.since
        slow = age > SLOW_SECONDS and self.received < SLOW_BYTES * age
        return age > min(RECEIVE_SECONDS, deadline) or (others_wait and slow)


@dataclass
class _Leaving:
    """An answered connection that its client may still send on."""

    deadline: float
    bytes_left: int


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """Answers malformed HTTP in the contract's shape, and gives no thread to a silent client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[TConn, float] = {}
        self._receiving: dict[socket.socket, _Receiving] = {}
        self._asking: set[socket.socket] = set()
        self._leaving: dict[TConn, _Leaving] = {}
        self._last_trim = self._last_sweep = 0.0
        self.row = 0
        self.metrics: Metrics
        self.limits: Limits
        self.thread: ComputeThread
        self.balancer: ConnectionBalancer
        self.wsgi: Callable[..., Any]

    def load_wsgi(self) -> None:
        """Let the application end a connection by its Connection header, and know the end."""
        super().load_wsgi()
        extensions = self.wsgi.extensions  # type: ignore[attr-defined] # Flask's
        self.metrics, self.limits = extensions["metrics"], extensions["limits"]
        self.thread = extensions["thread"]
        self.balancer = ConnectionBalancer(self.metrics, self.row)
        self.wsgi = self._telling(_honouring_close(self.wsgi, self.balancer))

    def _telling(self, application: Callable[..., Any]) -> Callable[..., Any]:
        def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            connection = environ["gunicorn.socket"]
            environ[KEY] = Peer(
                arrived=self._receiving[connection].since,
                connection=connection,
                is_leaving=not self.alive,
                proceed=lambda: self._proceed(connection),
                received=lambda: self._receiving.pop(connection, None),
            )
            return application(environ, start_response)

        return call

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Leave it to the application whether a client that asks first may send its body."""
        if req._expected_100_continue:
            req._expected_100_continue = False
            self._asking.add(conn.sock)
        req.version = min(req.version, (1, 1))  # of the response as well (RFC 9110, section 2.5)
        try:
            return super().handle_request(req, conn)
        finally:
            self._asking.discard(conn.sock)

    def _proceed(self, connection: socket.socket) -> None:
        if connection in self._asking:
            self._asking.discard(connection)
            with suppress(OSError):  # reading will tell
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def init_signals(self) -> None:
        """Leave a terminal's Ctrl-C, which every process gets, to the arbiter."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def notify(self) -> None:
        """Tell the arbiter that this worker lives, unless its comparison hangs."""
        if self.thread.age < self.limits.longest_comparison:
            super().notify()

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, unless another worker has less to do."""
        if not self.balancer.leaves_connection():
            super().accept(listener)

    def enqueue_req(self, conn: TConn) -> None:
        """A new connection waits for its first byte in the poller, where it costs no thread."""
        if conn.initialized or conn.data_ready:
            self._waiting[conn] = monotonic()
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = monotonic() + FIRST_BYTE_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: TConn) -> Any:
        """Serve a request, and remember when it came."""
        self._waiting.pop(conn, None)
        conn.init()
        self._receiving[conn.sock] = receiving = _Receiving(monotonic())
        unreader = conn.parser.unreader
        unreader.chunk = partial(receiving.read, unreader)
        try:
            kept = super().handle(conn)
        finally:
            del unreader.chunk
            self._receiving.pop(conn.sock, None)
        return kept

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Keep a connection, or let it end without waiting for its client."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self._let_go(conn)

    def _let_go(self, conn: TConn) -> None:
        """Say that we are done, then swallow what still comes: closing at once would reset the
        connection, and the client would lose the answer (RFC 9112, section 9.6)."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, partial(self._swallow, conn))
        except OSError:
            self._close(conn)
            return
        self._leaving[conn] = _Leaving(monotonic() + LINGER_SECONDS, LINGER_BYTES)

    def _swallow(self, conn: TConn, client: socket.socket) -> None:
        try:
            data = client.recv(SWALLOWED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        leaving = self._leaving[conn]
        leaving.bytes_left -= len(data)
        if not data or leaving.bytes_left <= 0:
            self._close_leaving(conn)

    def _close_leaving(self, conn: TConn) -> None:
        del self._leaving[conn]
        self.poller.unregister(conn.sock)
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """One turn of the main loop, which also cuts off who sends too slowly, and tidies up."""
        super().wait_for_and_dispatch_events(timeout)
        now = monotonic()
        others_wait = any(now - since > SLOW_SECONDS for since in list(self._waiting.values()))
        for connection, receiving in list(self._receiving.items()):
            if receiving.takes_too_long(now, others_wait, self.limits.deadline):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        for conn in [conn for conn, leaving in self._leaving.items() if now > leaving.deadline]:
            self._close_leaving(conn)
        if self.alive and self.thread.age >= self.limits.longest_comparison:
            self._leave_what_hangs()
        if now > self._last_trim + self._trim_seconds():
            trim_heap()
            self._last_trim = now
        if now > self._last_sweep + SWEEP_SECONDS:
            self.thread.forget_who_left()
            self._last_sweep = now
        self._make_room()
        if not self.alive:
            self._stop_listening()

    def _stop_listening(self) -> None:
        """Take who has come so far; whoever comes later is refused by the kernel, if all stop.

        Where a comparison hangs, others take them: only this worker stops then.
        """
        hangs = self.thread.age >= self.limits.longest_comparison
        while self.sockets:
            listener = self.sockets.pop()
            before = -1
            while not hangs and before < self.nr_conns < self.worker_connections:
                before = self.nr_conns
                super().accept(listener)
            with suppress(KeyError):  # it does not listen while it has no room
                self.poller.unregister(listener)
            listener.close()
        self._accepting = False

    def _trim_seconds(self) -> float:
        return TRIM_SECONDS if self.thread.idle > TRIM_SECONDS else TRIM_SECONDS_AT_WORK

    def _leave_what_hangs(self) -> None:
        """Answer everybody and end, so that the arbiter starts another worker.

        Should a thread keep even that from happening, the arbiter ends this worker for its silence.
        """
        log("stalled", level=logging.ERROR, seconds=round(self.thread.age, 1))
        self.thread.give_up()
        self.alive = False

    def _make_room(self) -> None:
        """Close who is answered or silent for longest: there is always room for who speaks."""
        while self.nr_conns >= self.worker_connections and self._leaving:
            self._close_leaving(next(iter(self._leaving)))
        while self.nr_conns >= self.worker_connections and self.pending_conns:
            self.pending_conns[0].timeout = -inf
            self.murder_pending()

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer what gunicorn's parser refuses, or what failed outside the application."""
        answer = _answer_to(exc)
        if answer.status >= 500:
            log_failure("failed", exc, request_id=answer.request_id)
        self.metrics.answered(answer)
        log(
            "malformed",
            request_id=answer.request_id,
            status=answer.status,
            code=answer.fields["code"],
            error=type(exc).__name__,
        )
        with suppress(OSError):
            util.write_nonblock(client, _raw(answer))


def _answer_to(exc: Exception) -> Answer:
    if not isinstance(exc, ParseException):
        return http_error(500)
    if isinstance(exc, UnsupportedTransferCoding) or (
        isinstance(exc, InvalidHeader) and exc.hdr == "TRANSFER-ENCODING"
    ):
        return http_error(411)
    return http_error(400)


def _raw(answer: Answer) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(answer.body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + answer.body


def _honouring_close(
    application: Callable[..., Any], balancer: ConnectionBalancer
) -> Callable[..., Any]:
    """End connections by the application's header, which gunicorn drops, and to balance."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        response = start_response.__self__  # type: ignore[attr-defined] # gunicorn's own
        response.version = "verikit"

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if ("Connection", "close") in headers or balancer.is_ahead:
                response.force_close()
            return start_response(status, headers, exc_info)

        return application(environ, start)

    return call
