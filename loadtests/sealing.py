"""Seals a photo as the contract documents it: AES-256-GCM, tag appended, Base64."""

from __future__ import annotations

import base64
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contract import Encryption
from loadtests.errors import WrongUseError


class Sealer:
    """Seals with the key and IV of the deployment: from the environment, else the defaults."""

    def __init__(self, encryption: Encryption) -> None:
        key = os.environ.get(encryption.key_variable, encryption.default_key)
        iv = os.environ.get(encryption.iv_variable, encryption.default_iv)
        if (len(key), len(iv)) != (encryption.key_characters, encryption.iv_characters):
            raise WrongUseError(
                f"{encryption.key_variable} must have {encryption.key_characters} characters and "
                f"{encryption.iv_variable} {encryption.iv_characters}"
            )
        self._cipher, self._iv = AESGCM(key.encode()), iv.encode()

    def seal(self, photo: bytes) -> str:
        """The text that goes into the form."""
        return base64.b64encode(self._cipher.encrypt(self._iv, photo, None)).decode()
