"""Which names the server answers to.

A web page may have its own name point to this machine and then ask the server here as if it were
its own (DNS rebinding). The browser still sends the page's name in the Host header, and no page can
change that. An address in place of a name cannot be had that way.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address

from werkzeug.sansio.utils import host_is_trusted

ADDRESS = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:\[]+))(?::\d*)?")
LOOPBACK_NAMES = ("localhost", ".localhost")


def answers_to(host: str | None, names: Collection[str]) -> bool:
    """Whether a Host header is an address, a loopback name or one of the names.

    ``.example.com`` stands for ``example.com`` and all names below it. A request without ``Host``
    is accepted, because browsers always send one.
    """
    if not host:
        return True
    return _is_address(host) or host_is_trusted(host.lower(), (*LOOPBACK_NAMES, *names))


def _is_address(host: str) -> bool:
    name = ADDRESS.fullmatch(host)
    try:
        ip_address((name["six"] or name["four"]) if name else "")
    except ValueError:
        return False
    return True
