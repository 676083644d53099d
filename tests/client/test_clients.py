import inspect
import io
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import anyio
import pytest
from PIL import Image

from tests.support.peer import answering
from tests.support.ports import free_port
from verikit.client import (
    AbnormalAnswer,
    AsyncClient,
    Client,
    DetectionFailed,
    FaceOcclusion,
    InvalidArgument,
    InvalidSetting,
    TimedOut,
    UndocumentedAnswer,
    Unreachable,
    clients,
)
from verikit.contract import load_contract

CONTRACT = load_contract()
PAIR = {"first": b"one", "second": b"other"}


def photo(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


@pytest.mark.live
def test_a_real_server_answers(fake_server: Any, ask: Any, tmp_path: Path) -> None:
    path = tmp_path / "blue.png"
    path.write_bytes(photo("blue"))
    same, other = ask(
        fake_server.url,
        {"first": path, "second": photo("blue")},
        {"first": photo("blue"), "second": photo("grey"), "auto_rotate": True},
    )
    assert (same.score, other.score) == (0.9, 0.1)
    assert same.matches()
    assert not other.matches()
    assert same.request_id != other.request_id


@pytest.mark.live
def test_a_real_server_refuses(fake_server: Any, ask: Any) -> None:
    with pytest.raises(DetectionFailed) as caught:
        ask(fake_server.url, {"first": photo("grey"), "second": photo("black")})
    assert caught.value.photo == "second"
    white = {"first": photo("white"), "second": photo("grey")}
    assert ask(fake_server.url, white)
    with pytest.raises(FaceOcclusion):
        ask(fake_server.url, white | {"check_quality": True})
    with pytest.raises(InvalidArgument, match="does not decrypt"):
        ask(fake_server.url, white, key="k" * CONTRACT.encryption.key_characters)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_the_switches_are_the_contract_s(kind: type) -> None:
    arguments = inspect.signature(kind.verify).parameters.values()
    switches = {a.name: a.default for a in arguments if a.kind is a.KEYWORD_ONLY}
    entries = CONTRACT.parameters.values()
    assert switches == {e.name: e.default for e in entries if e.type == "boolean"}


@pytest.mark.parametrize("suffix", ["", "/", CONTRACT.path, CONTRACT.path + "/"])
def test_the_address_may_be_written_with_or_without_the_path(
    scripted: Any, ask: Any, suffix: str
) -> None:
    (answer,) = ask(scripted.url + suffix, PAIR)
    assert answer.score == 0.75


def test_one_connection_serves_many_requests(scripted: Any, ask: Any) -> None:
    ask(scripted.url, *[PAIR] * 5)
    assert len(scripted.bodies) == 5
    assert len(scripted.connections) == 1


def test_only_what_is_asked_for_is_sent(scripted: Any, ask: Any) -> None:
    ask(scripted.url, PAIR, PAIR | {"auto_rotate": True})
    plain, turned = (parse_qs(body.decode()) for body in scripted.bodies)
    assert set(turned) - set(plain) == {"auto_rotate"}
    assert turned["auto_rotate"] == ["true"]


def test_a_connection_that_was_closed_meanwhile_is_made_anew(scripted: Any, ask: Any) -> None:
    scripted.answers = 1
    assert len(ask(scripted.url, PAIR, PAIR, PAIR, retries=1)) == 3


def test_a_server_that_never_answers_is_given_up(scripted: Any, ask: Any) -> None:
    scripted.answers = 0
    with pytest.raises(Unreachable, match=f"No server answers at {scripted.url}"):
        ask(scripted.url, PAIR, retries=2)
    assert len(scripted.bodies) == 3


@pytest.mark.parametrize(
    ("head", "status", "why"),
    [
        (b"301 Moved\r\nLocation: https://faces.example/v2", 301, "use https://faces.example/v2"),
        (b"401 Unauthorized", 401, "it needs credentials"),
        (b"200 OK\r\nContent-Encoding: gzip", 200, "compressed without being asked"),
    ],
)
def test_an_answer_that_is_not_the_operation_s_is_no_score(
    ask: Any, head: bytes, status: int, why: str
) -> None:
    said = b'{"code": 1000, "verification_score": 0.75, "request_id": "1"}'
    length = b"\r\nContent-Length: %d\r\n\r\n" % len(said)
    with (
        answering(b"HTTP/1.1 " + head + length + said) as peer,
        pytest.raises(UndocumentedAnswer, match=why) as caught,
    ):
        ask(peer.url, PAIR)
    assert caught.value.status == status


def test_where_nobody_listens_is_said(ask: Any) -> None:
    port = free_port()
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port} "):
        ask(f"http://user:secret@127.0.0.1:{port}", PAIR, retries=0)


