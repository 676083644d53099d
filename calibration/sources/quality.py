"""The quality of photos, from a table: photo and quality, or what OFIQ writes.

OFIQ (the reference implementation of ISO/IEC 29794-5) writes ``Filename;...;NAME.scalar;...`` with
a semicolon behind the last name of the heading but not behind the rows; a scalar is 0 to 100, or -1
where there is none, and the fields of a photo that it cannot read are empty.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from calibration.counting.naming import normal
from verikit.errors import WrongUse, in_words
from verikit.foreign_files import LARGEST_DATA, read_text
from verikit.foreign_text import shown

_PHOTO = ("photo", "filename")
_QUALITY = ("quality", "unifiedqualityscore.scalar")
_NONE = ("", "na", "n/a", "nan", "none", "null", "-")


@dataclass(frozen=True, kw_only=True)
class PhotoQualities:
    """The quality of photos by name, higher is better; ``column`` is what the file calls it.

    A photo may stand in the table with folders above its name here.
    """

    source: str
    column: str
    by_name: Mapping[str, float]
    by_end: Mapping[str, float | None]

    def of(self, name: str) -> float:
        """The quality of a photo; NaN if the table has none, or several, under this name."""
        found = self.by_name.get(name, self.by_end.get(name))
        return math.nan if found is None else found


def photo_qualities(path: Path) -> PhotoQualities:
    """Read a table of qualities.

    Raises:
        WrongUse: it is no such table, or gives a photo two qualities.
    """
    try:
        lines = read_text(path, LARGEST_DATA).splitlines()
        marks = ";,\t"
        mark = max(marks, key=lines[0].count) if lines else ";"
        rows = list(csv.reader(lines, delimiter=mark))
    except (OSError, ValueError, csv.Error) as error:
        raise WrongUse(f"{path} cannot be read: {in_words(error)}") from error
    heading = [name.strip().lower() for name in rows[0]] if rows else []
    places = [
        next((heading.index(name) for name in names if name in heading), -1)
        for names in (_PHOTO, _QUALITY)
    ]
    if -1 in places:
        raise WrongUse(
            f"{path} needs the columns photo and quality, or Filename and "
            f"UnifiedQualityScore.scalar as OFIQ writes them; it has "
            f"{', '.join(shown(name, limit=40) for name in heading[:12]) or 'no heading'}."
        )
    photo, quality = places
    by_name: dict[str, float] = {}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > photo and row[photo].strip():
            value = _value(path, number, row[quality].strip() if len(row) > quality else "")
            name = normal(row[photo])
            if not math.isnan(value) and by_name.setdefault(name, value) != value:
                raise WrongUse(f"{path} gives {shown(name)} two qualities.")
    if not by_name:
        raise WrongUse(f"{path} tells the quality of no photo.")
    return PhotoQualities(
        source=str(path),
        column=rows[0][quality].strip(),
        by_name=by_name,
        by_end=_by_end(by_name),
    )


def _value(path: Path, row: int, text: str) -> float:
    if text.lower() in _NONE:
        return math.nan
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise WrongUse(f"{path}, line {row}: the quality {shown(text, limit=60)!r} is no number.")
    return value


def _by_end(by_name: Mapping[str, float]) -> dict[str, float | None]:
    """What stands behind each slash of a name; None where several names end so."""
    found: dict[str, float | None] = {}
    for name, value in by_name.items():
        rest = name
        while "/" in rest:
            rest = rest.partition("/")[2]
            found[rest] = None if rest in found else value
    return found
