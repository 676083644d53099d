"""Infers the person from the name of a photo.

Data sets have a folder per person (``ann/1.jpg``), possibly below a split (``train/ann/1.jpg``) or
above views (``ann/profile/1.jpg``, CFP), or the person in the file name (``ann_0001.jpg``, LFW;
``12_ann_35_f.jpg``, AgeDB; ``078A11.jpg``, FG-NET). The labels show which of these applies: photos
of one person are mated, others are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Reading = Callable[[str], str]
"""The person that a name tells, or "" where it tells none."""

_DOUBLED = re.compile(r"/(?:\.?/)+")
_STEM = re.compile(r"^(.*?)[\s_\-.]*\(?\d+\)?$")
_FIELDS = re.compile(r"[\s_\-.]+")
_LEADING = re.compile(r"^(\d+)[A-Za-z]")
_LEVELS = 4


def normal(name: str) -> str:
    """A name with single slashes, as on every system but Windows, and no blanks around it."""
    name = name.strip()
    if "\\" in name:
        name = name.replace("\\", "/")
    if "//" in name or "/./" in name:
        name = _DOUBLED.sub("/", name)
    return name.removeprefix("./")


def folder(name: str) -> str:
    """The folders above a photo."""
    return name.rpartition("/")[0]


def _level(place: int) -> Reading:
    """The folder at a depth, counted from the top or, if negative, from the photo."""

    def read(name: str) -> str:
        folders = name.split("/")[:-1]
        return folders[place] if -len(folders) <= place < len(folders) else ""

    return read


def _without_number(name: str) -> str:
    match = _STEM.match(_stem(name))
    return match[1] if match else ""


def _field(place: int) -> Reading:
    def read(name: str) -> str:
        fields = _FIELDS.split(_stem(name))
        return fields[place] if len(fields) > max(place + 1, 1) else ""

    return read


def _leading_number(name: str) -> str:
    match = _LEADING.match(_stem(name))
    return match[1] if match else ""


def _stem(name: str) -> str:
    file = name.rpartition("/")[2]
    head, dot, ending = file.rpartition(".")
    return head if dot and head and not ending.isdecimal() else file


FOLDERS: Mapping[str, Reading] = {
    "the folder": folder,
    "the last folder": _level(-1),
    **{f"folder {place + 1} of the path": _level(place) for place in range(_LEVELS)},
}
FILES: Mapping[str, Reading] = {
    "the file name before its number": _without_number,
    "the first part of the file name": _field(0),
    "the second part of the file name": _field(1),
    "the number at the start of the file name": _leading_number,
}


READINGS: Mapping[str, Reading] = {**FOLDERS, **FILES}


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How a reading of names stands to the labels.

    ``one_person`` is how many mated, then how many non-mated pairs it gives to one person, of
    ``looked_at``. ``by_chance`` is the share of pairs that any two photos would be of one person.
    """

    how: str
    by_folder: bool
    one_person: tuple[int, int]
    looked_at: tuple[int, int]
    people: int
    by_chance: float

    @property
    def shares(self) -> tuple[float, float]:
        """The shares of mated and of non-mated pairs that show one person."""
        mated, non_mated = (
            k / max(n, 1) for k, n in zip(self.one_person, self.looked_at, strict=True)
        )
        return mated, non_mated

    @property
    def gain(self) -> float:
        """How much more often mated pairs are of one person than non-mated pairs are."""
        mated, non_mated = self.shares
        if not self.looked_at[0]:
            return -non_mated
        return mated - non_mated if self.looked_at[1] else mated

    @property
    def contradicted(self) -> int:
        """Pairs whose label says otherwise."""
        return self.looked_at[0] - self.one_person[0] + self.one_person[1]

    @property
    def holds(self) -> bool:
        """Whether the labels bear the reading out."""
        mated, non_mated = self.looked_at
        _, together = self.shares
        expected = self.by_chance * non_mated
        if self.people < 2 or together > _MOST_TOGETHER:
            return False
        if mated:
            return self.gain >= _LEAST_GAIN
        # Without mated pairs a folder is believed as the convention is, as long as its photos
        # meet less often than at random; a file name must have kept them apart visibly.
        if self.by_folder:
            return self.one_person[1] <= expected / 2
        return expected >= _EXPECTED and self.one_person[1] <= expected / 100

    @property
    def twisted(self) -> bool:
        """Whether it tells people, though the labels say otherwise: non-mated pairs are of one
        person far more often than at random."""
        _, together = self.shares
        return self.people > 1 and together > max(5 * self.by_chance, 0.01) and self.by_chance < 0.1


