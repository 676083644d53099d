"""Connects to any server, with a strict, bounded parser of responses.

>>> from verikit.transport import Access, Address, Endpoint, Pool, Request
>>> endpoint = Endpoint(address=Address.of("https://faces.example/v2"), access=Access(), timeout=10)
>>> request = Request(method="POST", path="/identity/...", content_type="...", body=b"...")
>>> with Pool(endpoint) as pool:  # doctest: +SKIP
...     answer = pool.ask(request)
...     endpoint.require_operation(answer)
...     answer.status, answer.json, answer.findings

An :class:`Endpoint` is frozen and can be pickled for workers. Commands make its :class:`Access`
(headers, certificates, proxy) with the shared options of :mod:`verikit.options`.

:class:`Pool` uses plain sockets and can be shared by threads, or by greenlets after gevent has
patched the standard library; :class:`~verikit.transport.async_connection.AsyncPool` is for asyncio
and trio. Both respect the endpoint's ``rate``, keep connections open, detect an early response
while a body is sent, and bound every exchange in time and bytes. ``new_connection=True`` uses a
connection for one request; a :class:`Connection` is for several in a row.

Whatever a server sends, only :class:`verikit.errors.Unreachable` is raised; its subclass gives the
reason, and ``may_pass`` says whether a retry makes sense. ``BadAnswer`` and the ``findings`` of an
answer are faults of the server's HTTP. :meth:`Endpoint.require_operation` raises ``Intercepted``
for 401, 403, 407 and redirects, and every report repeats ``Endpoint.remarks``.
:func:`verikit.foreign_text.shown` sanitizes text for display.
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
