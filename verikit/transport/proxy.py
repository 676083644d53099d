"""Proxies: which one is used, and how a connection through it is opened.

A requested proxy is used. Otherwise, that of the environment applies (``HTTPS_PROXY``,
``HTTP_PROXY``, ``ALL_PROXY``, also in lower case), except for servers on this machine and those in
``NO_PROXY``.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Generator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from verikit.errors import BadAnswer, Broken, NotTrusted, ProxyFailed, WrongUse
from verikit.foreign_text import shown
from verikit.transport.address import Address
from verikit.transport.headers import basic
from verikit.transport.reader import Limits, Reader

KINDS = {"http": 80, "socks5": 1080, "socks5h": 1080}
_HOW = "write it like http://HOST:PORT or socks5h://HOST:PORT"
_SOCKS_FAILURES = {
    1: "it failed",
    2: "its rules forbid it",
    3: "it does not reach the network",
    4: "it does not reach the host",
    5: "the connection is refused there",
    6: "the connection expired",
    7: "it does not know the command",
    8: "it does not know the kind of address",
}

Handshake = Generator[bytes, bytes, None]
"""What is said to a proxy: yields bytes to send, takes the bytes that came (none at the end)."""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A proxy: ``http`` or ``socks5h``. It resolves the server's name, also for ``socks5``."""

    kind: str
    host: str
    port: int
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str, place: str = "The proxy") -> Proxy:
        """A proxy from its URL; ``place`` says where the URL comes from.

        Raises:
            WrongUse: the URL is invalid; the message does not repeat a password.
        """
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise WrongUse(f"{place} is not a URL: {_HOW}.") from None
        if parts.scheme not in KINDS or not host or not host.isprintable():
            raise WrongUse(f"{place} is not a supported kind of proxy: {_HOW}.")
        known = None
        if parts.username is not None:
            known = unquote(parts.username), unquote(parts.password or "")
        return cls(
            kind=parts.scheme, host=host, port=port or KINDS[parts.scheme], credentials=known
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"

    def failed(self, why: str) -> ProxyFailed:
        """The error that the proxy refused a connection, with the reason."""
        return ProxyFailed(f"The proxy {self} refuses the connection: {why}")

    @property
    def takes_whole_urls(self) -> bool:
        """Whether it receives requests to http servers, with the full URL."""
        return self.kind == "http"

    @property
    def authorization(self) -> str | None:
        """The value of ``Proxy-Authorization``."""
        return basic(self.credentials) if self.credentials else None


def proxy_for(address: Address) -> Proxy | None:
    """The environment's proxy for a server.

    Raises:
        WrongUse: it cannot be used.
    """
    if address.is_loopback or proxy_bypass(address.host):
        return None
    found = getproxies_environment()
    scheme = "https" if address.is_https else "http"
    for name in (scheme, "all"):
        if found.get(name):
            return Proxy.of(found[name], f"The proxy in {name.upper()}_PROXY")
    return None


def tunnel(proxy: Proxy, address: Address) -> Handshake:
    """The handshake that opens a connection through the proxy to the server."""
    return _connect(proxy, address) if proxy.kind == "http" else _socks(proxy, address)


def _connect(proxy: Proxy, address: Address) -> Handshake:
    """RFC 9110, section 9.3.6."""
    host = f"[{address.host}]" if ":" in address.host else address.name
    target = f"{host}:{address.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    content = yield ("\r\n".join(lines) + "\r\n\r\n").encode()
    reader = Reader("HEAD", Limits(body=0))  # the answer has no body; the server speaks next
    try:
        while not reader.feed(content):
            content = yield b""
            if not content:
                reader.end()
    except (BadAnswer, Broken, NotTrusted) as error:
        raise proxy.failed(str(error)) from None
    answer = reader.answer()
    if not 200 <= answer.status < 300:
        raise proxy.failed(f"it returns {answer.status} {shown(answer.reason, limit=60)}".rstrip())
    if not reader.lasting and answer.findings:
        raise proxy.failed("it sends data before the request")


def _socks(proxy: Proxy, address: Address) -> Handshake:
    """RFC 1928, with name and password as in RFC 1929."""
    method = 2 if proxy.credentials else 0
    came = bytearray()
    chosen = yield from _exactly(proxy, came, 2, bytes((5, 1, method)))
    if chosen != bytes((5, method)):
        asks = (
            "it needs a user name and password"
            if chosen[:1] == b"\5"
            else "it is not a SOCKS5 proxy"
        )
        raise proxy.failed(asks)
    if proxy.credentials:
        name, password = (text.encode()[:255] for text in proxy.credentials)
        message = b"\1" + bytes((len(name),)) + name + bytes((len(password),)) + password
        if (yield from _exactly(proxy, came, 2, message))[1:] != b"\0":
            raise proxy.failed("it refuses the user name or password")
    port = struct.pack("!H", address.port)
    head = yield from _exactly(proxy, came, 4, b"\5\1\0" + _socks_address(address) + port)
    if head[0] != 5 or head[1] != 0:
        raise proxy.failed(_SOCKS_FAILURES.get(head[1], f"it returns {head[1]}"))
    sizes = {1: 4, 4: 16}
    size = sizes.get(head[3]) or (yield from _exactly(proxy, came, 1))[0]
    yield from _exactly(proxy, came, size + 2)


def _socks_address(address: Address) -> bytes:
    try:
        known = ipaddress.ip_address(address.host)
    except ValueError:
        name = address.name.encode()
        return b"\3" + bytes((len(name),)) + name
    return (b"\4" if known.version == 6 else b"\1") + known.packed


def _exactly(
    proxy: Proxy, came: bytearray, count: int, message: bytes = b""
) -> Generator[bytes, bytes, bytes]:
    """So many bytes of the answer to a message; ``came`` holds what came and was not yet read."""
    while len(came) < count:
        content = yield message
        message = b""
        if not content:
            raise proxy.failed("it closed the connection")
        came += content
    found = bytes(came[:count])
    del came[:count]
    return found
