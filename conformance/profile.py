"""What is known of a server beyond the page: its photo standards, statuses and readings.

A profile is a YAML file; every key may be left out::

    photo_standards:            # what is left out is not assumed
      formats: [JPEG, PNG]
      side_px: {minimum: 64, maximum: 3000}
      file_bytes: {minimum: 2048, maximum: 4000000}
      body_bytes: {maximum: 12000000}
    statuses: {INVALID_ARGUMENT: 400, DETECTION_FAILED: 422}   # or: contract
    readings:                   # where the page is silent, hold the server to openapi.yaml:
      body-multipart: contract  # in this, or in everything: ``readings: contract``
    deviations:                 # known and lasting; a failure becomes a warning
      first-exif-*: why it deviates

The name ``reference`` stands for the contract's own standards, statuses and readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from verikit.contract import PhotoStandards, load_contract
from verikit.contract.plain_yaml import read_yaml
from verikit.errors import WrongUse

REFERENCE = "reference"
CONTRACT = "contract"
_KEYS = ("photo_standards", "statuses", "readings", "deviations")
LIMITS = {
    "side_px": {"minimum": "min_side", "maximum": "max_side"},
    "file_bytes": {"minimum": "min_file_bytes", "maximum": "max_file_bytes"},
    "body_bytes": {"maximum": "max_body_bytes"},
}


@dataclass(frozen=True, kw_only=True)
class Standards:
    """What photos a server takes; sides in pixels, limits inclusive. None: not known."""

    formats: tuple[str, ...] | None = None
    min_side: int | None = None
    max_side: int | None = None
    min_file_bytes: int | None = None
    max_file_bytes: int | None = None
    max_body_bytes: int | None = None

    @classmethod
    def of(cls, standards: PhotoStandards) -> Standards:
        """Those of the contract, which know no least file size."""
        names = {entry.name for entry in fields(cls)} - {"min_file_bytes"}
        return cls(min_file_bytes=1, **{name: getattr(standards, name) for name in names})

    def filled(self, standards: PhotoStandards) -> PhotoStandards:
        """Others with what is known here in its place."""
        names = [entry.name for entry in fields(standards)]
        known = {n: getattr(self, n) for n in names if getattr(self, n) is not None}
        return replace(standards, **known)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """``statuses`` empty: any documented one from 400 up is right.

    ``readings``: the requirements beyond the page that bind this server too; None: all of them.
    """

    name: str = ""
    standards: Standards = field(default_factory=Standards)
    statuses: Mapping[str, int] = field(default_factory=dict)
    readings: frozenset[str] | None = frozenset()
    deviations: Mapping[str, str] = field(default_factory=dict)

    def binds(self, reading: str) -> bool:
        """Whether the server is held to a reading."""
        return self.readings is None or reading in self.readings


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
            standards=Standards.of(load_contract().photo_standards),
            statuses=_contract_statuses(),
            readings=None,
        )
    try:
        entry = read_yaml(Path(name).read_text(encoding="utf-8")) or {}
        return _read(name, entry)
    except (OSError, ValueError) as error:
        raise WrongUse(f"The profile {name} cannot be used: {error}") from error


def _read(name: str, entry: Any) -> Profile:
    _demand_keys(entry, _KEYS, "a profile")
    return Profile(
        name=name,
        standards=_standards(entry.get("photo_standards") or {}),
        statuses=_statuses(entry.get("statuses") or {}),
        readings=_readings(entry.get("readings") or {}),
        deviations=_deviations(entry.get("deviations") or {}),
    )


def _demand_keys(entry: Any, known: Mapping[str, Any] | tuple[str, ...], where: str) -> None:
    """Raises ValueError for what is no mapping, or has a key that nobody reads."""
    if not isinstance(entry, dict):
        raise ValueError(f"{where} must be a mapping, not {entry!r}")
    for key in entry:
        if key not in known:
            near = get_close_matches(str(key), list(known), 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
            raise ValueError(f"{where} has no {key!r}: {hint}")


def _standards(entry: Any) -> Standards:
    _demand_keys(entry, ("formats", *LIMITS), "photo_standards")
    found: dict[str, Any] = {}
    for group, limits in LIMITS.items():
        _demand_keys(entry.get(group, {}), limits, f"photo_standards: {group}")
        found |= {limits[key]: value for key, value in entry.get(group, {}).items()}
    for limit, value in found.items():
        if type(value) is not int or value < 1:
            raise ValueError(f"photo_standards: {limit} must be a positive integer")
    for name in ("side", "file_bytes"):
        if found.get(f"min_{name}", 0) > found.get(f"max_{name}", float("inf")):
            raise ValueError(f"photo_standards: min_{name} is above max_{name}")
    if "formats" in entry:
        formats = entry["formats"]
        if not isinstance(formats, list) or not formats:
            raise ValueError("photo_standards: formats must name at least one format")
        found["formats"] = tuple(str(one).upper() for one in formats)
    return Standards(**found)


def _readings(entry: Any) -> frozenset[str] | None:
    if entry == CONTRACT:
        return None
    if not isinstance(entry, dict) or any(value != CONTRACT for value in entry.values()):
        raise ValueError("readings must be 'contract', or requirement IDs, each with 'contract'")
    return frozenset(entry)


def _deviations(entry: Any) -> Mapping[str, str]:
    if not isinstance(entry, dict) or not all(isinstance(why, str) for why in entry.values()):
        raise ValueError("deviations must be case IDs (* and ? are wildcards), each with a reason")
    return entry


def _statuses(entry: Any) -> Mapping[str, int]:
    if entry == CONTRACT:
        return _contract_statuses()
    _demand_keys(entry, tuple(load_contract().codes), "statuses")
    if not all(type(status) is int and 400 <= status <= 599 for status in entry.values()):
        raise ValueError("statuses must map names of codes to error statuses, such as 400")
    return dict(entry)


def _contract_statuses() -> dict[str, int]:
    return {name: entry.status for name, entry in load_contract().codes.items()}
