"""What is judged: the counts, where they come from, and under which conditions they were made."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from calibration.counting.comparisons import Measurement
from calibration.executors import Workers
from calibration.files import file_digest
from calibration.judging import RunConditions
from calibration.sources import all_pairs, tiles
from calibration.sources.photos import Photos
from calibration.sources.scores import count_scores
from calibration.sources.templates import load
from verikit.contract import Contract

_LIBRARIES = ("verikit", "numpy", "scipy", "pyarrow")


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """``axis`` names what thresholds are on; ``in_random_order`` allows a sequential trace."""

    title: str
    measurement: Measurement
    conditions: RunConditions
    provenance: Mapping[str, str]
    axis: str = "score"
    in_random_order: bool = False
    at_any_time: bool = False
    photos: Photos | None = field(default=None, repr=False)


def new_measurement(contract: Contract) -> Measurement:
    """An empty measurement of scores at the documented thresholds."""
    return Measurement(contract.error_rates.thresholds, contract.codes["DETECTION_FAILED"].code)


def versions() -> dict[str, str]:
    """The versions that the numbers depend on."""
    installed = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    return {"versions": f"{installed}, Python {platform.python_version()}"}


def from_scores(path: Path, contract: Contract, up_to: float) -> Evaluation:
    """An evaluation from a file of scores."""
    measurement = new_measurement(contract)
    count_scores(path, measurement)
    return Evaluation(
        title=path.name,
        measurement=measurement,
        conditions=RunConditions(up_to=up_to),
        provenance={"scores": str(path), "SHA-256": file_digest(path)} | versions(),
    )


def from_templates(  # noqa: PLR0913, PLR0917 - one more than elsewhere: who counts
    path: Path,
    contract: Contract,
    thresholds: tuple[float, ...],
    up_to: float,
    tell: Callable[[int, int], None],
    workers: Workers | None = None,
) -> Evaluation:
    """An evaluation from all pairs of templates; thresholds are similarities.

    ``workers`` counts them, if there is one; else this process does.
    """
    templates = load(path)
    low, high = templates.range
    no_face = contract.codes["DETECTION_FAILED"].code
    measurement = Measurement(thresholds, no_face, low=low, high=high)
    if workers:
        axis = thresholds, low, high
        work = tiles.Work(path=path.resolve(), digest=file_digest(path), axis=axis)
        tiles.measure(work, templates, measurement, workers, tell)
    else:
        all_pairs.measure(templates, measurement, tell)
    return Evaluation(
        title=path.name,
        measurement=measurement,
        conditions=RunConditions(up_to=up_to, known_direction=True),
        provenance={"templates": str(path), "SHA-256": file_digest(path)} | versions(),
        axis="similarity",
    )
