"""AES-GCM as the contract documents it, and the ways a ciphertext can be wrong."""

from __future__ import annotations

from conformance.requests.recipe import Encryption
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets


def encrypt(plain: bytes, secrets: Secrets, how: Encryption | None = None) -> bytes:
    """Ciphertext followed by the tag, encrypted and then damaged as ``how`` says."""
    how = how or Encryption()
    if how.off:
        return plain
    key = _other(secrets.key) if how.key == "wrong" else secrets.key
    iv = _other(secrets.iv) if how.iv == "wrong" else secrets.iv
    encrypted = Secrets(key=key, iv=iv).encrypt(plain)
    return _dropped(_flipped(encrypted, how.flip), how.drop)


def _other(text: str) -> str:
    """Another text of the same length: one character differs."""
    return ("0" if text[0] != "0" else "1") + text[1:]


def _flipped(encrypted: bytes, where: str | None) -> bytes:
    if where is None:
        return encrypted
    tag = load_contract().encryption.tag_bytes
    position = {"first": 0, "middle": (len(encrypted) - tag) // 2, "tag": len(encrypted) - 1}[where]
    damaged = bytearray(encrypted)
    damaged[position] ^= 1
    return bytes(damaged)


def _dropped(encrypted: bytes, what: str | None) -> bytes:
    tag = load_contract().encryption.tag_bytes
    kept = {
        None: slice(None),
        "tag": slice(None, -tag),
        "tag-byte": slice(None, -1),
        "half": slice(None, len(encrypted) // 2),
        "all-but-tag": slice(-tag, None),
    }[what]
    return encrypted[kept]
