"""Compares the faces in two photos: the server's one way into this package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reference_server.faces.detection.detectors import DEFAULT_DETECTOR
from reference_server.faces.finder import Face, Finder, load_finder
from reference_server.faces.occlusion import CHIP
from reference_server.faces.recognition.recogniser import (
    DEFAULT_MODEL,
    Recogniser,
    Templates,
    load_recogniser,
    require_known,
    templates,
)
from reference_server.faces.scoring.scorer import Scorer, load_scorer, require_map
from reference_server.faces.seen import seen
from reference_server.pictures import Photo, Pixels
from reference_server.refusals import FaceCovered, NoFaceFound
from reference_server.stages import Stages


@dataclass(frozen=True, eq=False, kw_only=True)
class Engine:
    """A loaded model with everything around it; for one thread at a time, also after a fork."""

    finder: Finder
    recogniser: Recogniser
    scorer: Scorer

    @property
    def calibrated(self) -> bool:
        """Whether the scores claim the error rates of the contract."""
        return self.scorer.score_map.calibrated

    def compare(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
        stages: Stages | None = None,
    ) -> float:
        """The score in [0, 1]; the same, to the last bit, whichever photo comes first.

        ``stages``, if given, is told what each stage cost.

        Raises:
            NoFaceFound: with the index of the first photo that shows no face.
            FaceCovered: with the index of the first photo whose face is covered, if that is asked.
        """
        clock = stages or Stages()
        faces = self._find_both((first, second), auto_rotate, clock)
        if check_quality:
            with clock.time("quality"):
                self._refuse_covered(faces)
        with clock.time("embed"):
            # In an order of their own, so that a swap of the photos cannot change a bit.
            one, other = self.embed(sorted((face.chip for face in faces), key=bytes))
        with clock.time("score"):
            return self.scorer.score(one, other)

    def look(self, photo: Photo, *, auto_rotate: bool = False) -> dict[str, Any]:
        """What a comparison would see in one photo, the fields of ``Seen``.

        Raises:
            NoFaceFound: no face.
        """
        face = self.find(photo, auto_rotate=auto_rotate, stages=Stages())
        return asdict(seen(face, self.covered(face), self.finder.mtcnn, exif=auto_rotate))

    def find(self, photo: Photo, *, auto_rotate: bool = False, stages: Stages) -> Face:
        """The face to compare.

        Raises:
            NoFaceFound: there is none.
        """
        return self.finder.find(
            photo, self.recogniser.recipe, auto_rotate=auto_rotate, stages=stages
        )

    def covered(self, face: Face) -> tuple[str, ...]:
        """The covered regions of a face."""
        chip = face.chip
        if self.recogniser.recipe != CHIP:
            chip = self.finder.aligner.chip(face.picture, face.box, CHIP)
        return self.finder.occlusion.covered(chip)

    def embed(self, chips: Sequence[Pixels]) -> Templates:
        """One template a chip."""
        return templates(self.recogniser, chips)

    def _find_both(self, photos: Sequence[Photo], auto_rotate: bool, stages: Stages) -> list[Face]:
        faces = []
        for index, photo in enumerate(photos):
            try:
                faces.append(self.find(photo, auto_rotate=auto_rotate, stages=stages))
            except NoFaceFound as finding:
                finding.photo = index
                raise
        return faces

    def _refuse_covered(self, faces: Sequence[Face]) -> None:
        for index, face in enumerate(faces):
            if regions := self.covered(face):
                raise FaceCovered(index, regions)


def load_engine(
    model: str = DEFAULT_MODEL, *, uncalibrated: bool = False, detector: str = DEFAULT_DETECTOR
) -> Engine:
    """A model of DeepFace by its name, ready to compare.

    Raises:
        ModelError: DeepFace has no such model, its weights are missing or wrong, or it has no
            score map and ``uncalibrated`` is not set.
    """
    require_known(model)
    if not uncalibrated:
        require_map(model)
    recogniser = load_recogniser(model)
    return Engine(
        finder=load_finder(detector), recogniser=recogniser, scorer=load_scorer(recogniser)
    )
