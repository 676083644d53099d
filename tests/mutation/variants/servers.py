"""The reference itself, and servers that differ in how they speak HTTP."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from functools import partial

from tests.mutation.parts import Parts, around
from tests.mutation.registry import MODEST, variant, variant_started
from tests.mutation.serving import served
from tests.mutation.wire import Ask, Reply, Serve
from verikit.commands.demo import reference_server


def the_reference(parts: Parts) -> Serve:
    """The application as it is."""
    return parts.serve


def verikit_serve(_: Parts) -> AbstractContextManager[str]:
    """A server of its own, as a user starts it."""
    return reference_server("--log-level", "error")


for profile, name in ((None, "without a profile"), (MODEST, "held to the readings")):
    variant(name=f"the reference {name}", profile=profile)(the_reference)
for profile, name in ((None, "without a profile"), ("reference", "with its own profile")):
    variant_started(name=f"verikit serve {name}", profile=profile)(verikit_serve)


@variant()
@around
def slow(ask: Ask, serve: Serve) -> Reply:
    time.sleep(0.03)
    return serve(ask)


def otherwise(protocol: str, declares_length: bool, parts: Parts) -> AbstractContextManager[str]:
    """Served with another version of HTTP, or chunked."""
    return served(parts.serve, protocol=protocol, declares_length=declares_length)


variant_started(name="http-1.0")(partial(otherwise, "HTTP/1.0", True))
variant_started(name="answers-chunked")(partial(otherwise, "HTTP/1.1", False))
variant_started(name="answers-end-with-the-connection")(partial(otherwise, "HTTP/1.0", False))
