import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from verikit.contract import load_contract

CONTRACT = load_contract()
SECRETS = CONTRACT.encryption
Call = Callable[..., Result]
Photo = Callable[[str], str]

pytestmark = pytest.mark.live


def test_a_match_is_told_in_words(call: Call, photo: Photo, fake_server: Any) -> None:
    done = call("verify", photo("red"), photo("red"), "--url", fake_server.url)
    assert done.exit_code == 0
    verdict, score, meaning, request = done.output.splitlines()
    assert verdict.startswith("Match at a false match rate of 1 in 10,000")
    assert score.split() == ["score", "0.9"]
    assert "different people 1 in 1,000,000 score 0.9 or more" in meaning
    assert len(request.split()) == 2


def test_no_match_is_told_in_words(call: Call, photo: Photo, fake_server: Any) -> None:
    done = call("verify", photo("red"), photo("blue"), "--url", fake_server.url)
    assert done.exit_code == 1
    assert done.output.startswith("No match at a false match rate of 1 in 10,000")
    assert "below 0.4" in done.output


def test_programs_are_told_the_same(call: Call, photo: Photo, fake_server: Any) -> None:
    words = (
        "verify",
        photo("red"),
        photo("red"),
        "--url",
        fake_server.url,
        "--json",
        "--at",
        "1/1,000",
    )
    told = json.loads(call(*words).stdout)
    assert told.pop("request_id")
    assert told == {
        "match": True,
        "at_rate": 0.001,
        "threshold": 0.6,
        "score": 0.9,
        "code": CONTRACT.success_code,
        "row": {"threshold": 0.9, "rate": 1e-6},
    }


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        (["red", "black"], ("DETECTION_FAILED", "Refused: black.png: No face was found")),
        (["black", "red"], ("DETECTION_FAILED", "Refused: black.png: No face was found")),
        (["white", "red"], ("FACE_OCCLUSION", "Refused: white.png: A face was")),
    ],
)
def test_a_refusal_is_told_in_words_and_to_programs(
    call: Call, photo: Photo, fake_server: Any, colours: list[str], expected: tuple[str, str]
) -> None:
    name, words = expected
    files = [photo(colour) for colour in colours]
    asked = ("verify", *files, "--url", fake_server.url, "--check-quality")
    told = call(*asked)
    assert told.exit_code == 3
    assert told.stdout == ""
    assert told.stderr.startswith(words)
    error = json.loads(call(*asked, "--json").stdout)
    assert error["match"] is None
    assert (error["error"]["name"], error["error"]["code"]) == (name, CONTRACT.codes[name].code)


def test_another_key_is_refused_by_the_server(
    call: Call, photo: Photo, fake_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRETS.key_variable, "k" * SECRETS.key_characters)
    told = call("verify", photo("red"), photo("red"), "--url", fake_server.url)
    assert told.exit_code == 3
    assert "does not decrypt" in told.stderr


def test_a_server_that_breaks_gives_no_verdict(call: Call, photo: Photo, fake_server: Any) -> None:
    told = call("verify", photo("lime"), photo("red"), "--url", fake_server.url)
    assert told.exit_code == 3
    assert told.stderr.startswith("No verdict: 500 INTERNAL_ERROR")


def test_no_server_gives_no_verdict(call: Call, photo: Photo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    told = call("verify", photo("red"), photo("red"), "--url", url)
    assert told.exit_code == 3
    assert told.stderr.startswith(f"No verdict: No server answers at {url}")


@pytest.mark.parametrize(
    "words",
    [
        ["red.png"],
        ["red.png", "nowhere.png"],
        ["red.png", "red.png", "--url", "nonsense"],
        ["red.png", "red.png", "--at", "often"],
        ["red.png", "red.png", "--at", "1/0"],
        ["red.png", "red.png", "--at", "1/2"],
    ],
)
def test_wrong_use(call: Call, photo: Photo, words: list[str]) -> None:
    photo("red")
    assert call("verify", *words).exit_code == 2
