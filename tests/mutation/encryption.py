"""Opening and closing ciphertext photos, with and without a look at the tag."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from verikit.contract import load_contract
from verikit.contract.encryption import from_base64

TAG = load_contract().encryption.tag_bytes


@dataclass(frozen=True)
class PhotoCipher:
    """AES-GCM with one key and one IV."""

    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    def decrypted(self, ciphertext: bytes) -> bytes | None:
        """The file, or None where the tag does not fit."""
        try:
            return AESGCM(self.key).decrypt(self.iv, ciphertext, None)
        except (InvalidTag, ValueError):
            return None

    def deciphered(self, ciphertext: bytes) -> bytes:
        """The plaintext, whatever it is: there is no tag to look at."""
        return Cipher(AES(self.key), GCM(self.iv)).decryptor().update(ciphertext)

    def encrypted(self, file: bytes) -> bytes:
        """The file encrypted as documented."""
        return AESGCM(self.key).encrypt(self.iv, file, None)

    @staticmethod
    def from_base64(text: bytes) -> bytes | None:
        """The bytes, or None where the reference would not read them."""
        try:
            return from_base64(text)
        except ValueError:
            return None

    @staticmethod
    def to_base64(data: bytes) -> bytes:
        return base64.b64encode(data)
