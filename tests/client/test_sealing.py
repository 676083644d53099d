import base64
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from contract import load_contract
from verikit.client import InvalidSetting, Secrets
from verikit.client.form import form, url_encoded

CONTRACT = load_contract()
SCHEME = CONTRACT.encryption
KEY, IV = "k" * SCHEME.key_characters, "i" * SCHEME.iv_characters
DEFAULTS = Secrets(key=SCHEME.default_key, iv=SCHEME.default_iv)


def opened(text: str | bytes, secrets: Secrets) -> bytes:
    sealed = base64.b64decode(text, validate=True)
    return AESGCM(secrets.key.encode()).decrypt(secrets.iv.encode(), sealed, None)


@given(st.binary())
def test_a_sealed_photo_is_what_the_contract_says(photo: bytes) -> None:
    assert opened(DEFAULTS.seal(photo), DEFAULTS) == photo


@given(st.binary())
def test_a_form_value_is_escaped_as_urllib_does(data: bytes) -> None:
    text = base64.b64encode(data)
    assert url_encoded(text).decode() == quote(text, safe="")


@given(st.binary(), st.binary(), st.booleans(), st.booleans())
def test_a_form_holds_both_photos_and_what_is_on(
    first: bytes, second: bytes, auto_rotate: bool, check_quality: bool
) -> None:
    switches = {"auto_rotate": auto_rotate, "check_quality": check_quality}
    fields = dict(parse_qsl(form(first, second, switches, DEFAULTS).decode(), strict_parsing=True))
    assert opened(fields.pop("first_encrypted_image"), DEFAULTS) == first
    assert opened(fields.pop("second_encrypted_image"), DEFAULTS) == second
    assert fields == {name: "true" for name, on in switches.items() if on}


def test_every_kind_of_photo_is_the_same_photo(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"photo")
    with path.open("rb") as file:
        kinds = [b"photo", bytearray(b"photo"), memoryview(b"photo"), path, str(path), file]
        forms = {form(kind, b"", {}, DEFAULTS) for kind in kinds}
    assert forms == {form(b"photo", b"", {}, DEFAULTS)}


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
    [(KEY[1:], IV, "key"), (KEY + "k", IV, "key"), (KEY[1:] + "ä", IV, "key"), (KEY, "", "IV")],
)
def test_a_secret_of_another_length_is_refused(key: str, iv: str, named: str) -> None:
    with pytest.raises(InvalidSetting, match=f"The {named} must be"):
        Secrets(key=key, iv=iv)


def test_no_secret_is_shown() -> None:
    assert KEY not in repr(Secrets(key=KEY, iv=IV))
    assert IV not in repr(Secrets(key=KEY, iv=IV))
