"""Infers the person from the name of a photo.

Data sets have a folder per person (``ann/1.jpg``), possibly below a split (``train/ann/1.jpg``) or
above views (``ann/profile/1.jpg``, CFP), or the person in the file name (``ann_0001.jpg``, LFW;
``12_ann_35_f.jpg``, AgeDB; ``078A11.jpg``, FG-NET; ``session1/ann.jpg``). The labels show which of
these applies: photos of one person are mated, others are not. Where only whole file names tell
people, photos of one person may have different ones: that is a doubt.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, takewhile

import numpy as np

from calibration.statistics.arrays import Counts
from calibration.statistics.dependence import LEAST_PEOPLE
from verikit.foreign_text import composed

Reading = Callable[[str], str]
"""The person that folders tell, or a file name without its ending; "" where it tells none."""

_FLOAT = re.compile(r"\d+\.0+", re.ASCII)
_DOUBLED = re.compile(r"/(?:\.?/)+")
_NUMBER_FROM_THE_END = re.compile(r"\)?\d+\(?[\s_\-.]*")
_FIELDS = re.compile(r"[\s_\-.]+")
_LEADING = re.compile(r"^(\d+)[A-Za-z]")
_LEVELS = 4


def person(name: str) -> str:
    """A person's name without blanks around it, in composed characters; a whole number without the
    point and zeros that a table of floats gives it."""
    return composed(_without_point(name.strip()))


def _without_point(name: str) -> str:
    return name.partition(".")[0] if name[-1:] == "0" and _FLOAT.fullmatch(name) else name


def normal(name: str) -> str:
    """A photo's name as a person's, with single slashes, as on every system but Windows."""
    name = _without_point(name.strip())
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

    def read(path: str) -> str:
        folders = path.split("/")
        return folders[place] if -len(folders) <= place < len(folders) else ""

    return read


def _without_number(stem: str) -> str:
    number = _NUMBER_FROM_THE_END.match(stem[::-1])  # from the start would take the square of it
    return stem[: -number.end()] if number else ""


def _field(place: int) -> Reading:
    def read(stem: str) -> str:
        fields = _FIELDS.split(stem)
        return fields[place] if len(fields) > max(place + 1, 1) else ""

    return read


def _leading_number(stem: str) -> str:
    match = _LEADING.match(stem)
    return match[1] if match else ""


def _stem(name: str) -> str:
    file = name.rpartition("/")[2]
    head, dot, ending = file.rpartition(".")
    return head if dot and head and not ending.isdecimal() else file


FOLDERS: Mapping[str, Reading] = {
    "the folder": str,
    "the last folder": _level(-1),
    **{f"folder {place + 1} of the path": _level(place) for place in range(_LEVELS)},
}
WHOLE = "the file name"
FILES: Mapping[str, Reading] = {
    "the file name before its number": _without_number,
    "the first part of the file name": _field(0),
    "the second part of the file name": _field(1),
    "the number at the start of the file name": _leading_number,
    WHOLE: str,
}


class Names:
    """Names of photos, whose folders and files are each read once, however often they recur."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def people(self, how: str) -> tuple[Counts, list[str]] | None:
        """The number of each photo's person by a reading, shape (photos,), and the people's names.

        None where the name of a photo tells nothing.
        """
        places, every, read = self._by(how)
        told = list(takewhile(bool, map(read, every)))
        if not told or len(told) < len(every):
            return None
        people, names = numbered(told)
        return people[places], names

    def people_or_photos(self, how: str) -> tuple[Counts, list[str]]:
        """As ``people``, but photos whose names tell nothing are people of their own."""
        places, every, read = self._by(how)
        told = list(map(read, every))
        return numbered(
            told[place] or name for place, name in zip(places.tolist(), self._names, strict=True)
        )

    def _by(self, how: str) -> tuple[Counts, list[str], Reading]:
        return (*self._folders, FOLDERS[how]) if how in FOLDERS else (*self._stems, FILES[how])

    @cached_property
    def _folders(self) -> tuple[Counts, list[str]]:
        return numbered(map(folder, self._names))

    @cached_property
    def _stems(self) -> tuple[Counts, list[str]]:
        places, files = numbered(name.rpartition("/")[2] for name in self._names)
        return places, list(map(_stem, files))


