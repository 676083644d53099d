"""Whether key and IV have the documented lengths, and whether the key is one's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

from verikit.contract import load_contract
from verikit.doctor.finding import Finding, State

SCHEME = load_contract().encryption


def secrets() -> Iterator[Finding]:
    """The key, then the IV."""
    yield _judged("key", SCHEME.key_variable, SCHEME.key_characters, SCHEME.default_key)
    yield _judged("IV", SCHEME.iv_variable, SCHEME.iv_characters, SCHEME.default_iv)


def _judged(check: str, variable: str, length: int, default: str) -> Finding:
    secret = os.environ.get(variable, default)
    advice = f"set {variable} to {length} characters of ASCII, for the server and its clients alike"
    if len(secret.encode()) != length:
        found = f"{variable} has {len(secret.encode())} bytes"
        return Finding(check=check, state=State.WRONG, found=found, advice=advice)
    if secret != default:
        return Finding(check=check, found=f"your own, of {length} characters")
    if variable != SCHEME.key_variable:
        return Finding(check=check, found="the documented default")
    return Finding(
        check=check,
        state=State.NOTE,
        found="the documented default, which everybody knows",
        advice=f"before other machines can reach the server, {advice}",
    )
