"""Every hostile server against what asks it: only our own errors, in time, in bounded memory."""

import time
import tracemalloc

import pytest

from tests.support.hostile_server import ATTACKS, MIB, REFUSED_ALIKE, hostile
from tests.transport.conftest import Ask, endpoint, post
from verikit.errors import Unreachable
from verikit.foreign_text import shown
from verikit.transport import Answer

PATIENCE = 0.3
SOON = 30
"""Seconds, on a busy machine; who sends for ever is otherwise read for ever."""


def text_of(answer: Answer) -> str:
    return " ".join((*answer.findings, answer.no_json, shown(answer.reason)))


@pytest.mark.parametrize("name", ATTACKS)
def test_no_server_does_more_than_be_found_out(ask: Ask, name: str) -> None:
    tracemalloc.start()
    started = time.monotonic()
    try:
        with hostile(name) as peer:
            there = endpoint(peer.url, timeout=PATIENCE)
            try:
                (answer,) = ask(there, post(200_000))
            except Unreachable as error:
                said = str(error)
            else:
                said = " ".join((text_of(answer), there.interception(answer) or ""))
                assert name not in REFUSED_ALIKE
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said.isprintable()
    assert len(said) < 1000
    assert time.monotonic() - started < SOON, "it was waited for far beyond its time"
    assert most < 32 * MIB
