import base64
from pathlib import Path
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from verikit.client.form import form
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets

CONTRACT = load_contract()
SCHEME = CONTRACT.encryption
DEFAULTS = Secrets(key=SCHEME.default_key, iv=SCHEME.default_iv)


def opened(text: str | bytes, secrets: Secrets) -> bytes:
    sealed = base64.b64decode(text, validate=True)
    return AESGCM(secrets.key.encode()).decrypt(secrets.iv.encode(), sealed, None)


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
