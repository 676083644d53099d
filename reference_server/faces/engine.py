"""Compares the faces in two photos; the entry point of this package."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from reference_server.faces.detection.detectors import DEFAULT_DETECTOR
from reference_server.faces.finder import Face, Finder, load_finder
from reference_server.faces.occlusion import CHIP, over_threshold
from reference_server.faces.photo_quality import Measures, measures
from reference_server.faces.recognition.recogniser import (
    DEFAULT_MODEL,
    Precision,
    Recogniser,
    Templates,
    load_recogniser,
    require_known,
    templates,
)
from reference_server.faces.scoring.scorer import Scorer, load_scorer, require_map
from reference_server.faces.seen import seen
from reference_server.pictures import Photo, Pixels
from reference_server.refusals import FaceCovered, Refusal
from reference_server.stages import Stages


@dataclass(frozen=True, eq=False, kw_only=True)
class Engine:
    """A loaded model with its detectors and its score; for one thread at a time, also forked."""

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
        """The score in [0, 1], to the last bit the same in both orders of the photos.

        Args:
            first: a photo.
            second: the other photo.
            auto_rotate: rotate the photos upright.
            check_quality: refuse covered faces.
            stages: gets the seconds of each stage.

        Raises:
            NoFaceFound: with the index of the first photo without a face.
            FaceCovered: with the index of the first photo with a covered face.
        """
        clock = stages or Stages()
        faces = self._find_both((first, second), auto_rotate, clock)
        with clock.time("quality"):
            regions = [cache(partial(self.regions, face)) for face in faces]
            if check_quality:
                _refuse_covered(regions)
            cost = self._cost(faces, regions)
        with clock.time("embed"):
            # In an order of their own, so that a swap of the photos cannot change a bit.
            one, other = self.embed(sorted((face.chip for face in faces), key=bytes))
        with clock.time("score"):
            score = self.scorer.score(one, other, cost)
        return 1.0 if np.array_equal(faces[0].chip, faces[1].chip) else score

    def look(self, photo: Photo, *, auto_rotate: bool = False) -> dict[str, Any]:
        """What a comparison would detect in a photo: the fields of ``Seen``.

        Raises:
            NoFaceFound: there is no face.
        """
        face = self.find(photo, auto_rotate=auto_rotate, stages=Stages())
        regions = self.regions(face)
        covered, poor = over_threshold(regions), self.poor(face, regions)
        return asdict(seen(face, covered, poor, self.finder.mtcnn, exif=auto_rotate))

    def find(self, photo: Photo, *, auto_rotate: bool = False, stages: Stages) -> Face:
        """The face to compare.

        Raises:
            NoFaceFound: there is none.
        """
        return self.finder.find(
            photo, self.recogniser.recipe, auto_rotate=auto_rotate, stages=stages
        )

    def regions(self, face: Face) -> dict[str, float]:
        """The confidence, from 0 to 1, that each region of a face is covered."""
        return self.finder.occlusion.regions(self._plain_chip(face))

    def penalty(self, face: Face, regions: Mapping[str, float]) -> float:
        """The penalty of a pair of photos like this one, in units of the normalized similarity.

        It is 0 for a model without fitted penalties. ``regions``: see that method.
        """
        if not self.scorer.penalty:
            return 0.0
        return self.scorer.penalty.of(self._measures(face, regions))

    def poor(self, face: Face, regions: Mapping[str, float]) -> tuple[str, ...]:
        """The reasons why two photos like this one do not keep the documented rates, if any."""
        if not self.scorer.penalty:
            return ()
        return self.scorer.penalty.causes(self._measures(face, regions))

    def embed(self, chips: Sequence[Pixels]) -> Templates:
        """A template for each chip, shape (chips, D)."""
        return templates(self.recogniser, chips)

    def _find_both(self, photos: Sequence[Photo], auto_rotate: bool, stages: Stages) -> list[Face]:
        faces = []
        for index, photo in enumerate(photos):
            try:
                faces.append(self.find(photo, auto_rotate=auto_rotate, stages=stages))
            except Refusal as refusal:
                refusal.photo = index
                raise
        return faces

    def _cost(
        self, faces: Sequence[Face], regions: Sequence[Callable[[], Mapping[str, float]]]
    ) -> float:
        """What the better photo costs; where one costs nothing, the other one is not looked at."""
        if not self.scorer.penalty:
            return 0.0
        first = self.penalty(faces[0], regions[0]())
        return min(first, self.penalty(faces[1], regions[1]())) if first else 0.0

    def _measures(self, face: Face, regions: Mapping[str, float]) -> Measures:
        return measures(self._plain_chip(face), face.picture, face.box, regions)

    def _plain_chip(self, face: Face) -> Pixels:
        if self.recogniser.recipe == CHIP:
            return face.chip
        return self.finder.aligner.chip(face.picture, face.box, CHIP)


def _refuse_covered(regions: Sequence[Callable[[], Mapping[str, float]]]) -> None:
    for index, of_face in enumerate(regions):
        if covered := over_threshold(of_face()):
            raise FaceCovered(index, covered)


def load_engine(
    model: str = DEFAULT_MODEL,
    *,
    precision: Precision = Precision.INT8,
    uncalibrated: bool = False,
    detector: str = DEFAULT_DETECTOR,
    score_maps: Path | None = None,
) -> Engine:
    """Load a model of DeepFace by its name, with everything that a comparison needs.

    Args:
        model: its name in DeepFace.
        precision: of the default model; all others compute in fp32.
        uncalibrated: accept a model without a score map.
        detector: one of ``DETECTORS``.
        score_maps: a folder with score maps; None: the shipped ones.

    Raises:
        ModelError: DeepFace has no such model, its weights are missing or wrong, or it has no
            score map and ``uncalibrated`` is not set.
    """
    require_known(model)
    if not uncalibrated:
        require_map(model, score_maps)
    recogniser = load_recogniser(model, precision)
    return Engine(
        finder=load_finder(detector),
        recogniser=recogniser,
        scorer=load_scorer(recogniser, score_maps),
    )
