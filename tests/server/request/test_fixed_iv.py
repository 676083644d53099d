"""What the documented encryption does not do: with one IV for all photos, it hides none of them.

AES-GCM turns key and IV into a stream of bytes that is XORed with the photo. The same IV gives the
same stream each time (NIST SP 800-38D, section 8, demands that no IV is used twice).
"""

import base64
from collections.abc import Callable

import pytest

from reference_server.request.decryption import decrypter
from reference_server.settings import Settings
from verikit.contract import load_contract

TAG = load_contract().encryption.tag_bytes

Draw = Callable[..., bytes]
Encrypt = Callable[[bytes], str]


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


@pytest.fixture
def photos(draw: Draw) -> tuple[bytes, bytes]:
    return draw("grey", kind="BMP"), draw((200, 30, 90), kind="BMP")


@pytest.fixture
def overheard(photos: tuple[bytes, bytes], encrypt: Encrypt, settings: Settings) -> list[bytes]:
    """What a listener sees of the two photos; the server does open both."""
    encrypted = [encrypt(photo) for photo in photos]
    for photo, text in zip(photos, encrypted, strict=True):
        assert decrypter(settings)("photo", text.encode()) == photo
    return [base64.b64decode(text)[:-TAG] for text in encrypted]


def test_a_listener_learns_the_xor_of_two_photos(
    photos: tuple[bytes, bytes], overheard: list[bytes]
) -> None:
    assert xor(*overheard) == xor(*photos)


def test_a_listener_who_knows_one_photo_reads_the_others(
    photos: tuple[bytes, bytes], overheard: list[bytes]
) -> None:
    known, secret = photos
    stream = xor(known, overheard[0])
    assert xor(stream, overheard[1]) == secret
