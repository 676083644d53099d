"""AES-GCM as documented, and the ways in which a ciphertext can be wrong."""

from __future__ import annotations

from conformance.requests.recipe import Encryption
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets

_SCHEME = load_contract().encryption


def encrypt(plain: bytes, secrets: Secrets, how: Encryption | None = None) -> bytes:
    """The ciphertext and its tag, damaged as ``how`` says."""
    how = how or Encryption()
    if how.off:
        return plain
    keys = {"right": secrets.key, "wrong": _other(secrets.key), "default": _SCHEME.default_key}
    ivs = {"right": secrets.iv, "wrong": _other(secrets.iv), "default": _SCHEME.default_iv}
    encrypted = Secrets(key=keys[how.key], iv=ivs[how.iv]).encrypt(plain)
    return _dropped(_flipped(encrypted, how.flip), how.drop)


def _other(text: str) -> str:
    """Another text of the same length: one character differs."""
    return ("0" if text[0] != "0" else "1") + text[1:]


def _flipped(encrypted: bytes, where: str | None) -> bytes:
    if where is None:
        return encrypted
    tag = len(encrypted) - _SCHEME.tag_bytes
    places = {"first": 0, "middle": tag // 2, "tag-start": tag, "tag": len(encrypted) - 1}
    if where == "tag-reversed":
        return encrypted[:tag] + encrypted[tag:][::-1]
    damaged = bytearray(encrypted)
    damaged[places[where]] ^= 1
    return bytes(damaged)


def _dropped(encrypted: bytes, what: str | None) -> bytes:
    tag = _SCHEME.tag_bytes
    kept = {
        None: slice(None),
        "tag": slice(None, -tag),
        "tag-byte": slice(None, -1),
        "half": slice(None, len(encrypted) // 2),
        "all-but-tag": slice(-tag, None),
    }[what]
    return encrypted[kept]
