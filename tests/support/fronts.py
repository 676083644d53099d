"""What stands before servers: TLS of a certificate authority of one's own, and proxies."""

import datetime
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.peer import Behaviour, Peer, listening, read_request


@dataclass(frozen=True)
class Certificates:
    """Files in PEM: a CA, a server's certificate with its key, and a client's."""

    ca: Path
    server: Path
    client: Path


def certificates(folder: Path, names: tuple[str, ...] = ("localhost", "127.0.0.1")) -> Certificates:
    """A certificate authority, and what it signed for a server of these names and for a client."""
    key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("A private CA", key, None, is_ca=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for file, subject, known in (("server", names[0], names), ("client", "a client", ())):
        own = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(subject, own, (ca, key), names=known)
        (folder / f"{file}.pem").write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + own.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return Certificates(folder / "ca.pem", folder / "server.pem", folder / "client.pem")


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    *,
    names: tuple[str, ...] = (),
    is_ca: bool = False,
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer[0].subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if names:
        known = [_general_name(each) for each in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(known), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def over_tls(handle: Behaviour, files: Certificates, *, asks: bool = False) -> Behaviour:
    """The same over TLS; ``asks``: of clients that show a certificate of the CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server)
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(files.ca)

    def handle_tls(connection: socket.socket) -> None:
        with closing(context.wrap_socket(connection, server_side=True)) as wrapped:
            handle(wrapped)

    return handle_tls


@contextmanager
def tls_front(port: int, files: Certificates, *, asks: bool = False) -> Iterator[Peer]:
    """TLS before a plain server of this machine."""

    def handle(connection: socket.socket) -> None:
        _joined(connection, ("127.0.0.1", port))

    with listening(over_tls(handle, files, asks=asks)) as peer:
        yield peer


@contextmanager
def http_proxy(*, demands: bytes = b"", status: bytes = b"") -> Iterator[Peer]:
    """A proxy for CONNECT and for whole URLs, which remembers request lines.

    ``demands`` must stand in the head of a request, else it answers 407; ``status`` is all that it
    ever answers.
    """
    peers: list[Peer] = []

    def handle(connection: socket.socket) -> None:
        request = read_request(connection)
        if not request:
            return
        head, body = request
        peers[0].requests.append(request)
        line, _, rest = head.partition(b"\r\n")
        if status or demands not in head:
            said = status or b"407 Proxy Authentication Required"
            connection.sendall(b"HTTP/1.1 " + said + b"\r\nContent-Length: 0\r\n\r\n")
        elif line.startswith(b"CONNECT "):
            host, _, port = line.split()[1].decode().rpartition(":")
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _joined(connection, (host.strip("[]"), int(port)))
        else:
            method, url, version = line.split()
            authority, slash, path = url.removeprefix(b"http://").partition(b"/")
            host, _, port = authority.decode().rpartition(":")
            first = b" ".join((method, slash + path, version)) + b"\r\n" + rest + b"\r\n\r\n"
            _joined(connection, (host.strip("[]"), int(port)), first + body)

    with listening(handle) as peer:
        peers.append(peer)
        yield peer


@contextmanager
def socks_proxy(
    *, credentials: tuple[bytes, bytes] | None = None, reply: int = 0
) -> Iterator[Peer]:
    """SOCKS5, which remembers whom it was asked for; ``reply`` other than 0 refuses."""
    peers: list[Peer] = []

    def handle(connection: socket.socket) -> None:
        def take(count: int) -> bytes:
            """So many bytes, however they come."""
            taken = b""
            while more := count - len(taken):
                taken += connection.recv(more) or bytes(more)  # zeros from who has left
            return taken

        version, count = take(2)
        methods = take(count)
        wanted = 2 if credentials else 0
        if version != 5 or wanted not in methods:
            connection.sendall(b"\5\xff")
            return
        connection.sendall(bytes((5, wanted)))
        if credentials:
            name = take(take(2)[1])
            password = take(take(1)[0])
            good = (name, password) == credentials
            connection.sendall(b"\1\0" if good else b"\1\1")
        kind = take(4)[3]
        size = {1: 4, 4: 16}.get(kind) or take(1)[0]
        raw = take(size)
        host = raw.decode() if kind == 3 else str(ipaddress.ip_address(raw))
        (port,) = struct.unpack("!H", take(2))
        peers[0].requests.append((f"{host}:{port}".encode(), b""))
        connection.sendall(bytes((5, reply, 0, 1)) + bytes(6))
        if not reply:
            _joined(connection, (host, port))

    with listening(handle) as peer:
        peers.append(peer)
        yield peer


def _joined(connection: socket.socket, address: tuple[str, int], first: bytes = b"") -> None:
    """Bytes both ways until one side ends."""
    with closing(socket.create_connection(address, timeout=20)) as onward:
        onward.sendall(first)

        def back() -> None:
            with suppress(OSError, ValueError):
                while content := onward.recv(65536):
                    connection.sendall(content)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=back, daemon=True)
        thread.start()
        with suppress(OSError, ValueError):
            while content := connection.recv(65536):
                onward.sendall(content)
            onward.shutdown(socket.SHUT_WR)
        thread.join(20)
