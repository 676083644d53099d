import base64
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from verikit.contract import load_contract
from verikit.contract.encryption import Secrets, url_encoded
from verikit.errors import SecretError

SCHEME = load_contract().encryption
KEY, IV = "k" * SCHEME.key_characters, "i" * SCHEME.iv_characters


def opened(sealed: bytes) -> bytes:
    return AESGCM(KEY.encode()).decrypt(IV.encode(), base64.b64decode(sealed, validate=True), None)


@given(st.binary())
def test_a_sealed_photo_is_what_the_contract_says(photo: bytes) -> None:
    assert opened(Secrets(key=KEY, iv=IV).encrypt_to_base64(photo)) == photo


@given(st.binary())
def test_a_form_value_is_escaped_as_urllib_does(data: bytes) -> None:
    text = base64.b64encode(data)
    assert url_encoded(text).decode() == quote(text, safe="")


def test_what_is_given_wins_over_the_environment_and_that_over_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(SCHEME.key_variable, raising=False)
    monkeypatch.setenv(SCHEME.iv_variable, IV)
    secrets = Secrets.of()
    assert (secrets.key, secrets.iv) == (SCHEME.default_key, IV)
    assert secrets.has_default_key
    monkeypatch.setenv(SCHEME.key_variable, "e" * SCHEME.key_characters)
    assert Secrets.of(key=KEY).key == KEY
    assert not Secrets.of().has_default_key


@pytest.mark.parametrize(
    ("key", "iv", "named"),
    [
        (KEY[1:], IV, "key"),
        (KEY + "k", IV, "key"),
        (KEY[1:] + "ä", IV, "key"),
        (KEY, "", "IV"),
        (KEY[2:] + "ä", IV, "key"),
        ("\udcff" * len(KEY), IV, "key"),
    ],
)
def test_a_secret_of_another_length_is_refused(key: str, iv: str, named: str) -> None:
    with pytest.raises(SecretError, match=f"The {named} must be"):
        Secrets(key=key, iv=iv)


def test_no_secret_is_shown() -> None:
    assert KEY not in repr(Secrets(key=KEY, iv=IV))
    assert IV not in repr(Secrets(key=KEY, iv=IV))
