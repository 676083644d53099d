"""Required rates: what a buyer or a standard demands at a threshold, judged row by row.

A required rate is a limit, so it has no tolerance: a row PASSes when its rate is shown to be at
most the limit and FAILs when it is shown to be above it. Rates (ISO/IEC 19795-1): FMR, FNMR among
completed comparisons, GFRR (false non-matches and refused, among attempted mated comparisons), FTA
(photos in which no face was found, among photos tried). A differential is the highest rate of a
group divided by the lowest (ISO/IEC 19795-10).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from verikit.contract.plain_yaml import read_yaml_file
from verikit.errors import WrongUse, in_words
from verikit.foreign_files import MALFORMED

MEASURES = {
    "fmr": "FMR",
    "fnmr": "FNMR",
    "gfrr": "GFRR",
    "fta": "FTA",
    "fmr-differential": "FMR differential",
    "fnmr-differential": "FNMR differential",
}
_TEXT = re.compile(
    r"(?:(f(?:n?)mr(?:-differential)?|gfrr)@([\d.]+)|(fta))<=([\d.e/%-]+)",
    re.I,
)
_FOLDER = Path(__file__).resolve().parents[1] / "standards"


def rate_of(text: str) -> float:
    """Parse a rate: 1e-4, 0.01% or 1/10000.

    Raises:
        ValueError: it is no number.
    """
    above, _, below = text.strip().removesuffix("%").partition("/")
    try:
        return float(above) / float(below or 1) / (100 if text.endswith("%") else 1)
    except ZeroDivisionError as error:
        raise ValueError(text) from error


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A rate that must be at most ``limit`` at a ``threshold``; FTA has no threshold.

    The limit of a differential is the highest rate of a group divided by the lowest.
    """

    measure: str
    threshold: float | None
    limit: float

    @classmethod
    def of(cls, text: str) -> Requirement:
        """Parse a requirement: ``fnmr@0.7<=0.01``, ``fta<=0.05`` or ``fmr-differential@0.7<=3``.

        Raises:
            WrongUse: it is written otherwise, or the limit is no rate between 0 and 1, or no ratio
                above 1.
        """
        found = _TEXT.fullmatch(text.replace(" ", ""))
        try:
            limit = rate_of(found[4]) if found else math.nan
            threshold = float(found[2]) if found and found[2] else None
        except ValueError:
            limit = math.nan
        if limit == 0:
            raise WrongUse(f"{text!r}: no number of comparisons shows a rate of 0; allow some.")
        measure = (found[1] or found[3]).lower() if found else ""
        ratio = measure.endswith("-differential")
        if found is None or not (1 < limit < math.inf if ratio else 0 < limit < 1):
            raise WrongUse(
                f"{text!r} is not a requirement: write it like fnmr@0.7<=0.01, fmr@0.7<=1e-4, "
                "gfrr@0.7<=0.03, fta<=0.05 or fmr-differential@0.7<=3 (the highest rate of a group "
                "divided by the lowest)."
            )
        return cls(measure=measure, threshold=threshold, limit=limit)

    @property
    def between_groups(self) -> bool:
        """Whether it compares the rates of groups."""
        return self.measure.endswith("-differential")

    @property
    def of_mated(self) -> bool:
        """Whether mated comparisons are the evidence for it."""
        return self.measure.startswith(("fnmr", "gfrr"))

    @property
    def of_refusals(self) -> bool:
        """Whether it needs a source that tells refusals."""
        return self.measure in {"fta", "gfrr"}

    def row(self, thresholds: tuple[float, ...]) -> int:
        """The index of its threshold among ``thresholds``, as published.

        Raises:
            WrongUse: it is none of them.
        """
        if self.threshold not in thresholds:
            rows = ", ".join(f"{threshold:.12g}" for threshold in thresholds)
            raise WrongUse(f"{self}: only the rows at {rows} are counted.")
        return thresholds.index(self.threshold)

    def __str__(self) -> str:
        at = "" if self.threshold is None else f" at {self.threshold:.12g}"
        return f"{MEASURES[self.measure]}{at} at most {self.limit:g}"


@dataclass(frozen=True, kw_only=True)
class Standard:
    """A set of requirements, its source, and what of it verikit does not verify."""

    title: str
    requirements: tuple[Requirement, ...]
    source: str = ""
    date: str = ""
    about: str = ""
    not_verified: tuple[str, ...] = ()
    confidence: float = 0.95


def standard_names() -> list[str]:
    """The names of the shipped standards."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_standard(name: str) -> Standard:
    """Load a standard by its name, or from a YAML file.

    Raises:
        WrongUse: there is none, or it lacks something.
    """
    path = _FOLDER / f"{name}.yaml" if name in standard_names() else Path(name)
    try:
        entry = read_yaml_file(path)
        threshold = entry.get("threshold", "")
        if not isinstance(entry["require"], list):
            raise ValueError("require is a list of rates, such as [fmr@0.7<=1e-3]")
        texts = [text.format(threshold=threshold) for text in entry["require"]]
        standard = Standard(
            title=str(entry["title"]),
            source=str(entry["source"]),
            date=str(entry["date"]),
            about=str(entry.get("about", "")),
            not_verified=tuple(map(str, entry.get("not_verified", ()))),
            confidence=float(entry.get("confidence", 0.95)),
            requirements=tuple(map(Requirement.of, texts)),
        )
    except OSError as error:
        raise WrongUse(
            f"There is no standard {name!r}: name one of {', '.join(standard_names())}, or a file."
        ) from error
    except MALFORMED as error:
        raise WrongUse(
            f"{path} is not a standard: it needs title, source, date and require "
            f"({in_words(error)})."
        ) from error
    if not (standard.requirements and 0.5 < standard.confidence < 1):
        raise WrongUse(
            f"{path} needs at least one requirement, and a confidence between 0.5 and 1."
        )
    return standard


def chosen(name: str | None, texts: Sequence[str], confidence: float) -> Standard | None:
    """What a user requires: a standard, further rates, both, or None for nothing."""
    further = tuple(dict.fromkeys(map(Requirement.of, texts)))
    if name is None:
        title = "as asked for"
        own = Standard(title=title, requirements=further, confidence=confidence)
        return own if further else None
    standard = load_standard(name)
    both = dict.fromkeys((*standard.requirements, *further))
    return replace(standard, requirements=tuple(both))
