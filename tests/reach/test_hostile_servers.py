"""Every tool against every hostile server: a documented end, in time, and in bounded memory."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.reach.conftest import Reached, Run
from tests.reach.tools import TOOLS
from tests.support.hostile_server import (
    ATTACKS,
    INTERCEPTED,
    REFUSED_ALIKE,
    hostile,
    scored,
    whole,
)
from tests.support.peer import answering

MOST_MEMORY = 300 << 10
PATIENCE = "0.5"
DEADLINE = 2 * float(PATIENCE)
BUSY = 25
"""Seconds that a busy machine may add, but too few for a tool that knows its own time-out only."""
MARKUP = ("<script>alert(1)", "<img src=x")
TRIES = {"check": 14, "calibrate": 8, "load": 8}
"""Exchanges, one after the other, that a tool may make before it gives up or is through."""

TOLD_APART = [
    pytest.param(name, marks=pytest.mark.slow if name in REFUSED_ALIKE else ()) for name in ATTACKS
]

READERS: dict[str, Callable[[str], object]] = {
    ".html": lambda text: not any(markup in text for markup in MARKUP) or pytest.fail(text[:500]),
    ".xml": ET.fromstring,
    ".json": json.loads,
    ".jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
    ".sarif": json.loads,
}

pytestmark = [pytest.mark.live, pytest.mark.waits]
_idle: dict[str, int] = {}


@pytest.fixture
def idle(run: Run, request: pytest.FixtureRequest) -> int:
    """The memory of the tool with a server that behaves, in kB."""
    tool = request.node.callspec.params["tool"]
    if tool not in _idle:
        with answering(lambda connection: connection.sendall(whole(scored()))) as peer:
            _idle[tool] = run(tool, peer.url).memory
    return _idle[tool]


def assert_harmless(tool: str, ended: Reached, idle: int) -> None:
    assert ended.status in {0, 1, 3}, ended
    assert "Traceback" not in ended.output
    assert all(letter.isprintable() or letter == "\n" for letter in ended.output), ended
    assert ended.seconds < DEADLINE * TRIES.get(tool, 1) + BUSY
    assert ended.memory < idle + MOST_MEMORY
    assert len(ended.output) < 50_000
    assert_whole(ended.folder)


def assert_whole(folder: Path) -> None:
    """Every report that is there can be read, and holds no markup of the server's."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    for file in files:
        text = file.read_text("utf-8") if file.suffix in READERS else ""
        assert not any(escape in text for escape in ("\x1b", "\u202e", "\x07"))
        if text:
            READERS[file.suffix](text)
    assert sum(file.stat().st_size for file in files) < 20 << 20


@pytest.mark.parametrize("attack", TOLD_APART)
@pytest.mark.parametrize("tool", TOOLS)
def test_a_hostile_server(run: Run, idle: int, tool: str, attack: str) -> None:
    with hostile(attack) as peer:
        ended = run(tool, peer.url, timeout=PATIENCE)
    assert_harmless(tool, ended, idle)
    if attack in INTERCEPTED:
        assert ended.status == 3


@pytest.mark.parametrize("attack", TOLD_APART)
@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool in TRIES])
def test_a_server_that_turns_hostile(run: Run, idle: int, tool: str, attack: str) -> None:
    answers = iter(range(10**9))
    with hostile(attack, after=lambda: next(answers) >= 2) as peer:
        ended = run(tool, peer.url, timeout=PATIENCE)
    assert_harmless(tool, ended, idle)
