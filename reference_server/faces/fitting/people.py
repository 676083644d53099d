"""Templates of labelled people, as ``verikit templates`` writes them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference_server.faces.recognition.recogniser import Templates
from reference_server.faces.scoring.cohort import Cohort
from verikit.errors import WrongUse, in_words
from verikit.foreign_arrays import arrays_of, names_of
from verikit.foreign_files import MALFORMED
from verikit.foreign_text import shown

_ARRAYS = ("vectors", "people", "photos", "model", "weights", "penalty")
_MODEL = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
"""Names of models; files are named after them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelledTemplates:
    """Templates (N, D) of one model, the person (N,) and photo (N,) of each, and its penalty (N,).

    ``people`` are indices into ``names``; ``weights``: the SHA-256 of the model's, if it is known.
    """

    templates: Templates
    people: NDArray[np.int64]
    photos: NDArray[np.str_]
    penalties: NDArray[np.float32]
    names: tuple[str, ...]
    model: str
    weights: str | None

    @classmethod
    def of(  # noqa: PLR0913 - the arrays of a file, and two words about them
        cls,
        templates: Templates,
        people: NDArray[np.str_],
        photos: NDArray[np.str_],
        *,
        penalties: NDArray[np.float32] | None = None,
        model: str,
        weights: str | None,
    ) -> LabelledTemplates:
        """Make them of templates (N, D) and names (N,); without penalties all photos are good."""
        if penalties is None:
            penalties = np.zeros(len(templates), np.float32)
        names, indices = np.unique(people, return_inverse=True)
        return cls(
            templates=templates,
            people=indices,
            photos=photos,
            penalties=penalties,
            names=tuple(names.tolist()),
            model=model,
            weights=weights,
        )

    @classmethod
    def load(cls, path: Path) -> LabelledTemplates:
        """Read a file that ``verikit templates`` wrote.

        Raises:
            WrongUse: it is damaged, or another kind of file.
        """
        stored = arrays_of(path, "templates", _ARRAYS)
        try:
            people, photos = (names_of(stored[name]) for name in ("people", "photos"))
            penalties = stored.get("penalty", np.zeros(len(people))).astype(np.float32)
            shapes = {people.shape, photos.shape, penalties.shape, stored["vectors"].shape[:1]}
            if stored["vectors"].ndim != 2 or len(shapes) > 1:
                raise ValueError("its arrays do not match")
            if np.unique(photos).size < photos.size:
                raise ValueError("a photo has two templates")
            if not (np.isfinite(penalties) & (penalties >= 0)).all():
                raise ValueError("a penalty is negative or not finite")
            with np.errstate(over="ignore"):  # what is too large is infinite, and refused below
                vectors = stored["vectors"].astype(np.float32)
                lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            if not (np.isfinite(lengths) & (lengths > 0)).all():
                raise ValueError("a vector is zero or not finite")
            model = str(stored["model"])
            if not _MODEL.fullmatch(model):
                raise ValueError("it does not name a model")
            return cls.of(
                vectors / lengths,
                people,
                photos,
                penalties=penalties,
                model=model,
                weights=str(stored["weights"]) or None,
            )
        except MALFORMED as error:
            raise WrongUse(
                f"{path} is not a file of templates, or is damaged ({in_words(error)}): make it "
                "with `verikit templates`."
            ) from error

    def save(self, path: Path, cohort: Cohort) -> None:
        """Write the file, readable by its owner alone, with the statistics for AS-norm."""
        mean, deviation = cohort.statistics(self.templates)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            np.savez(
                file,
                vectors=self.templates,
                people=np.array(self.names, str)[self.people],
                photos=self.photos,
                model=np.array(self.model),
                weights=np.array(self.weights or ""),
                mean=mean,
                deviation=deviation,
                penalty=self.penalties,
            )

    def parted(self, share: float, seed: int) -> tuple[LabelledTemplates, LabelledTemplates]:
        """The templates to fit, and those of a random share of the people, which is held out."""
        drawn = np.random.default_rng(seed).permutation(len(self.names))
        held_out = np.isin(self.people, drawn[: round(share * len(drawn))])
        return self._part(~held_out), self._part(held_out)

    def without(self, names: Collection[str]) -> LabelledTemplates:
        """The templates of all people but these."""
        left_out = [index for index, name in enumerate(self.names) if name in names]
        return self._part(~np.isin(self.people, left_out))

    def _part(self, kept: NDArray[np.bool_]) -> LabelledTemplates:
        return self.of(
            self.templates[kept],
            np.array(self.names, str)[self.people[kept]],
            self.photos[kept],
            penalties=self.penalties[kept],
            model=self.model,
            weights=self.weights,
        )

    def means(self) -> Templates:
        """One unit vector a person: the mean of the templates, shape (people, D).

        Raises:
            WrongUse: somebody's templates are opposites.
        """
        sums = np.zeros((len(self.names), self.templates.shape[1]))
        np.add.at(sums, self.people, self.templates)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        if not lengths.all():
            name = shown(self.names[int(lengths.argmin())])
            raise WrongUse(f"The templates of {name} are opposites, and have no mean.")
        return np.asarray(sums / lengths, np.float32)

    def digest(self) -> str:
        """SHA-256 of the list of people."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()
