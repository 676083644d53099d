"""The address of a server: a URL as users type it, with or without the operation's path."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit

from verikit.contract.loader import load_contract
from verikit.errors import AddressError

CONTRACT = load_contract()
DEFAULT_URL = f"http://127.0.0.1:{CONTRACT.port}"
USUAL_PORTS = {"http": 80, "https": 443}
_PATH_LETTERS = "/%:@!$&'()*+,;=-._~"


@dataclass(frozen=True)
class Address:
    """A server.

    Attributes:
        url: with neither the operation's path nor a slash at its end.
        host: the name, or the IP address without brackets.
        port: the one of the URL, else the usual one of its scheme.
    """

    url: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Address:
        """What a user types, understood.

        Raises:
            AddressError: it is no http or https URL with a host and a possible port.
        """
        base = url.rstrip("/").removesuffix(CONTRACT.path)
        try:
            parts = urlsplit(base)
            host, port = parts.hostname or "", parts.port
            is_one = base.isprintable() and host.encode("idna") and port != 0
        except ValueError:  # a name, a port or an IPv6 address that is none
            is_one = False
        if not is_one or parts.scheme not in USUAL_PORTS or " " in parts.netloc:
            raise AddressError(f"{url!r} is not a URL: write it like {DEFAULT_URL}")
        if parts.query or parts.fragment:
            raise AddressError(f"{url!r} continues after the path: remove ? and # and what follows")
        return cls(base, host, port or USUAL_PORTS[parts.scheme])

    @classmethod
    def for_reports(cls, url: str) -> Address:
        """The same for a URL that reports will name.

        Raises:
            AddressError: it is none, or one with a name or a password in it.
        """
        address = cls.of(url)
        if "@" in urlsplit(address.url).netloc:
            raise AddressError(
                "A user name or password in a URL would appear in every report: remove it"
            )
        return address

    @property
    def is_https(self) -> bool:
        """Whether the connection uses TLS."""
        return urlsplit(self.url).scheme == "https"

    @cached_property
    def shown(self) -> str:
        """The URL without name and password."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def prefix(self) -> str:
        """The path before every path of the server, as a request line takes it; often empty."""
        return quote(urlsplit(self.url).path, safe=_PATH_LETTERS)

    @property
    def name(self) -> str:
        """The host as DNS and certificates know it, in ASCII."""
        return self.host.encode("idna").decode()

    @property
    def authority(self) -> str:
        """Host and port, as ``Host`` and CONNECT take them."""
        host = f"[{self.host}]" if ":" in self.host else self.name
        usual = self.port == USUAL_PORTS[urlsplit(self.url).scheme]
        return host if usual else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def credentials(self) -> tuple[str, str] | None:
        """Name and password, if they stand in the URL."""
        parts = urlsplit(self.url)
        if parts.username is None:
            return None
        return unquote(parts.username), unquote(parts.password or "")
