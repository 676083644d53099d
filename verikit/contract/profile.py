"""What is known of a server beyond the page: its photo standards, statuses and readings.

A profile is a YAML file that ``check``, ``serve``, ``load`` and ``calibrate`` read; every key may
be left out, and any other is refused::

    photo_standards:            # what is left out is not assumed
      formats: [JPEG, PNG]
      side_px: {minimum: 64, maximum: 3000}
      file_bytes: {minimum: 2048, maximum: 4000000}
      body_bytes: {maximum: 12000000}
    statuses: {INVALID_ARGUMENT: 400, DETECTION_FAILED: 422}   # or: contract
    score_tolerance: 0.001      # how far two scores of one comparison may lie apart
    readings:                   # where the page is silent, hold the server to openapi.yaml:
      body-multipart: contract  # in this, or in everything: ``readings: contract``
    deviations:                 # known and lasting; a failure becomes a warning
      first-exif-*: why it deviates
    known_flaky:                # fails now and then; a warning, unless it fails every time
      concurrent-*: why it does

The name ``reference`` stands for the contract's own standards, statuses and readings. A file that
holds nothing but photo standards, without that key above them, is read as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from verikit.contract.loader import load_contract
from verikit.contract.plain_yaml import read_yaml_file
from verikit.contract.values import PhotoStandards
from verikit.errors import WrongUse, in_words

REFERENCE = "reference"
CONTRACT = "contract"
SCORE_TOLERANCE = 0.005
"""Scores of one comparison may differ this much: arithmetic on a GPU is not exact."""
LIMITS = {
    "side_px": {"minimum": "min_side", "maximum": "max_side"},
    "file_bytes": {"minimum": "min_file_bytes", "maximum": "max_file_bytes"},
    "body_bytes": {"maximum": "max_body_bytes"},
}
_STANDARDS = ("formats", *LIMITS)
_MOST_TOLERANCE = 0.1


@dataclass(frozen=True, kw_only=True)
class Standards:
    """What photos a server takes; sides in pixels, limits inclusive. None: not known."""

    formats: tuple[str, ...] | None = None
    min_side: int | None = None
    max_side: int | None = None
    min_file_bytes: int | None = None
    max_file_bytes: int | None = None
    max_body_bytes: int | None = None

    def filled(self, standards: PhotoStandards) -> PhotoStandards:
        """A copy of the contract's standards with the known values in place of theirs."""
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
    score_tolerance: float = SCORE_TOLERANCE
    flaky: Mapping[str, str] = field(default_factory=dict)

    def binds(self, reading: str) -> bool:
        """Whether the server is held to a reading."""
        return self.readings is None or reading in self.readings


def load_profile(name: str | None) -> Profile:
    """No profile, the contract's own (``reference``), or one from a file.

    Raises:
        WrongUse: the file cannot be read, or a key or value is invalid.
    """
    return profile_of(name or "", profile_content(name))


def profile_content(name: str | None) -> Mapping[str, Any]:
    """What a profile says, as plain data: for :func:`profile_of`, here or in another process.

    Raises:
        WrongUse: the file cannot be read.
    """
    if name is None:
        return {}
    if name == REFERENCE:
        return _contract_content()
    try:
        entry = read_yaml_file(Path(name))
        entry = {} if entry is None else entry
        _demand_keys(entry, (*_READERS, *_STANDARDS), "a profile")
        if "photo_standards" in entry and not entry.keys().isdisjoint(_STANDARDS):
            raise ValueError("limits and formats stand below photo_standards")
    except (OSError, ValueError) as error:
        raise WrongUse(f"The profile {name} cannot be used: {in_words(error)}") from error
    standards = {key: entry.pop(key) for key in _STANDARDS if key in entry}
    return {**entry, "photo_standards": standards} if standards else dict(entry)


def profile_of(name: str, content: Mapping[str, Any]) -> Profile:
    """A profile from plain data.

    Raises:
        WrongUse: a key or value is invalid.
    """
    try:
        _demand_keys(content, _READERS, "a profile")
        found = {
            attribute: read(content[key])
            for key, (attribute, read) in _READERS.items()
            if content.get(key) is not None
        }
    except ValueError as error:
        raise WrongUse(f"The profile {name} cannot be used: {in_words(error)}") from error
    return Profile(name=name, **found)


def _contract_content() -> dict[str, Any]:
    standards = load_contract().photo_standards
    limits = {
        group: {key: getattr(standards, limit, 1) for key, limit in names.items()}
        for group, names in LIMITS.items()
    }
    return {
        "photo_standards": {"formats": list(standards.formats), **limits},
        "statuses": CONTRACT,
        "readings": CONTRACT,
    }


MADE = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")
"""Formats of photos that verikit can make, and whose reading it probes."""
FORMATS = (*MADE, "ICO", "TGA", "HEIC", "HEIF", "JXL")


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
    _demand_keys(entry, _STANDARDS, "photo_standards")
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
        _demand_keys(dict.fromkeys(found["formats"]), FORMATS, "photo_standards: formats")
    return Standards(**found)


def _readings(entry: Any) -> frozenset[str] | None:
    if entry == CONTRACT:
        return None
    if not isinstance(entry, dict) or any(value != CONTRACT for value in entry.values()):
        raise ValueError("readings must be 'contract', or requirement IDs, each with 'contract'")
    return frozenset(entry)


def _reasons(entry: Any) -> Mapping[str, str]:
    if not isinstance(entry, dict) or not all(isinstance(why, str) for why in entry.values()):
        raise ValueError(
            "deviations and known_flaky are case ids (* and ? are wildcards), each with a reason"
        )
    return entry


def _tolerance(entry: Any) -> float:
    if type(entry) not in (int, float) or not 0 <= entry <= _MOST_TOLERANCE:
        raise ValueError(f"score_tolerance is a number from 0 to {_MOST_TOLERANCE}")
    return float(entry)


def _statuses(entry: Any) -> Mapping[str, int]:
    if entry == CONTRACT:
        return _contract_statuses()
    _demand_keys(entry, tuple(load_contract().codes), "statuses")
    if not all(type(status) is int and 400 <= status <= 599 for status in entry.values()):
        raise ValueError("statuses must map names of codes to error statuses, such as 400")
    return dict(entry)


def _contract_statuses() -> dict[str, int]:
    return {name: entry.status for name, entry in load_contract().codes.items()}


_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "photo_standards": ("standards", _standards),
    "statuses": ("statuses", _statuses),
    "score_tolerance": ("score_tolerance", _tolerance),
    "readings": ("readings", _readings),
    "deviations": ("deviations", _reasons),
    "known_flaky": ("flaky", _reasons),
}
"""Key in a file -> attribute of a profile, and what reads the value."""
