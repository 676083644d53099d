"""The facts of the contract, as small frozen values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verikit.errors import ContractError, SecretError


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One field of the request form."""

    name: str
    type: str
    required: bool
    default: bool | None
    heading: str


@dataclass(frozen=True, kw_only=True)
class SystemCode:
    """A documented system code: number, message, HTTP status, and a sentence of description."""

    name: str
    code: int
    message: str
    description: str
    status: int


@dataclass(frozen=True, kw_only=True)
class HttpStatus:
    """A documented HTTP status and its reason, such as BAD_REQUEST."""

    status: int
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """How a photo is encrypted; lengths in characters for key and IV, in bytes for the tag."""

    cipher: str
    tag_bytes: int
    key_characters: int
    key_variable: str
    default_key: str
    iv_characters: int
    iv_variable: str
    default_iv: str


@dataclass(frozen=True)
class ErrorRates:
    """The table threshold -> false match rate, and the curve through its rows.

    Between the rows the logarithm of the rate is interpolated linearly, beyond them it is
    extrapolated: for the documented table that is 10 ** -(10 * threshold - 3).
    """

    rows: tuple[tuple[float, float], ...]
    recommended_above: float

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The documented thresholds, ascending."""
        return tuple(threshold for threshold, _ in self.rows)

    def rate_at(self, threshold: float) -> float:
        """The false match rate claimed at a threshold (not clipped to 1)."""
        points = [(t, math.log10(rate)) for t, rate in self.rows]
        return float(10 ** _interpolate(points, threshold))

    def threshold_at(self, log10_rate: float) -> float:
        """The threshold at which the claimed false match rate is ``10 ** log10_rate``."""
        return _interpolate([(math.log10(rate), t) for t, rate in reversed(self.rows)], log10_rate)


def _interpolate(points: list[tuple[float, float]], x: float) -> float:
    """Piecewise linear interpolation through points of ascending x, extrapolated at the ends."""
    piece = 0
    while piece < len(points) - 2 and x > points[piece + 1][0]:
        piece += 1
    (x0, y0), (x1, y1) = points[piece : piece + 2]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


@dataclass(frozen=True, kw_only=True)
class PhotoStandards:
    """The requirements on photos; sides in pixels, sizes in bytes, limits inclusive."""

    formats: tuple[str, ...]
    min_side: int
    max_side: int
    max_file_bytes: int
    max_body_bytes: int

    @classmethod
    def from_mapping(cls, entry: Mapping[str, Any]) -> PhotoStandards:
        """Read the keys of ``x-photo-standards``.

        Raises:
            ContractError: a key is missing, or a limit is not a positive integer.
        """
        try:
            return cls(
                formats=tuple(str(name).upper() for name in entry["formats"]),
                min_side=entry["side_px"]["minimum"],
                max_side=entry["side_px"]["maximum"],
                max_file_bytes=entry["file_bytes"]["maximum"],
                max_body_bytes=entry["body_bytes"]["maximum"],
            )
        except (KeyError, TypeError) as error:
            raise ContractError(f"photo standards: {error} is missing or malformed") from error

    def __post_init__(self) -> None:
        for name in ("min_side", "max_side", "max_file_bytes", "max_body_bytes"):
            limit = getattr(self, name)
            if type(limit) is not int or limit < 1:
                raise ContractError(f"photo standards: {name} must be a positive integer")
        if self.min_side > self.max_side:
            raise ContractError("photo standards: the smallest side is above the largest")
        if not self.formats:
            raise ContractError("photo standards: formats must name at least one format")


def check_secret(name: str, secret: str | bytes, length: int) -> None:
    """Check a key or an IV; the error begins with its ``name``.

    Strings of the environment may contain undecodable bytes (PEP 383).

    Raises:
        SecretError: it is not ``length`` ASCII characters.
    """
    content = secret.encode(errors="surrogateescape") if isinstance(secret, str) else secret
    if len(content) != length or not content.isascii() or b"\0" in content:
        found = f"{len(content)} bytes" if content.isascii() else "others"
        found = "zeros" if b"\0" in content else found  # an empty disk block is no secret
        raise SecretError(f"{name} must be {length} ASCII characters, but has {found}.")
