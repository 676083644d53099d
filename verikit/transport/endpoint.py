"""An endpoint: a server and how to connect to it, as one frozen value."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urljoin

from verikit.errors import Intercepted
from verikit.foreign_text import shown
from verikit.transport.address import CONTRACT, Address
from verikit.transport.headers import (
    Headers,
    basic,
    headers_of_environment,
    headers_of_file,
    secrets_in,
)
from verikit.transport.proxy import Proxy, proxy_for
from verikit.transport.reader import LIMITS, Answer, Limits
from verikit.transport.tls import Tls

TIMEOUT_SECONDS = 30.0
USER_AGENT = f"verikit/{version('verikit')}"
_REDIRECTS = {301, 302, 303, 307, 308}
_DENIALS = {
    401: "it needs credentials; give them in a header (--header-file or "
    "VERIKIT_HEADER_AUTHORIZATION)",
    403: "it denies access",
    407: "a proxy in front of it wants credentials",
}
_PLAIN_TO_TLS = (
    b"plain HTTP request was sent to HTTPS port",  # nginx
    b"HTTP request to an HTTPS server",  # Go
    b"speaking plain HTTP to an SSL-enabled server port",  # Apache
)


@dataclass(frozen=True, kw_only=True)
class Access:
    """Headers, certificates and a proxy for access to a server. ``repr`` omits the headers."""

    headers: Headers = field(default=(), repr=False)
    tls: Tls = field(default_factory=Tls)
    proxy: Proxy | None = None
    """The proxy that was requested; None means the one of the environment."""

    @classmethod
    def of(  # noqa: PLR0913 - settings, each by its name
        cls,
        *,
        header_file: Path | None = None,
        ca_file: Path | None = None,
        client_certificate: Path | None = None,
        client_key: Path | None = None,
        insecure: bool = False,
        proxy: str | None = None,
    ) -> Access:
        """Make it from options; headers of ``VERIKIT_HEADER_*`` follow those of the file.

        Raises:
            WrongUse: a file cannot be read, or a header or the proxy is invalid.
        """
        headers = headers_of_file(header_file) if header_file else ()
        given = {name.lower() for name, _ in headers}
        more = headers_of_environment(os.environ)
        tls = Tls(
            ca_file=ca_file,
            client_certificate=client_certificate,
            client_key=client_key,
            insecure=insecure,
        )
        if ca_file or client_certificate or client_key:
            tls.context()  # says now what is wrong with a file
        return cls(
            headers=headers + tuple(one for one in more if one[0].lower() not in given),
            tls=tls,
            proxy=Proxy.of(proxy, "--proxy") if proxy else None,
        )


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A server and how to connect to it. It can be pickled for remote workers.

    Attributes:
        address: the address of the server.
        access: headers, certificates and a proxy.
        timeout: seconds to wait for a connection, or for the next bytes either way.
        deadline: seconds for the complete exchange, connection included; None: twice the timeout.
        rate: requests per second, at most; None: no limit.
        limits: the maximum sizes of a response.
    """

    address: Address
    access: Access = field(default_factory=Access)
    timeout: float = TIMEOUT_SECONDS
    deadline: float | None = None
    rate: float | None = None
    limits: Limits = LIMITS

    def __post_init__(self) -> None:
        if self.address.is_https:
            self.access.tls.context()  # reads all authorities: before any deadline runs

    @property
    def seconds(self) -> float:
        """The deadline."""
        return 2 * self.timeout if self.deadline is None else self.deadline

    @cached_property
    def proxy(self) -> Proxy | None:
        """The proxy to this server, if any.

        Raises:
            WrongUse: the environment names one that cannot be used.
        """
        return self.access.proxy or proxy_for(self.address)

    @cached_property
    def headers(self) -> Headers:
        """The headers of every request, except for those about its body."""
        given = {name.lower() for name, _ in self.access.headers}
        ours = {
            "Host": self.address.authority,
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        if self.address.credentials:
            ours["Authorization"] = basic(self.address.credentials)
        proxy = self.proxy
        if proxy and proxy.takes_whole_urls and not self.address.is_https and proxy.authorization:
            ours["Proxy-Authorization"] = proxy.authorization
        own = tuple(pair for pair in ours.items() if pair[0].lower() not in given)
        return own + self.access.headers

    @cached_property
    def target(self) -> str:
        """The prefix of the path in a request line."""
        proxy = self.proxy
        if proxy and proxy.takes_whole_urls and not self.address.is_https:
            return f"http://{self.address.authority}{self.address.prefix}"
        return self.address.prefix

    @cached_property
    def secrets(self) -> tuple[bytes, ...]:
        """Secret values to redact from responses: a server may echo them."""
        headers = self.access.headers
        if self.address.credentials:
            headers += (("Authorization", basic(self.address.credentials)),)
        return secrets_in(headers)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences that every report on this server repeats."""
        said = []
        if self.access.tls.insecure and self.address.is_https:
            said.append("The server's certificate was not verified (--insecure).")
        if self.proxy:
            said.append(f"The server was reached through the proxy {self.proxy}.")
        return tuple(said)

    def require_operation(self, answer: Answer) -> None:
        """Check that a response may come from the operation.

        Raises:
            Intercepted: something in front of it responded; the message says what to do.
        """
        if why := self.interception(answer):
            raise Intercepted(why)

    def interception(self, answer: Answer) -> str | None:
        """Why a response does not come from the operation; None if it may."""
        status, where = answer.status, self.address.shown
        if status in _REDIRECTS:
            to = answer.headers.get("location")
            use = f"; use {shown(self._redirected(to), limit=200)} instead" if to else ""
            return f"{where} returns {status}, a redirect, which verikit does not follow{use}"
        if (self.proxy and status == 407) or (
            status in {502, 503, 504} and self._through_whole_urls
        ):
            return f"The proxy {self.proxy} refuses the connection: it returns {status}"
        if status in _DENIALS:
            return f"{where} returns {status}: {_DENIALS[status]}"
        if status == 400 and any(words in answer.body for words in _PLAIN_TO_TLS):
            return f"{where} uses TLS: write https:// instead of http://"
        return None

    def _redirected(self, location: str) -> str:
        """Where it leads, as a user would type it; it may be relative (RFC 9110, 10.2.2)."""
        try:
            return Address.of(urljoin(self.address.shown + CONTRACT.path, location)).shown
        except ValueError:
            return location

    @property
    def _through_whole_urls(self) -> bool:
        return bool(self.proxy and self.proxy.takes_whole_urls and not self.address.is_https)
