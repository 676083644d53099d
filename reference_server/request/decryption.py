"""Decrypts photos: Base64, then AES-256-GCM with the tag after the ciphertext."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reference_server.refusals import InvalidArgument
from reference_server.settings import Settings
from verikit.contract import load_contract
from verikit.contract.encryption import from_base64

CIPHERS = {"AES-256-GCM": AESGCM}


def decrypter(settings: Settings) -> Callable[[str, bytes], bytes]:
    """A function from a parameter's name and value to the photo file it holds.

    It raises InvalidArgument when the value is no strict Base64 or does not decrypt.
    """
    kind = CIPHERS[load_contract().encryption.cipher]
    ciphers = [(kind(key), iv) for key, iv in settings.pairs]

    def decrypt(name: str, value: bytes) -> bytes:
        try:
            ciphertext = from_base64(value)
        except ValueError:
            raise InvalidArgument(f"{name} is not Base64") from None
        for cipher, iv in ciphers:
            with suppress(InvalidTag, ValueError):
                return cipher.decrypt(iv, ciphertext, None)
        raise InvalidArgument(f"{name} does not decrypt")

    return decrypt
