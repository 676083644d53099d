"""A server whose bytes a test decides, in a thread of this process."""

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], object]
PATIENCE = 20


@dataclass
class Peer:
    """Where it listens, and the requests that it has read: head and body."""

    host: str
    port: int
    requests: list[tuple[bytes, bytes]] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.authority}"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_request(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """Head and body of a request with a Content-Length or without a body; None at the end."""
    buffer = b""
    while b"\r\n\r\n" not in buffer:
        content = connection.recv(65536)
        if not content:
            return None
        buffer += content
    head, _, body = buffer.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"]
    while lengths and len(body) < int(lengths[0]):
        content = connection.recv(1 << 20)
        if not content:
            return None
        body += content
    return head, body


def wait_for_its_end(connection: socket.socket) -> None:
    """Until the client closes; nothing is read, so that it never gets a long body through."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.poll(1000 * PATIENCE)


def resets(connection: socket.socket) -> None:
    """Have its close reset it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def listening(handle: Behaviour, host: str = "127.0.0.1") -> Iterator[Peer]:
    """Every connection is handled in a thread of its own, and closed afterwards."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=64)
    peer = Peer(host, listener.getsockname()[1])
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with closing(connection), suppress(OSError, ValueError, IndexError):
            connection.settimeout(PATIENCE)
            handle(connection)

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            peer.connections += 1
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextmanager
def answering(answer: bytes | Behaviour, host: str = "127.0.0.1") -> Iterator[Peer]:
    """Reads requests; sends these bytes after each, or does this once it has read one.

    A connection stays open after bytes, unless they say ``Connection: close``.
    """
    peers: list[Peer] = []

    def handle(connection: socket.socket) -> None:
        while request := read_request(connection):
            peers[0].requests.append(request)
            if not isinstance(answer, bytes):
                answer(connection)
                return
            connection.sendall(answer)
            if b"connection: close" in answer.lower():
                return

    with listening(handle, host) as peer:
        peers.append(peer)
        yield peer
