"""Encrypts photos as documented: AES-GCM, the ciphertext followed by the tag, as Base64.

The package does not import this module, which needs ``cryptography``.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from verikit.contract.loader import load_contract
from verikit.contract.values import check_secret

SCHEME = load_contract().encryption

_BLANK_TO_PLUS = bytes.maketrans(b" ", b"+")


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """The key and the IV of client and server, as strings; ``repr`` omits them.

    Raises:
        SecretError: one of them does not have the documented length.
    """

    key: str = field(repr=False)
    iv: str = field(repr=False)

    def __post_init__(self) -> None:
        for name, secret, length in (
            ("The key", self.key, SCHEME.key_characters),
            ("The IV", self.iv, SCHEME.iv_characters),
        ):
            check_secret(name, secret, length)

    @classmethod
    def of(cls, key: str | None = None, iv: str | None = None) -> Secrets:
        """The arguments, or else the documented environment variables, or else the defaults.

        Raises:
            SecretError: one of them does not have the documented length.
        """
        if key is None:
            key = os.environ.get(SCHEME.key_variable, SCHEME.default_key)
        if iv is None:
            iv = os.environ.get(SCHEME.iv_variable, SCHEME.default_iv)
        return cls(key=key, iv=iv)

    @property
    def has_default_key(self) -> bool:
        """Whether the key is the documented one, which is public."""
        return self.key == SCHEME.default_key

    def encrypt(self, photo: bytes) -> bytes:
        """The ciphertext of a photo file, followed by the tag."""
        return AESGCM(self.key.encode()).encrypt(self.iv.encode(), photo, None)

    def encrypt_to_base64(self, photo: bytes) -> bytes:
        """The photo file, encrypted, in standard Base64."""
        return base64.b64encode(self.encrypt(photo))


def from_base64(text: bytes) -> bytes:
    """What standard Base64 stands for; a blank is a ``+`` and line breaks are ignored, as they come
    from raw Base64 in a URL-encoded form.

    Raises:
        ValueError: it is anything else.
    """
    plain = text.translate(_BLANK_TO_PLUS, b"\r\n")
    if len(plain) % 4 or plain.endswith(b"==="):  # of which Python's strict mode minds not all
        raise ValueError("no Base64: its length is no multiple of four, or its padding too long")
    return binascii.a2b_base64(plain, strict_mode=True)


def url_encoded(encrypted: bytes) -> bytes:
    """Percent-encoded Base64 for a URL-encoded form, in which a plain ``+`` means a space."""
    # Twenty times as fast as urllib's quote, on the three characters that Base64 can hold.
    return encrypted.replace(b"+", b"%2B").replace(b"/", b"%2F").replace(b"=", b"%3D")