_MOST_TOGETHER = 0.1
_LEAST_GAIN = 0.2
_AS_GOOD = 0.02
_EXPECTED = 10.0


def best(agreements: Sequence[Agreement]) -> Agreement | None:
    """The reading that agrees best with the labels; of those about as good, as a few wrong labels
    make them, folders go before file names, and then the one of fewest people, which claims least
    evidence. If none agrees, folders that tell people all the same: then the labels are wrong."""
    holding = [one for one in agreements if one.holds]
    if holding:
        most = max(one.gain for one in holding) - _AS_GOOD
        as_good = [one for one in holding if one.gain >= most]
        return max(as_good, key=lambda one: (one.by_folder, round(one.gain, 3), -one.people))
    return next((one for one in agreements if one.by_folder and one.twisted), None)


def reversed_labels(agreements: Sequence[Agreement]) -> Agreement | None:
    """A reading that says of nearly every pair the contrary of its label."""
    for one in agreements:
        if all(one.looked_at) and one.people > 1 and one.gain <= -0.5:
            return one
    return None


_AGEDB = re.compile(r"^\d+_(.+)_\d+_[mfMF]$")
_SPLITS = {"train", "val", "valid", "validation", "test", "dev", "eval", "query", "gallery"}
_FEW = 3


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The person of each photo of a folder, and what told so; ``inferred`` from file names."""

    people: Mapping[str, str]
    how: str
    inferred: bool = False


def layout(names: Sequence[str]) -> Layout | None:
    """Who is on the photos of a folder, by how it is laid out; None where that is not clear.

    No labels are at hand that could bear it out: so names that could be read in two ways are not.
    """
    below = [name for name in names if "/" in name]
    if not below or (below == list(names) and len({folder(name) for name in names}) == 1):
        return _by_file_name(names)
    if all(name.count("/") == 1 for name in below):
        return _by(folder, below, "the folder")
    above = {name: folder(folder(name)) for name in below}
    last = {name: folder(name).rpartition("/")[2] for name in below}
    tops, lasts = set(above.values()), set(last.values())
    folders = {folder(name) for name in below}
    if all(_stem(name).startswith(last[name]) for name in below):  # RFW: groups above people
        return _by(lambda name: last[name], below, "the last folder")
    splits = {part for top in tops for part in top.lower().split("/")} <= _SPLITS
    if splits or len(tops) <= _FEW or (len(lasts) < len(folders) and len(tops) <= len(lasts)):
        return _by(lambda name: last[name], below, "the last folder")
    if len(lasts) < len(folders):  # the same views below every person
        return _by(lambda name: above[name] or last[name], below, "the folder above the views")
    return None


def _by(read: Reading, names: Sequence[str], how: str) -> Layout:
    return Layout(people={name: read(name) for name in names}, how=how)


def _by_file_name(names: Sequence[str]) -> Layout | None:
    """Only if nearly everybody has several photos: else the names may count photos, not people."""
    if names and all(_AGEDB.match(_stem(name)) for name in names):
        people = {name: _AGEDB.sub(r"\1", _stem(name)) for name in names}
        return Layout(people=people, how="the second part of the file name", inferred=True)
    for how in ("the file name before its number", "the number at the start of the file name"):
        people = {name: FILES[how](name) for name in names}
        photos = Counter(people.values())
        several = sum(count > 1 for count in photos.values())
        if all(people.values()) and len(photos) > 1 and several >= len(photos) / 2:
            return Layout(people=people, how=how, inferred=True)
    return None
