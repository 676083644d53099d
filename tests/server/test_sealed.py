import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.refusals import InvalidArgument
from reference_server.request.decryption import unsealer
from reference_server.settings import Settings

Seal = Callable[[bytes], str]


def test_blanks_are_read_as_plus_and_line_breaks_dropped(settings: Settings, seal: Seal) -> None:
    file = bytes(range(256)) * 8
    sealed = seal(file)
    assert "+" in sealed
    broken = "\r\n".join(sealed[i : i + 76] for i in range(0, len(sealed), 76)).replace("+", " ")
    assert unsealer(settings)("photo", broken.encode()) == file


@pytest.mark.parametrize("damage", ["*", "=", "\t", "-", "_", "\x00", "é"])
def test_anything_else_is_no_base64(settings: Settings, seal: Seal, damage: str) -> None:
    sealed = seal(b"x" * 90)
    with pytest.raises(InvalidArgument) as refused:
        unsealer(settings)("photo", (sealed[:40] + damage + sealed[40:]).encode())
    assert refused.value.message == "invalid argument: photo is not Base64"


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, -1])
def test_cut_ciphertext_does_not_decrypt(settings: Settings, seal: Seal, length: int) -> None:
    cut = base64.b64encode(base64.b64decode(seal(b"x" * 90))[:length])
    with pytest.raises(InvalidArgument) as refused:
        unsealer(settings)("photo", cut)
    assert refused.value.message == "invalid argument: photo does not decrypt"


def test_a_photo_under_another_key_does_not_decrypt(seal: Seal) -> None:
    other = Settings(key=b"k" * 32, iv=b"df25d188a061")
    with pytest.raises(InvalidArgument, match="INVALID"):
        unsealer(other)("photo", seal(b"x").encode())


@given(st.binary())
def test_any_bytes_are_refused_as_an_argument(value: bytes) -> None:
    with pytest.raises(InvalidArgument):
        unsealer(Settings.from_environment({}))("photo", value)
