import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.support.needs import needs
from verikit.contract import load_contract

CONTRACT = load_contract()
SECRETS = CONTRACT.encryption
Call = Callable[..., Result]
Photo = Callable[[str], str]


def opened(text: str) -> bytes:
    cipher = AESGCM(SECRETS.default_key.encode())
    return cipher.decrypt(SECRETS.default_iv.encode(), base64.b64decode(text, validate=True), None)


def test_a_line_for_each_photo(call: Call, photo: Photo) -> None:
    files = [photo("red"), photo("blue")]
    done = call("encrypt", *files)
    assert done.exit_code == 0
    assert [opened(line) for line in done.output.splitlines()] == [
        Path(file).read_bytes() for file in files
    ]


def test_a_value_for_a_url_encoded_body(call: Call, photo: Photo) -> None:
    plain = call("encrypt", photo("red")).output
    escaped = call("encrypt", "red.png", "--urlencoded").output
    assert not set("+/=") & set(escaped)
    assert unquote(escaped) == plain


def test_for_programs_and_into_a_file(call: Call, photo: Photo, folder: Path) -> None:
    plain = call("encrypt", photo("red")).output.strip()
    assert call("encrypt", "red.png", "--json", "--out", "told.json").output == ""
    assert json.loads((folder / "told.json").read_text()) == [
        {"photo": "red.png", "encrypted": plain}
    ]


@pytest.mark.live
@needs("curl")
@pytest.mark.parametrize(("switches", "code"), [([], 1000), (["--check-quality"], 4004)])
def test_the_curl_command_can_be_pasted(
    call: Call, photo: Photo, fake_server: Any, switches: list[str], code: int
) -> None:
    command = call(
        "encrypt", "--curl", photo("red"), photo("white"), "--url", fake_server.url, *switches
    )
    answer = subprocess.run(  # noqa: S602 - it is to be pasted into a shell
        command.output, shell=True, capture_output=True, check=True
    )
    assert json.loads(answer.stdout)["code"] == code
    assert answer.stdout.endswith(b"}\n")
    assert answer.stderr == b""


def test_an_address_cannot_break_out_of_the_command(call: Call, photo: Photo) -> None:
    url = "http://127.0.0.1:1/'; echo broken"
    command = call("encrypt", "--curl", photo("red"), photo("blue"), "--url", url).output
    shell = subprocess.run(  # noqa: S602 - it is to be pasted into a shell
        command.replace("curl", "true", 1), shell=True, capture_output=True, check=True
    )
    assert shell.stdout == b""


@pytest.mark.parametrize(
    "words",
    [
        ["nowhere.png"],
        [],
        ["--curl", "red.png"],
        ["--curl", "--json", "red.png", "red.png"],
        ["--curl", "--url", "nonsense", "red.png", "red.png"],
    ],
)
def test_wrong_use(call: Call, photo: Photo, words: list[str]) -> None:
    photo("red")
    assert call("encrypt", *words).exit_code == 2


def test_a_key_of_the_wrong_length_is_wrong_use(
    call: Call, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRETS.key_variable, "short")
    refused = call("encrypt", photo("red"))
    assert refused.exit_code == 2
    assert "The key must be 32 ASCII characters" in refused.output
