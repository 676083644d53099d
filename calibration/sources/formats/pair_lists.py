"""Lists of labelled pairs: tables, and ``pairs.txt`` as LFW, XQLFW and RFW write it.

After a line of counts, its lines are ``person n m`` for two photos of one person and ``person n
person m`` for photos of two. The folder determines which file is photo n of a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.counting.identities import Identities
from calibration.counting.naming import normal
from calibration.objections import listed
from calibration.sources.formats.opening import open_table
from calibration.sources.formats.values import TRUTH, words_of
from calibration.sources.pairs.sampling import Pair
from calibration.sources.photos import Folder
from verikit.errors import WrongUse, in_words
from verikit.foreign_text import shown
from verikit.plural import counted

_NEEDED = ("first", "second", "mated")
_MOST_DIGITS = 9
_BIGGEST = 256 << 20
_COUNTS = re.compile(r"\d+(\s+\d+)?")


@dataclass(frozen=True, kw_only=True)
class PairsOfAFile:
    """Pairs, and who is on their photos as far as the list tells."""

    pairs: Sequence[Pair]
    identities: Identities


def read_list(path: Path, photos: Folder, people: Mapping[str, str]) -> PairsOfAFile:
    """The pairs of a list; ``people`` is who is who, if a table says so.

    Raises:
        WrongUse: it is no such list, or photos are missing: then all of them are named.
    """
    told = dict(people)
    if _like_lfw(path):
        pairs, who = _of_lfw(path, photos)
        told = who | told
    else:
        pairs, who = _of_table(path)
        told = who | told
    if not pairs:
        raise WrongUse(f"{path} contains no pairs.")
    names = dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second))
    missing = [name for name in names if not photos.holds(name)]
    if missing:
        raise WrongUse(
            f"{len(missing):,} of the {len(names):,} photos of {path} are not in {photos.root}: "
            f"{listed(missing)}. Give their folder with --photos."
        )
    return PairsOfAFile(pairs=pairs, identities=identities_of(pairs, told))


def identities_of(pairs: Sequence[Pair], people: Mapping[str, str]) -> Identities:
    """Who is on the photos of pairs: as told, else as names and labels let infer."""
    identities = Identities()
    for mated in (True, False):
        ours = [pair for pair in pairs if pair.mated == mated and pair.first != pair.second]
        sides = []
        for names in ([pair.first for pair in ours], [pair.second for pair in ours]):
            numbers = identities.photos.numbers(names)
            if people:
                told = [identities.number_person(people.get(name, "")) for name in names]
                identities.give(numbers, np.array(told, np.int64))
            sides.append(numbers)
        identities.see(*sides, mated=mated)
    identities.settle()
    return identities


def _of_table(path: Path) -> tuple[list[Pair], dict[str, str]]:
    table = open_table(path, {}, _NEEDED)
    pairs: list[Pair] = []
    people: dict[str, str] = {}
    row = 0
    for piece in table.pieces():
        columns = {name: words_of(piece[name]) for name in piece.schema.names}
        for place in range(piece.num_rows):
            row += 1
            value = {name: words[at[place]].strip() for name, (words, at) in columns.items()}
            empty = [name for name in _NEEDED if name in value and not value[name]]
            if empty:
                raise table.refusal(f"row {row} has no {empty[0]}.")
            sides = normal(value["first"]), normal(value["second"])
            who = [value.get(f"{side}_person", "") for side in ("first", "second")]
            people |= {photo: person for photo, person in zip(sides, who, strict=True) if person}
            mated = who[0] == who[1]
            if "mated" in value:
                if value["mated"].lower() not in TRUTH:
                    raise table.refusal(
                        f"row {row}: mated {shown(value['mated'], limit=60)!r} is neither 1 nor "
                        f"0, nor one of {', '.join(TRUTH)} in any case."
                    )
                mated = TRUTH[value["mated"].lower()]
            pairs.append(Pair(*sides, mated, value.get("group") or None))
    return pairs, people


def _like_lfw(path: Path) -> bool:
    lines = list(_lines(path, most=3))
    rows = lines[1:] if lines and _COUNTS.fullmatch(lines[0]) else lines
    return bool(rows) and all(_fields(line) is not None for line in rows)


def _fields(line: str) -> tuple[str, int, str, int] | None:
    """Person, number, person, number; None where the line is no such pair."""
    parts = line.split("\t") if "\t" in line else line.split()
    parts = [part.strip() for part in parts]
    if len(parts) == 3 and _is_number(parts[1]) and _is_number(parts[2]):
        return parts[0], int(parts[1]), parts[0], int(parts[2])
    if len(parts) == 4 and _is_number(parts[1]) and _is_number(parts[3]):
        return parts[0], int(parts[1]), parts[2], int(parts[3])
    return None


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _MOST_DIGITS


def _lines(path: Path, most: int | None = None) -> Iterator[str]:
    try:
        if path.stat().st_size > _BIGGEST:
            raise WrongUse(f"{path} is larger than 256 MiB, too large for a list of pairs.")
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for line in file:
                if line.strip():
                    yield line.strip()
                    most = None if most is None else most - 1
                    if most == 0:
                        return
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {in_words(error)}.") from error


def _of_lfw(path: Path, photos: Folder) -> tuple[list[Pair], dict[str, str]]:
    lines = list(_lines(path))
    lines = lines[1:] if _COUNTS.fullmatch(lines[0]) else lines
    rows = [_fields(line) for line in lines]
    wrong = next((line for line, row in zip(lines, rows, strict=True) if row is None), None)
    if wrong is not None:
        raise WrongUse(
            f"{path}: {shown(wrong, limit=80)} is not a pair (person n m, or two of each)."
        )
    known = [row for row in rows if row is not None]
    wanted = {row[:2] for row in known} | {row[2:] for row in known}
    found = _numbered(photos, wanted)
    missing = sorted(f"{person} {number}" for person, number in wanted - found.keys())
    if missing:
        raise WrongUse(
            f"{counted(len(missing), 'photo')} of {path} not found in {photos.root}: "
            f"{listed(missing)}. Give their folder with --photos."
        )
    pairs = [Pair(found[row[:2]], found[row[2:]], row[0] == row[2]) for row in known]
    return pairs, {found[photo]: photo[0] for photo in wanted}


def _numbered(photos: Folder, wanted: set[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The file of each person's photo of a number: by the first way of counting that finds all."""
    by_person: dict[str, list[str]] = {}
    for name in photos.survey().names:
        folder, _, file = name.rpartition("/")
        person = folder.rpartition("/")[2]
        by_person.setdefault(person or re.sub(r"[\s_\-.]*\d+\.\w+$", "", file), []).append(name)

    def numbers(names: list[str]) -> dict[int, str]:
        ends = {name: re.search(r"(\d+)\.\w+$", name) for name in names}
        return {int(end[1]): name for name, end in ends.items() if end}

    by_number = {person: numbers(names) for person, names in by_person.items()}
    by_place = {person: dict(enumerate(names, start=1)) for person, names in by_person.items()}
    best: dict[tuple[str, int], str] = {}
    for way in (by_number, by_place):
        found = {
            (person, number): way[person][number]
            for person, number in wanted
            if number in way.get(person, {})
        }
        if len(found) > len(best):
            best = found
    return best