def numbered(names: Iterable[str]) -> tuple[Counts, list[str]]:
    """The number of each name in the order in which they first appear, shape (n,), and these."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    return np.fromiter(map(numbers.__getitem__, names), np.int64), list(numbers)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The agreement of a reading of the names with the labels.

    ``one_person``: the mated and the non-mated pairs that it takes for one person, among the pairs
    of each kind in ``looked_at``. ``by_chance``: the share of random pairs of photos that it takes
    for one person.
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
        """The share of mated pairs of one person minus that of non-mated pairs."""
        mated, non_mated = self.shares
        if not self.looked_at[0]:
            return -non_mated
        return mated - non_mated if self.looked_at[1] else mated

    @property
    def contradicted(self) -> int:
        """The number of pairs whose label contradicts the reading."""
        return self.looked_at[0] - self.one_person[0] + self.one_person[1]

    @property
    def holds(self) -> bool:
        """Whether the labels confirm the reading."""
        mated, non_mated = self.looked_at
        _, together = self.shares
        expected = self.by_chance * non_mated
        if self.people < 2 or together > _MOST_TOGETHER or (self.how == WHOLE and not mated):
            return False
        if mated:
            return self.gain >= _LEAST_GAIN
        # Without mated pairs a folder is believed as the convention is, as long as its photos
        # meet less often than at random; a file name must have kept them apart visibly.
        if self.by_folder:
            return self.one_person[1] <= expected / 2
        return expected >= _EXPECTED and self.one_person[1] <= expected / 100

    @property
    def unsurpassed(self) -> bool:
        """Whether :func:`best` prefers it to every reading of file names, however these agree."""
        return self.by_folder and self.holds and self.gain >= 1 - _AS_GOOD

    @property
    def twisted(self) -> bool:
        """Whether the labels are reversed: non-mated pairs are of one person far too often."""
        _, together = self.shares
        return self.people > 1 and together > max(5 * self.by_chance, 0.01) and self.by_chance < 0.1


_MOST_TOGETHER = 0.1
_LEAST_GAIN = 0.2
_AS_GOOD = 0.02
_EXPECTED = 10.0


def best(agreements: Sequence[Agreement]) -> Agreement | None:
    """The reading that agrees best with the labels.

    Among readings that are about as good (a few labels may be wrong), folders are preferred to file
    names, and then the reading with the fewest people, which claims least evidence. If none agrees,
    it is a reading of folders that the reversed labels contradict; None without one.
    """
    holding = [one for one in agreements if one.holds]
    if holding:
        most = max(one.gain for one in holding) - _AS_GOOD
        as_good = [one for one in holding if one.gain >= most]
        return max(as_good, key=lambda one: (one.by_folder, round(one.gain, 3), -one.people))
    return next((one for one in agreements if one.by_folder and one.twisted), None)


def reversed_labels(agreements: Sequence[Agreement]) -> Agreement | None:
    """A reading that contradicts nearly every label; None if there is none."""
    for one in agreements:
        if one.how != WHOLE and all(one.looked_at) and one.people > 1 and one.gain <= -0.5:
            return one
    return None


_AGEDB = re.compile(r"^\d+_(.+)_\d+_[mfMF]$")
_NOBODY = re.compile(
    r"(train|val|valid|validation|test|dev|eval|query|gallery|probes?|references?|enrol(l?ed|l?ment)?"
    r"|verif(y|ication)|sessions?|sess|visit|trial|phase|day|week|month|year|date|take|captures?"
    r"|round|batch|cam|camera|device|sensor|front|frontal|profile|left|right|views?|pose|indoors?"
    r"|outdoors?|mask(ed)?|unmasked|selfies?|passports?|live)"
    r"([\s_\-.]*\d*|[\s_\-.]+([a-z]|i{1,3}|iv|one|two|three|four))"
    r"|id|id[\s_\-]?(card|doc|document|photo)s?|(mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|january|february|march|july|(sept|nov|dec)ember|october|(19|20)\d\d([\s_\-.]?\d\d){1,2}",
    re.I | re.ASCII,
)
"""Names of folders of sessions, splits, cameras and views, which are no people."""
_COUNTED = re.compile(
    r"(img|image|photo|pic|picture|frame|face|dscn?)?[\s_\-.]*\d+", re.I | re.ASCII
)
_FEW = 3
_MANY = 15
"""Photos of one person beyond which he may be several, where there are few people."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The person of each photo of a folder.

    ``how`` says by what; ``inferred``: by file names. ``doubt`` says what else the names may mean.
    """

    people: Mapping[str, str]
    how: str
    inferred: bool = False
    doubt: str = ""


def layout(names: Sequence[str]) -> Layout | None:
    """The people on the photos of a folder, by its layout; None if it is ambiguous.

    There are no labels to confirm a reading, so names with two possible readings are not read.
    """
    below = [name for name in names if "/" in name]
    if not below or (below == list(names) and len({folder(name) for name in names}) == 1):
        return _by_file_name(names)
    left = {name: _people_among(name.split("/")[:-1]) for name in below}
    if not any(left.values()):
        return _by_file_name(below) or _of_sessions(below)
    while all(len(some) > 1 for some in left.values()) and len({s[0] for s in left.values()}) == 1:
        left = {name: some[1:] for name, some in left.items()}  # a folder above all
    if all(len(some) == 1 for some in left.values()) and len({*map(tuple, left.values())}) > 1:
        last = all(_level(-1)(folder(name)) == some[0] for name, some in left.items())
        how = "the last folder" if last else "the folder that names no session or view"
        if all(name.count("/") == 1 for name in below):
            return _by_folder(below)
        return _by(lambda name: left[name][0], below, how)
    return _by_depth(below)


def _people_among(folders: Sequence[str]) -> list[str]:
    return [part for part in folders if not _NOBODY.fullmatch(part)]


def _by_depth(names: Sequence[str]) -> Layout | None:
    if all(name.count("/") == 1 for name in names):
        return _by_folder(names)
    above = {name: folder(folder(name)) for name in names}
    last = {name: folder(name).rpartition("/")[2] for name in names}
    tops, lasts = set(above.values()), set(last.values())
    folders = {folder(name) for name in names}
    if all(_stem(name).startswith(last[name]) for name in names):  # RFW: groups above people
        return _by(lambda name: last[name], names, "the last folder")
    if len(tops) <= _FEW or (len(lasts) < len(folders) and len(tops) <= len(lasts)):
        return _by(lambda name: last[name], names, "the last folder")
    if len(lasts) < len(folders):  # the same views below every person
        return _by(lambda name: above[name] or last[name], names, "the folder above the views")
    return None


def _of_sessions(names: Sequence[str]) -> Layout | None:
    """Folders of sessions, whose files are named as the people if the names recur."""
    folders = defaultdict(set)
    for name in names:
        folders[_stem(name)].add(folder(name))
    several = sum(len(where) > 1 for where in folders.values())
    if len(folders) < 2 or several < len(folders) / 2:
        return None
    doubt = (
        f"The folders, such as {folder(names[0])}, look like sessions, so the names of the files, "
        f"such as {_stem(names[0])}, were taken for the people."
    )
    return _by(_stem, names, WHOLE, inferred=True, doubt=doubt)


def _by_folder(names: Sequence[str]) -> Layout:
    """Folders as people; those that all hold the same files, more than there are folders, may be
    sessions, and so may few ones that hold many files, or places, or groups."""
    folders, files = {folder(name) for name in names}, {_stem(name) for name in names}
    crossed = len(files) > len(folders) and len(names) >= 0.75 * len(files) * len(folders)
    doubt = ""
    if crossed and not all(_COUNTED.fullmatch(file) for file in files):
        doubt = (
            f"The folders hold files of the same names, such as {_stem(names[0])}: they were taken "
            "for people, but may be sessions of people whom the files are named after."
        )
    elif len(folders) < LEAST_PEOPLE <= len(files) and len(names) >= _MANY * len(folders):
        doubt = (
            f"No more than {len(folders)} folders hold {len(names):,} photos: they were taken for "
            f"people, but {folder(names[0])} may be a session, a place or a group of people whom "
            f"the files, such as {_stem(names[0])}, are named after."
        )
    return _by(folder, names, "the folder", doubt=doubt)


def _by(
    read: Reading, names: Sequence[str], how: str, *, inferred: bool = False, doubt: str = ""
) -> Layout:
    people = {name: read(name) for name in names}
    return Layout(people=people, how=how, inferred=inferred, doubt=doubt)


def _by_file_name(names: Sequence[str]) -> Layout | None:
    """Only if nearly everybody has several photos: else the names may count photos, not people."""
    if names and all(_AGEDB.match(_stem(name)) for name in names):
        return _by(
            lambda name: _AGEDB.sub(r"\1", _stem(name)),
            names,
            "the second part of the file name",
            inferred=True,
        )
    fields = {name: _FIELDS.split(_stem(name)) for name in names}
    if all(len(some) > 1 and _NOBODY.fullmatch(some[0]) for some in fields.values()):
        return None  # session1_ann.jpg: what is before the number is no person
    for how in ("the file name before its number", "the number at the start of the file name"):
        people = {name: FILES[how](_stem(name)) for name in names}
        photos = Counter(people.values())
        several = sum(count > 1 for count in photos.values())
        if all(people.values()) and len(photos) > 1 and several >= len(photos) / 2:
            return Layout(people=people, how=how, inferred=True)
    return None