def test_a_server_that_is_slow_is_not_asked_again(scripted: Any, ask: Any) -> None:
    scripted.silence = True
    with pytest.raises(TimedOut, match="in time"):
        ask(scripted.url, PAIR, retries=3, timeout=3)
    assert len(scripted.bodies) == 1


def test_a_busy_server_is_asked_again_when_it_says(scripted: Any, ask: Any) -> None:
    scripted.turned_away = ["0", "1"]
    start = time.monotonic()
    assert len(ask(scripted.url, PAIR, retries=2)) == 1
    assert time.monotonic() - start >= 1
    assert len(scripted.bodies) == 3


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clients would have waited, one after the other."""
    noted: list[float] = []

    async def note(seconds: float) -> None:
        noted.append(seconds)

    monkeypatch.setattr(clients, "time", SimpleNamespace(sleep=noted.append))
    monkeypatch.setattr(anyio, "sleep", note)
    return noted


def test_clients_turned_away_together_come_back_apart_and_not_too_soon(
    scripted: Any, ask: Any, pauses: list[float]
) -> None:
    scripted.turned_away = ["3"] * 8
    ask(scripted.url, PAIR, retries=8)
    assert len(set(pauses)) == 8
    assert all(3 <= pause < 4 for pause in pauses)


def test_clients_cut_off_together_come_back_apart_and_ever_later(
    scripted: Any, ask: Any, pauses: list[float]
) -> None:
    scripted.answers = 0
    for _ in range(4):
        with pytest.raises(Unreachable):
            ask(scripted.url, PAIR, retries=2)
    first, second = pauses[::2], pauses[1::2]
    assert len(set(first)) == len(first) == 4
    assert all(0.1 <= pause <= 0.2 for pause in first)
    assert all(0.2 <= pause <= 0.4 for pause in second)


@pytest.mark.parametrize(
    "retry_after", ["11", "3600", "-1", "1.5", "soon", "Mon, 23 Nov 2026 00:00:00 GMT"]
)
def test_nobody_waits_long_or_for_what_is_no_number(
    scripted: Any, ask: Any, retry_after: str
) -> None:
    scripted.turned_away = [retry_after]
    with pytest.raises(AbnormalAnswer):
        ask(scripted.url, PAIR, retries=2)
    assert len(scripted.bodies) == 1


def test_a_server_that_stays_busy_is_given_up(scripted: Any, ask: Any) -> None:
    scripted.turned_away = ["0"] * 9
    with pytest.raises(AbnormalAnswer):
        ask(scripted.url, PAIR, retries=2)
    assert len(scripted.bodies) == 3


def test_an_answer_is_final(scripted: Any, ask: Any) -> None:
    scripted.status = 500
    with pytest.raises(AbnormalAnswer):
        ask(scripted.url, PAIR, retries=3)
    assert len(scripted.bodies) == 1


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:3000", "ftp://host", "http://", "http://a:x", "http://a:65536"]
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_senseless_address_is_refused_at_once(kind: Any, url: str) -> None:
    with pytest.raises(InvalidSetting, match="is not a URL"):
        kind(url)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_key_of_another_length_is_refused_at_once(kind: Any) -> None:
    with pytest.raises(InvalidSetting, match="The key must be 32 ASCII characters"):
        kind("http://host", key="short")


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_neither_password_nor_key_is_shown(kind: Any) -> None:
    client = kind("http://user:secret@host", key="k" * CONTRACT.encryption.key_characters)
    assert repr(client) == f"{kind.__name__}('http://host')"


def test_a_client_closes_its_connections(scripted: Any) -> None:
    with Client(scripted.url) as client:
        client.verify(**PAIR)
    assert scripted.ended.wait(60), "the connection is still open"


def test_a_photo_that_is_not_there_is_an_os_error(scripted: Any, ask: Any) -> None:
    with pytest.raises(FileNotFoundError):
        ask(scripted.url, {"first": "no such photo.jpg", "second": b""})
    assert scripted.bodies == []
