"""Encrypted photos: AES-256-GCM, tag behind the ciphertext, written in Base64."""

from __future__ import annotations

import binascii
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reference_server.refusals import InvalidArgument
from reference_server.settings import Settings
from verikit.contract import load_contract

CIPHERS = {"AES-256-GCM": AESGCM}

_BLANK_TO_PLUS = bytes.maketrans(b" ", b"+")


def decrypter(settings: Settings) -> Callable[[str, bytes], bytes]:
    """A function from a parameter's name and value to the photo file it holds.

    It raises InvalidArgument when the value is no strict Base64 or does not decrypt.
    """
    cipher = CIPHERS[load_contract().encryption.cipher](settings.key)

    def decrypt(name: str, value: bytes) -> bytes:
        try:
            return cipher.decrypt(settings.iv, _from_base64(value), None)
        except binascii.Error:
            raise InvalidArgument(f"{name} is not Base64") from None
        except (InvalidTag, ValueError):
            raise InvalidArgument(f"{name} does not decrypt") from None

    return decrypt


def _from_base64(value: bytes) -> bytes:
    """Strict, but for what forms do to raw Base64: '+' becomes a blank, lines are broken."""
    return binascii.a2b_base64(value.translate(_BLANK_TO_PLUS, b"\r\n"), strict_mode=True)
