"""Defects planted in a server are found over HTTP."""

import os
import re
import signal
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from typing import Any

import pytest
from PIL import Image

from tests.hostile import outcome
from tests.hostile import run as running
from tests.hostile.body import Body, post
from tests.hostile.form import FIRST, SECOND, encrypted, percent_encoded
from tests.hostile.outcome import Run
from tests.hostile.run import Track, run
from tests.hostile.server import CannotStart, Server, serving
from tests.hostile.watch import MEGABYTE, Watch
from tests.support.live import FAKE_SERVER

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving((str(FAKE_SERVER), "2", "8", "{}")) as one:
        yield one


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SETTLE_SECONDS", 0.2)
    monkeypatch.setattr(running, "warm_up", lambda *_: None)


def of_colour(colour: str, size: int = 64) -> Body:
    file = BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "PNG", compress_level=1)
    text = encrypted(file.getvalue())
    form = percent_encoded([(FIRST, text), (SECOND, text)])
    return Body(0, f"planted: {colour}", post(form), form)


def planted(monkeypatch: pytest.MonkeyPatch, server: Server, body: Body) -> set[str]:
    monkeypatch.setattr(running, "body", lambda *_: body)
    return {finding.what for finding in run(server, 1, [0], 1, untracked).findings}


def untracked(things: Iterable[Any], *_: object) -> Iterable[Any]:
    return things


def some(server: Server, track: Track = untracked) -> Run:
    return run(server, 1, range(40), 2, track)


def test_a_sound_server_has_no_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "MOST_SECONDS", 60.0)  # the machine may be anything but sound
    with serving((str(FAKE_SERVER), "2", "8", "{}")) as server:  # no other test's lines in its log
        done = some(server)
    assert done.complete
    assert done.findings == []
    assert {one.family for one in done.outcomes} > {"jpeg", "png", "http", "forms"}


def test_a_failure_is_found(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    found = planted(monkeypatch, server, of_colour("lime"))
    assert "status 500" in found
    assert any('"event": "failed"' in what for what in found)


def test_what_is_slow_even_alone_is_found(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """It takes half a second, of which nothing is put down to other programs here."""
    monkeypatch.setattr(outcome, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(outcome, "MOST_TIMES", 1)
    monkeypatch.setattr(running, "queued_seconds", lambda _: 0.0)
    found = planted(monkeypatch, server, of_colour("red"))
    assert any(re.fullmatch(r"took \d+\.\d\d s", what) for what in found), found


def test_on_a_slow_machine_time_is_measured_by_an_ordinary_comparison(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setattr(outcome, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(outcome, "MOST_TIMES", 600)
    monkeypatch.setattr(running, "queued_seconds", lambda _: 0.0)
    found = planted(monkeypatch, server, of_colour("red"))
    assert not any(what.startswith("took ") for what in found), found


def test_what_takes_much_memory_is_found(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setattr(outcome, "MOST_BYTES", 40 * MEGABYTE)
    found = planted(monkeypatch, server, of_colour("grey", 4096))
    assert any(what.startswith("took ") and what.endswith(" MB") for what in found)


def test_memory_that_does_not_come_back_is_found(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setattr(Watch, "above_level", lambda _: 100 * MEGABYTE)
    assert "100 MB of memory did not come back" in {f.what for f in some(server).findings}


def test_an_interrupted_run_keeps_what_was_seen(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    def interrupt(things: Iterable[Any], *_: object) -> Iterator[Any]:
        yield from islice(things, 5)
        raise KeyboardInterrupt

    monkeypatch.setattr(outcome, "MOST_SECONDS", 0.0)
    done = some(server, interrupt)
    assert not done.complete
    assert len(done.outcomes) == done.undecided == 5
    assert not any(finding.what.startswith("took") for finding in done.findings)


def test_a_dead_worker_is_found(server: Server) -> None:
    def kill(things: Iterable[Any], *_: object) -> Iterator[Any]:
        os.kill(server.workers()[0].pid, signal.SIGKILL)
        yield from things

    assert any(" died near the bodies " in finding.what for finding in some(server, kill).findings)


def test_a_server_that_does_not_start_is_told() -> None:
    with (
        pytest.raises(CannotStart, match="No such option"),
        serving(("-c", "raise SystemExit('No such option: -?')")),
    ):
        pass
