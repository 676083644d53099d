"""What is judged: the counts, and where they come from."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from calibration.judging import Circumstances
from calibration.measurement import Measurement
from calibration.photos import Photos
from verikit.contract import Contract

_LIBRARIES = ("verikit", "numpy", "scipy", "pyarrow", "httpx")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """``axis`` names what thresholds are on; ``in_random_order`` allows a sequential trace."""

    title: str
    measurement: Measurement
    circumstances: Circumstances
    provenance: Mapping[str, str]
    axis: str = "score"
    in_random_order: bool = False
    at_any_time: bool = False
    photos: Photos | None = field(default=None, repr=False)


def new_measurement(contract: Contract) -> Measurement:
    """An empty measurement of scores at the documented thresholds."""
    return Measurement(contract.error_rates.thresholds, contract.codes["DETECTION_FAILED"].code)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """The versions that the numbers depend on."""
    installed = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    return {"versions": f"{installed}, Python {platform.python_version()}"}
