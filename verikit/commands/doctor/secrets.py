"""Checks the lengths of key and IV, and whether the key is the default."""

from __future__ import annotations

import os
from collections.abc import Iterator

from verikit.commands.doctor.finding import Finding, State
from verikit.contract import load_contract
from verikit.contract.values import check_secret
from verikit.errors import SecretError
from verikit.options import GivenSecrets

SCHEME = load_contract().encryption


def secrets(given: GivenSecrets) -> Iterator[Finding]:
    """The key, then the IV; what files gave stands before the environment."""
    key, iv = given.get("key"), given.get("iv")
    yield _judged("key", key, SCHEME.key_variable, SCHEME.key_characters, SCHEME.default_key)
    yield _judged("IV", iv, SCHEME.iv_variable, SCHEME.iv_characters, SCHEME.default_iv)


def _judged(check: str, given: str | None, variable: str, length: int, default: str) -> Finding:
    secret = os.environ.get(variable, default) if given is None else given
    advice = f"set {variable} to {length} ASCII characters, for the server and its clients"
    try:
        check_secret(variable, secret, length)
    except SecretError as error:
        return Finding(check=check, state=State.WRONG, found=str(error), advice=advice)
    if secret != default:
        return Finding(check=check, found=f"your own, {length} characters")
    if variable != SCHEME.key_variable:
        return Finding(check=check, found="the documented default")
    return Finding(
        check=check,
        state=State.NOTE,
        found="the documented default, which is public",
        advice=f"before other machines can reach the server, {advice}",
    )
