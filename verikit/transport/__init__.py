"""Connects to any server, with a strict, bounded parser of responses.

>>> from verikit.transport import Access, Address, Endpoint, Pool, Request
>>> endpoint = Endpoint(address=Address.of("https://faces.example/v2"), access=Access(), timeout=10)
>>> request = Request(method="POST", path="/identity/...", content_type="...", body=b"...")
>>> with Pool(endpoint) as pool:  # doctest: +SKIP
...     answer = pool.ask(request)
...     endpoint.demand_passage(answer)
...     answer.status, answer.json, answer.findings

An :class:`Endpoint` is frozen and can be pickled: hand it to workers as it is. Commands make its
:class:`Access` by the shared options of :mod:`verikit.options` (headers, certificates, proxy).

:class:`Pool` asks over plain sockets and is shared by threads, or by greenlets once gevent has
patched the standard library; :class:`~verikit.transport.async_connection.AsyncPool` is for asyncio
and trio. Both wait for a place in the endpoint's ``rate``, keep connections open, watch for an
early answer while a body goes out, and bound every exchange in time and bytes. ``anew=True`` takes
a connection for one request; a :class:`Connection` is for several in a row.

Nothing that a server sends raises anything but :class:`verikit.errors.Unreachable`; its subclasses
say why, ``may_pass`` says whether asking again makes sense. Where a server's faults are judged,
``BadAnswer`` and the answer's ``findings`` are faults of its framing. Before anything else
:meth:`Endpoint.demand_passage` raises ``TurnedAway`` for 401, 403, 407 and redirects, and every
report repeats ``Endpoint.remarks``. :func:`verikit.foreign_text.shown` makes text fit to be shown.
"""

from verikit.transport.address import DEFAULT_URL, Address
from verikit.transport.connection import Connection, Pool
from verikit.transport.endpoint import TIMEOUT_SECONDS, USER_AGENT, Access, Endpoint
from verikit.transport.reader import LIMITS, Answer, Limits, Reader
from verikit.transport.request import Request

__all__ = [
    "DEFAULT_URL",
    "LIMITS",
    "TIMEOUT_SECONDS",
    "USER_AGENT",
    "Access",
    "Address",
    "Answer",
    "Connection",
    "Endpoint",
    "Limits",
    "Pool",
    "Reader",
    "Request",
]
