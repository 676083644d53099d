"""What is known of a server beyond the page: its photo standards and its readings.

A profile is a YAML file; every key may be left out::

    photo_standards:            # the keys of x-photo-standards in openapi.yaml
      formats: [JPEG, PNG]
      side_px: {minimum: 64, maximum: 3000}
      file_bytes: {maximum: 4000000}
      body_bytes: {maximum: 12000000}
    statuses: {INVALID_ARGUMENT: 400, DETECTION_FAILED: 422}   # or: contract
    readings: contract          # where the page is silent, hold the server to openapi.yaml
    deviations:                 # known and lasting; a failure becomes a warning
      case-id: why it deviates

The name ``reference`` stands for the contract's own standards, statuses and readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from verikit.contract import ContractError, PhotoStandards, load_contract
from verikit.errors import WrongUse

REFERENCE = "reference"
CONTRACT = "contract"
_KEYS = {"photo_standards", "statuses", "readings", "deviations"}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """``standards`` None: unknown. ``statuses`` empty: any documented one from 400 up is right.

    ``readings``: what openapi.yaml says where the page is silent binds this server too.
    """

    name: str = ""
    standards: PhotoStandards | None = None
    statuses: Mapping[str, int] = field(default_factory=dict)
    readings: bool = False
    deviations: Mapping[str, str] = field(default_factory=dict)


def load_profile(name: str | None) -> Profile:
    """No profile, the contract's own (``reference``), or one from a file.

    Raises:
        WrongUse: the file cannot be read or says what no profile can say.
    """
    if name is None:
        return Profile()
    if name == REFERENCE:
        return Profile(
            name=REFERENCE,
            standards=load_contract().photo_standards,
            statuses=_contract_statuses(),
            readings=True,
        )
    try:
        entry = yaml.safe_load(Path(name).read_text(encoding="utf-8")) or {}
        return _read(name, entry)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ContractError) as error:
        raise WrongUse(f"The profile {name} cannot be used: {error}") from error


def _read(name: str, entry: Any) -> Profile:
    if not isinstance(entry, dict) or (unknown := set(entry) - _KEYS):
        what = ", ".join(sorted(map(str, unknown))) if isinstance(entry, dict) else "no mapping"
        raise WrongUse(f"The profile {name} has keys that no profile has: {what}")
    readings = entry.get("readings")
    if readings not in (None, CONTRACT):
        raise WrongUse(f"The profile {name}: readings can only be {CONTRACT!r} or left out")
    standards = entry.get("photo_standards")
    return Profile(
        name=name,
        standards=None if standards is None else PhotoStandards.from_mapping(standards),
        statuses=_statuses(name, entry.get("statuses", {})),
        readings=readings == CONTRACT,
        deviations=dict(entry.get("deviations") or {}),
    )


def _statuses(name: str, entry: Any) -> Mapping[str, int]:
    if entry == CONTRACT:
        return _contract_statuses()
    codes = load_contract().codes
    if not isinstance(entry, dict) or not all(
        code in codes and isinstance(status, int) for code, status in entry.items()
    ):
        raise WrongUse(
            f"The profile {name}: statuses pairs names like {next(iter(codes))} with 400"
        )
    return entry


def _contract_statuses() -> dict[str, int]:
    return {name: entry.status for name, entry in load_contract().codes.items()}
