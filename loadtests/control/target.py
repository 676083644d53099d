"""The server under load, and the monitor of its CPU and memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loadtests.control.server_monitor import Probe, find_probe
from loadtests.generator.answers import is_malformed
from verikit.contract import load_contract
from verikit.errors import BadAnswer, Broken
from verikit.transport import Access, Address, Connection, Endpoint, Request

_CONTRACT = load_contract()


@dataclass(frozen=True, kw_only=True)
class Target:
    """The server under test; ``probe`` reads its CPU and memory, None if they cannot be read."""

    endpoint: Endpoint
    probe: Probe | None = None

    @classmethod
    def of(
        cls,
        url: str,
        access: Access,
        *,
        timeout: float,
        pid: int | None = None,
        metrics_url: str | None = None,
    ) -> Target:
        """A target from what a user types; the operation's own path may be part of the URL.

        It is asked once, and has ``timeout`` seconds to answer.

        Raises:
            WrongUse: this is no URL of a server, or one with a password; or what is to be
                sampled is not there.
            Unreachable: nothing answers, or something in front of the server does.
        """
        endpoint = endpoint_of(url, access)
        _demand_answer(replace(endpoint, timeout=timeout, deadline=timeout))
        return cls(endpoint=endpoint, probe=find_probe(endpoint, pid, metrics_url))

    @property
    def url(self) -> str:
        """The URL without the operation's path."""
        return self.endpoint.address.url


def endpoint_of(url: str, access: Access) -> Endpoint:
    """The endpoint for a URL as a user types it, with headers and certificates.

    Raises:
        WrongUse: this is no URL of a server, or one with a password.
    """
    return Endpoint(address=Address.for_reports(url), access=access)


def _demand_answer(endpoint: Endpoint) -> None:
    """Send an empty form: any answer of the server itself will do; the run judges it."""
    request = Request(
        method=_CONTRACT.method, path=_CONTRACT.path, content_type=_CONTRACT.media_types[0]
    )
    with Connection(endpoint) as connection:
        try:
            endpoint.require_operation(connection.ask(request))
        except (BadAnswer, Broken) as error:
            if not is_malformed(error):
                raise
