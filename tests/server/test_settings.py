from pathlib import Path

import pytest

from reference_server import settings
from reference_server.settings import Settings, SettingsError
from verikit.contract import load_contract

SECRETS = load_contract().encryption


def test_defaults_are_the_documented_key_and_iv() -> None:
    settings = Settings.from_environment({})
    assert (settings.key, settings.iv) == (
        SECRETS.default_key.encode(),
        SECRETS.default_iv.encode(),
    )
    assert settings.has_default_key


def test_environment_replaces_them() -> None:
    settings = Settings.from_environment(
        {SECRETS.key_variable: "k" * 32, SECRETS.iv_variable: "i" * 12}
    )
    assert (settings.key, settings.iv) == (b"k" * 32, b"i" * 12)
    assert not settings.has_default_key


def test_the_default_key_is_no_secret_as_the_previous_one_either() -> None:
    default = Settings.from_environment({})
    rotating = Settings(key=b"k" * 32, iv=b"i" * 12, previous=(default.key, default.iv))
    assert rotating.has_default_key


def test_the_previous_key_is_judged_like_the_key() -> None:
    with pytest.raises(SettingsError, match=SECRETS.key_variable):
        Settings(key=b"k" * 32, iv=b"i" * 12, previous=(b"short", b"i" * 12))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (SECRETS.key_variable, "k" * 31),
        (SECRETS.key_variable, ""),
        (SECRETS.key_variable, "ü" * 32),
        (SECRETS.iv_variable, "i" * 13),
        (SECRETS.key_variable, "\udcff" * 32),
        (SECRETS.key_variable, "ü" * 16),
        (SECRETS.iv_variable, "ü" * 6),
    ],
)
def test_wrong_length_is_one_sentence_that_names_the_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{variable} must be \d+ ASCII characters.*\.$"):
        Settings.from_environment({variable: value})


def test_repr_holds_no_secret() -> None:
    default = Settings.from_environment({})
    rotating = Settings(key=b"k" * 32, iv=b"i" * 12, previous=(default.key, default.iv))
    for text in (repr(default), repr(rotating)):
        assert SECRETS.default_key not in text
        assert SECRETS.default_iv not in text


def test_only_the_cipher_is_given_the_key() -> None:
    """Whoever else touches it might log it, or compare it in a time that tells about it."""
    sources = Path(settings.__file__).parent.rglob("*.py")
    users = {path.stem for path in sources if "settings.pairs" in path.read_text()}
    assert users == {"decryption"}
