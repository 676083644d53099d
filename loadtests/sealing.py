"""Seals photos with the key and the IV of the deployment."""

from __future__ import annotations

from contract.errors import SecretError
from contract.sealing import Secrets
from loadtests.errors import WrongUseError


def secrets() -> Secrets:
    """Those of the environment, else the documented defaults.

    Raises:
        WrongUseError: one of them has not the documented length.
    """
    try:
        return Secrets.of()
    except SecretError as error:
        raise WrongUseError(str(error)) from None
