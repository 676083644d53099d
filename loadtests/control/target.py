"""The server under load, and how its CPU and memory are seen."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from loadtests.control.server_monitor import Probe, find_probe
from verikit.errors import NoVerdict
from verikit.transport.address import Address


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server by its address; ``probe`` is None where its CPU and memory cannot be seen."""

    address: Address
    probe: Probe | None = None

    @classmethod
    def of(cls, url: str, *, pid: int | None = None, metrics_url: str | None = None) -> Target:
        """A target from what a user types; the operation's own path may be part of the URL.

        Raises:
            WrongUse: this is no URL of a server, or one with a password; or what is to be
                sampled is not there.
            NoVerdict: nothing listens.
        """
        address = Address.for_reports(url)
        try:
            socket.create_connection((address.host, address.port), 5).close()
        except OSError as error:
            raise NoVerdict(f"nothing answers at {address.url}: start the server") from error
        return cls(address=address, probe=find_probe(address.url, pid, metrics_url))

    @property
    def url(self) -> str:
        """Where the operation's path begins."""
        return self.address.url
