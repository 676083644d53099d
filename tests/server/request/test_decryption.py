import base64
import textwrap
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from reference_server.refusals import InvalidArgument
from reference_server.request.decryption import decrypter
from reference_server.settings import Settings
from verikit.contract import load_contract

SECRETS = load_contract().encryption
Encrypt = Callable[[bytes], str]


def test_blanks_are_read_as_plus_and_line_breaks_dropped(
    settings: Settings, encrypt: Encrypt
) -> None:
    file = bytes(range(256)) * 8
    encrypted = encrypt(file)
    assert "+" in encrypted
    broken = "\r\n".join(encrypted[i : i + 76] for i in range(0, len(encrypted), 76)).replace(
        "+", " "
    )
    assert decrypter(settings)("photo", broken.encode()) == file


@pytest.mark.parametrize("damage", ["*", "=", "\t", "-", "_", "\x00", "é"])
def test_anything_else_is_no_base64(settings: Settings, encrypt: Encrypt, damage: str) -> None:
    encrypted = encrypt(b"x" * 90)
    with pytest.raises(InvalidArgument) as refused:
        decrypter(settings)("photo", (encrypted[:40] + damage + encrypted[40:]).encode())
    assert refused.value.message == "invalid argument: photo is not Base64"


@pytest.mark.parametrize("size", [90, 91, 92])
@pytest.mark.parametrize("surplus", ["=", "==", "===", "====", "=" * 1000])
def test_padding_that_is_not_needed_is_no_base64(
    settings: Settings, encrypt: Encrypt, size: int, surplus: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        decrypter(settings)("photo", (encrypt(b"x" * size) + surplus).encode())
    assert refused.value.message == "invalid argument: photo is not Base64"


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, -1])
def test_cut_ciphertext_does_not_decrypt(settings: Settings, encrypt: Encrypt, length: int) -> None:
    cut = base64.b64encode(base64.b64decode(encrypt(b"x" * 90))[:length])
    with pytest.raises(InvalidArgument) as refused:
        decrypter(settings)("photo", cut)
    assert refused.value.message == "invalid argument: photo does not decrypt"


def test_a_photo_under_another_key_does_not_decrypt(encrypt: Encrypt) -> None:
    other = Settings(key=b"k" * 32, iv=b"df25d188a061")
    with pytest.raises(InvalidArgument, match="INVALID"):
        decrypter(other)("photo", encrypt(b"x").encode())


def test_during_a_rotation_both_keys_decrypt_and_no_third(encrypt: Encrypt) -> None:
    old, new = (SECRETS.default_key.encode(), SECRETS.default_iv.encode()), (b"k" * 32, b"i" * 12)
    decrypt = decrypter(Settings(key=new[0], iv=new[1], previous=old))
    assert decrypt("photo", encrypt(b"old").encode()) == b"old"
    sealed = base64.b64encode(AESGCM(new[0]).encrypt(new[1], b"new", None))
    assert decrypt("photo", sealed) == b"new"
    crossed = base64.b64encode(AESGCM(new[0]).encrypt(old[1], b"crossed", None))
    with pytest.raises(InvalidArgument, match="INVALID"):
        decrypt("photo", crossed)


@given(st.binary(max_size=400), st.integers(1, 80), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_photo_is_the_one_that_was_encrypted(
    photo: bytes, width: int, newline: str, blanks: bool
) -> None:
    """However Base64 was broken into lines, and whether a form made blanks of its plus signs."""
    settings = Settings.from_environment({})
    sealed = AESGCM(settings.key).encrypt(settings.iv, photo, None)
    text = newline.join(textwrap.wrap(base64.b64encode(sealed).decode(), width))
    sent = text.replace("+", " ") if blanks else text
    assert decrypter(settings)("photo", sent.encode()) == photo


@given(st.binary())
def test_any_bytes_are_refused_as_an_argument(value: bytes) -> None:
    with pytest.raises(InvalidArgument):
        decrypter(Settings.from_environment({}))("photo", value)
