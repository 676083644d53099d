"""AES-GCM as the contract documents it, and the ways a ciphertext can be wrong."""

from __future__ import annotations

from conformance.recipe import Seal
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets


def seal(plain: bytes, secrets: Secrets, how: Seal | None = None) -> bytes:
    """Ciphertext followed by the tag, sealed and then damaged as ``how`` says."""
    how = how or Seal()
    if how.off:
        return plain
    key = _other(secrets.key) if how.key == "wrong" else secrets.key
    iv = _other(secrets.iv) if how.iv == "wrong" else secrets.iv
    sealed = Secrets(key=key, iv=iv).encrypt(plain)
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
