"""Subjects from scores or templates that are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from calibration import all_pairs, bands, score_files
from calibration.fan_out import Crew
from calibration.judging import Circumstances
from calibration.measurement import Measurement
from calibration.subject import Subject, file_digest, new_measurement, versions
from calibration.templates import load
from verikit.contract import Contract


def from_scores(path: Path, contract: Contract, up_to: float) -> Subject:
    """A subject from a file of scores."""
    measurement = new_measurement(contract)
    score_files.measure(path, measurement)
    return Subject(
        title=path.name,
        measurement=measurement,
        circumstances=Circumstances(up_to=up_to),
        provenance={"scores": str(path), "SHA-256": file_digest(path)} | versions(),
    )


def from_templates(  # noqa: PLR0913, PLR0917 - one more than elsewhere: who counts
    path: Path,
    contract: Contract,
    thresholds: tuple[float, ...],
    up_to: float,
    tell: Callable[[int, int], None],
    crew: Crew | None = None,
) -> Subject:
    """A subject from all pairs of templates; thresholds are similarities.

    ``crew`` counts them, if there is one; else this process does.
    """
    templates = load(path)
    low, high = templates.range
    no_face = contract.codes["DETECTION_FAILED"].code
    measurement = Measurement(thresholds, no_face, low=low, high=high)
    if crew:
        axis = thresholds, low, high
        work = bands.Work(path=path.resolve(), digest=file_digest(path), axis=axis)
        bands.measure(work, templates, measurement, crew, tell)
    else:
        all_pairs.measure(templates, measurement, tell)
    return Subject(
        title=path.name,
        measurement=measurement,
        circumstances=Circumstances(up_to=up_to),
        provenance={"templates": str(path), "SHA-256": file_digest(path)} | versions(),
        axis="similarity",
    )
