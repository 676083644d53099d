"""Where a server is: a URL as users type it, with or without the operation's own path."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from verikit.contract.loader import load_contract
from verikit.errors import AddressError

CONTRACT = load_contract()
DEFAULT_URL = f"http://127.0.0.1:{CONTRACT.port}"
USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """A server. ``url`` has neither the operation's path nor a slash at its end."""

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
        if not is_one or parts.scheme not in USUAL_PORTS:
            raise AddressError(f"{url!r} is no URL: write it like {DEFAULT_URL}")
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
                "A URL with a name or a password would stand in every report: leave them out"
            )
        return address
