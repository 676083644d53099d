"""Templates of labelled photos, from an .npz.

It has ``vectors`` (n, d) and ``people`` (n,), and optionally the names ``photos`` (n,), ``groups``
(n,), ``mean`` and ``deviation`` (n,) of each template's scores against a cohort, and ``penalty``
(n,), of which a pair's smaller one is subtracted from its similarity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.counting.groups import ACROSS, group_name, one_group_each
from calibration.counting.naming import normal, person
from calibration.objections import FEW
from calibration.statistics.arrays import Counts, Floats
from verikit.errors import WrongUse, in_words
from verikit.foreign_arrays import arrays_of, names_of
from verikit.foreign_text import composed, shown
from verikit.plural import counted

_STATISTICS = ("mean", "deviation", "penalty")


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Templates sorted by group and person: unit ``vectors`` (n, d), all other arrays (n,).

    ``lengths`` are those of the vectors as given.
    """

    vectors: Floats
    lengths: Floats
    people: np.ndarray
    photos: np.ndarray
    groups: np.ndarray | None
    mean: Floats | None
    deviation: Floats | None
    penalty: Floats | None

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest possible similarity, with room for rounding."""
        low, high = -1.0001, 1.0001
        most = 0.0 if self.penalty is None else float(self.penalty.max())
        if self.mean is None or self.deviation is None:
            return low - most, high
        return (
            float(np.min((low - self.mean) / self.deviation)) - most,
            float(np.max((high - self.mean) / self.deviation)),
        )

    def only(self, places: Counts) -> Templates:
        """The templates at some indices, shape (m,), without groups."""

        def some(array: np.ndarray | None) -> np.ndarray | None:
            return None if array is None else array[places]

        return Templates(
            vectors=self.vectors[places],
            lengths=self.lengths[places],
            people=self.people[places],
            photos=self.photos[places],
            groups=None,
            mean=some(self.mean),
            deviation=some(self.deviation),
            penalty=some(self.penalty),
        )


def load(path: Path) -> Templates:
    """Read an .npz of templates.

    Raises:
        WrongUse: an array is missing, malformed or of another length.
    """
    arrays = arrays_of(path, "templates")
    try:
        for name in ("vectors", *(one for one in _STATISTICS if one in arrays)):
            if arrays[name].dtype.kind not in "fiu":
                raise ValueError(f"`{name}` must be real numbers")
            with np.errstate(over="ignore"):  # what is not finite is refused below
                arrays[name] = arrays[name].astype(np.float32)
        vectors, people = arrays["vectors"], arrays["people"]
    except (KeyError, ValueError, TypeError) as error:
        raise WrongUse(
            f"{path} is not an .npz of templates, or is damaged: {in_words(error)}"
        ) from error
    lengths = _checked_lengths(path, vectors, arrays)
    try:
        people = names_of(people, person)
        groups = names_of(arrays["groups"], group_name) if "groups" in arrays else None
    except ValueError as error:
        raise WrongUse(
            f"{path}: `people` and `groups` must name a person and a group for each vector; leave "
            "out vectors of nobody."
        ) from error
    if groups is not None:
        if wrong := next((group for group in groups.tolist() if ACROSS in group), None):
            raise WrongUse(f"{path}: a group's name holds no {ACROSS!r}: {wrong}.")
        one_group_each(zip(people.tolist(), groups.tolist(), strict=True), path)
    order = np.lexsort((people,) if groups is None else (people, groups))
    photos = arrays.get("photos", np.arange(len(people)))
    return Templates(
        vectors=(vectors / lengths[:, None])[order],
        lengths=lengths[order],
        people=people[order],
        photos=photos[order].astype(str),
        groups=None if groups is None else groups[order],
        mean=_sorted(arrays, "mean", order),
        deviation=_sorted(arrays, "deviation", order),
        penalty=_sorted(arrays, "penalty", order),
    )


@dataclass(frozen=True, kw_only=True)
class OfPhotos:
    """The ``templates`` of a file that are of some ``photos``, and the index of each one's photo in
    ``number``, shape (n,)."""

    path: Path
    photos: Sequence[str]
    templates: Templates
    number: Counts

    @classmethod
    def load(cls, path: Path, photos: Sequence[str]) -> OfPhotos:
        """Read the templates of photos, by name.

        Raises:
            WrongUse: the file cannot be read, or has two templates of a photo.
        """
        templates = load(path)
        numbers = {composed(normal(name)): number for number, name in enumerate(photos)}
        found = [numbers.get(composed(normal(str(name))), -1) for name in templates.photos]
        number = np.array(found, np.int64)
        chosen = np.flatnonzero(number >= 0)
        if np.unique(number[chosen]).size < chosen.size:
            raise WrongUse(f"{path}: a photo has two templates: give each photo one template.")
        return cls(
            path=path, photos=photos, templates=templates.only(chosen), number=number[chosen]
        )

    def places(self) -> Counts:
        """The index of each photo's template, -1 without one, shape (photos,)."""
        places = np.full(len(self.photos), -1, np.int64)
        places[self.number] = np.arange(self.number.size)
        return places

    def other_people(self, people: Sequence[str]) -> tuple[int, str]:
        """How many templates name another of the ``people`` than the one on their photo, and an
        example; names of nobody among these are another scheme, and contradict nothing.

        ``people`` says who is on each photo, shape (photos,).
        """
        theirs = self.templates.people
        ours = np.array(people, dtype=object).astype(str)[self.number]
        wrong = np.flatnonzero((theirs != ours) & np.isin(theirs, ours))
        if not wrong.size:
            return 0, ""
        one = wrong[0]
        photo, told, known = (
            shown(str(names[one])) for names in (self.templates.photos, theirs, ours)
        )
        return int(wrong.size), f"{photo}: {told}, not {known}"

    def require_same_people(self, people: Sequence[str]) -> None:
        """Check that templates name the ``people`` who are on their photos, shape (photos,).

        Raises:
            WrongUse: more than 1 % name another of them.
        """
        wrong, example = self.other_people(people)
        if wrong > FEW * self.number.size:
            raise WrongUse(
                f"{self.path}: {wrong:,} of {counted(self.number.size, 'template')} name another "
                f"person than is on the photo ({example}): are its arrays in one order?"
            )

    def require_two_people(self, people: Counts) -> None:
        """Check that templates are of two people or more.

        ``people``: the numbers of their people, shape (n,).

        Raises:
            WrongUse: they are of fewer.
        """
        if np.unique(people).size < 2:
            raise WrongUse(
                f"{self.path} holds templates of fewer than two of these people: its `photos` must "
                f"be named as here, such as {self.photos[0] if self.photos else 'ann/1.jpg'}."
            )


