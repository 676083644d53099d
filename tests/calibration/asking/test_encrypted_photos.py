from base64 import b64decode
from collections import Counter
from urllib.parse import unquote_to_bytes

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from calibration.asking.api import EncryptedPhotos
from verikit.contract.encryption import Secrets


class Files:
    def __init__(self) -> None:
        self.read_count = Counter()

    def read(self, name: str) -> bytes:
        self.read_count[name] += 1
        return name.encode() * 50


@pytest.fixture
def files():
    return Files()


def test_each_photo_is_encrypted_once(files):
    encrypted = EncryptedPhotos(files, Secrets.of(), room=1 << 20)
    values = [encrypted.value(name) for name in "abcabcab"]
    assert values[0] == values[3] != values[1]
    assert set(files.read_count.values()) == {1}


def test_the_value_is_what_the_contract_asks_for(files):
    secrets = Secrets.of()
    value = unquote_to_bytes(EncryptedPhotos(files, secrets, room=1 << 20).value("a"))
    plain = AESGCM(secrets.key.encode()).decrypt(secrets.iv.encode(), b64decode(value), None)
    assert plain == b"a" * 50


def test_memory_is_bounded_and_the_longest_unused_goes_first(files):
    encrypted = EncryptedPhotos(files, Secrets.of(), room=250)
    for name in "aabac":
        encrypted.value(name)
    encrypted.value("a")
    assert files.read_count == {"a": 1, "b": 1, "c": 1}
    encrypted.value("b")
    assert files.read_count["b"] == 2
