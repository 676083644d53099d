"""A new key: the server reads its files again on SIGHUP, and takes the key before it too."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import Photo
from tests.support.live import Live
from tests.support.waiting import eventually
from verikit.client import Client, InvalidArgument, Verification
from verikit.contract import load_contract

pytestmark = pytest.mark.live

SECRETS = load_contract().encryption
OLD, NEW = "o" * SECRETS.key_characters, "n" * SECRETS.key_characters
IV = "i" * SECRETS.iv_characters


def ask(server: Live, key: str) -> Verification | None:
    """What the server makes of a photo and itself; None if they do not decrypt."""
    photo = photo_file(Photo(width=250, height=250, format="JPEG"))
    with Client(server.url, key=key, iv=IV) as client:
        try:
            return client.verify(photo, photo)
        except InvalidArgument:
            return None


def test_keys_are_rotated_without_a_request_lost(
    tmp_path: Path, start_real: Callable[..., Live]
) -> None:
    files = {"VERIKIT_KEY_FILE": tmp_path / "key", "VERIKIT_IV_FILE": tmp_path / "iv"}

    def write(*keys: str) -> None:
        (tmp_path / "key").write_text("\n".join(keys))

    write(OLD)
    (tmp_path / "iv").write_text(IV)
    environment = os.environ | {name: str(path) for name, path in files.items()}
    server = start_real("--workers", "1", env=environment)

    def hang_up_and_see(event: str) -> None:
        seen = server.log.read_text().count(f'"{event}"')
        server.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: server.log.read_text().count(f'"{event}"') > seen)

    def taken(key: str) -> Callable[[], bool]:
        return lambda: ask(server, key) is not None

    assert taken(OLD)()
    assert not taken(NEW)()
    write(NEW, OLD)
    hang_up_and_see("keys_read")
    assert eventually(taken(NEW))
    assert all(taken(key)() for key in (OLD, NEW, OLD))
    write("short")
    hang_up_and_see("keys_not_read")
    assert all(taken(key)() for key in (OLD, NEW))
    write(NEW)
    hang_up_and_see("keys_read")
    assert eventually(lambda: not taken(OLD)())
    assert taken(NEW)()
    log = server.log.read_text()
    assert re.findall(r'"keys": (\d)', log) == ["2", "1"]
    assert OLD not in log
    assert NEW not in log


def test_a_server_for_others_does_not_go_back_to_the_default_key(
    tmp_path: Path, start_real: Callable[..., Any]
) -> None:
    key = tmp_path / "key"
    key.write_text(OLD)
    environment = os.environ | {"VERIKIT_KEY_FILE": str(key)}
    server = start_real("--workers", "1", "--host", "0.0.0.0", env=environment)  # noqa: S104
    key.write_text(f"{OLD}\n{SECRETS.default_key}")
    server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: "The default key is public" in server.log.read_text())