def _sorted(arrays: dict[str, np.ndarray], name: str, order: Counts) -> Floats | None:
    return arrays[name][order] if name in arrays else None


def _checked_lengths(path: Path, vectors: Floats, arrays: dict[str, np.ndarray]) -> Floats:
    """The lengths of the vectors, shape (n,), if all arrays are as they must be."""
    if vectors.ndim != 2 or len(vectors) < 2:
        raise WrongUse(f"{path}: `vectors` must be of shape (n, d), n at least 2")
    with np.errstate(over="ignore"):
        lengths: Floats = np.linalg.norm(vectors, axis=1)
    if not (np.isfinite(lengths).all() and lengths.all()):
        raise WrongUse(
            f"{path}: the length of each vector must be finite and not zero in single precision"
        )
    known = ("people", "photos", "groups", *_STATISTICS)
    for name in (name for name in known if name in arrays):
        if arrays[name].shape != (len(vectors),):
            raise WrongUse(f"{path}: `{name}` must have one entry for each vector")
    for name in _STATISTICS:
        if not np.isfinite(arrays.get(name, 1)).all():
            raise WrongUse(f"{path}: `{name}` must be finite numbers")
    if np.any(arrays.get("penalty", 0) < 0):
        raise WrongUse(f"{path}: a `penalty` must not be negative")
    if ("mean" in arrays) != ("deviation" in arrays) or np.any(arrays.get("deviation", 1) <= 0):
        raise WrongUse(f"{path}: `mean` also needs a positive `deviation`")
    return lengths
