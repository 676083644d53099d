"""AES-GCM as the contract documents it, and the ways a ciphertext can be wrong."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conformance.errors import WrongUse
from conformance.recipe import Seal
from contract import load_contract


@dataclass(frozen=True, kw_only=True, repr=False)
class Secrets:
    """The key and the IV as the server knows them, as text."""

    key: str
    iv: str

    @classmethod
    def of(cls, key: str | None = None, iv: str | None = None) -> Secrets:
        """The documented defaults, unless given.

        Raises:
            WrongUse: a key or IV of another length than the documented one.
        """
        scheme = load_contract().encryption
        secrets = cls(key=key or scheme.default_key, iv=iv or scheme.default_iv)
        for name, value, size in (
            ("key", secrets.key, scheme.key_characters),
            ("IV", secrets.iv, scheme.iv_characters),
        ):
            if len(value.encode()) != size:
                raise WrongUse(f"The {name} must have {size} characters, this has {len(value)}.")
        return secrets


def seal(plain: bytes, secrets: Secrets, how: Seal | None = None) -> bytes:
    """Ciphertext followed by the tag, sealed and then damaged as ``how`` says."""
    how = how or Seal()
    if how.off:
        return plain
    key = _other(secrets.key) if how.key == "wrong" else secrets.key
    iv = _other(secrets.iv) if how.iv == "wrong" else secrets.iv
    sealed = AESGCM(key.encode()).encrypt(iv.encode(), plain, None)
    return _dropped(_flipped(sealed, how.flip), how.drop)


def _other(text: str) -> str:
    """Another text of the same length: one character differs."""
    return ("0" if text[0] != "0" else "1") + text[1:]


def _flipped(sealed: bytes, where: str | None) -> bytes:
    if where is None:
        return sealed
    tag = load_contract().encryption.tag_bytes
    position = {"first": 0, "middle": (len(sealed) - tag) // 2, "tag": len(sealed) - 1}[where]
    damaged = bytearray(sealed)
    damaged[position] ^= 1
    return bytes(damaged)


def _dropped(sealed: bytes, what: str | None) -> bytes:
    tag = load_contract().encryption.tag_bytes
    kept = {
        None: slice(None),
        "tag": slice(None, -tag),
        "tag-byte": slice(None, -1),
        "half": slice(None, len(sealed) // 2),
        "all-but-tag": slice(-tag, None),
    }[what]
    return sealed[kept]
