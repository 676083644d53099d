"""Seals photos as the contract documents it: AES-GCM, the tag behind the ciphertext, Base64."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contract import load_contract
from verikit.client.errors import InvalidSetting

SCHEME = load_contract().encryption


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """The key and the IV that client and server share, as text; they stay out of ``repr``.

    Raises:
        InvalidSetting: one of them has not the documented length.
    """

    key: str = field(repr=False)
    iv: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_length("key", self.key, SCHEME.key_characters)
        _check_length("IV", self.iv, SCHEME.iv_characters)

    @classmethod
    def of(cls, key: str | None = None, iv: str | None = None) -> Secrets:
        """What is given, else the documented environment variables, else the documented defaults.

        Raises:
            InvalidSetting: one of them has not the documented length.
        """
        if key is None:
            key = os.environ.get(SCHEME.key_variable, SCHEME.default_key)
        if iv is None:
            iv = os.environ.get(SCHEME.iv_variable, SCHEME.default_iv)
        return cls(key=key, iv=iv)

    @property
    def has_default_key(self) -> bool:
        """Whether the key is the documented one, which everybody knows."""
        return self.key == SCHEME.default_key

    def seal(self, photo: bytes) -> bytes:
        """The photo file, encrypted and written in standard Base64."""
        return base64.b64encode(AESGCM(self.key.encode()).encrypt(self.iv.encode(), photo, None))


def _check_length(name: str, secret: str, length: int) -> None:
    if len(secret.encode()) != length:
        raise InvalidSetting(
            f"The {name} must be {length} characters of ASCII, this one has {len(secret.encode())} "
            "bytes."
        )
