"""Finds faces that HOG misses (covered, tilted, small): MTCNN's cascade on onnxruntime.

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks",
2016; thresholds and order of steps as in the package mtcnn (mtcnn/stages). Arrays of boxes have
the columns left, top, right, bottom, confidence, in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from reference_server.faces.detection.boxes import Box
from reference_server.faces.detection.landmarks import (
    believable,
    every_turn,
    like_hog,
    most_upright,
)
from reference_server.faces.detection.mtcnn_networks import PLANS, to_onnx
from reference_server.faces.detection.patches import Patches
from reference_server.faces.pictures import reduced
from reference_server.faces.runtime import session
from reference_server.pictures import Pixels

Array = NDArray[np.float32]

LONG_SIDE = 640
PYRAMID_STEP = 0.709
CELL, STRIDE = 12, 2  # what one output of the first network sees, and how far apart they are
AT_ONCE = 8  # boxes in one run of a network: more would not fit into the processor's cache
SHARED = 2
"""So many times the work for one picture is done at most for its four quarter turns."""
SMALLEST_SHARE = 1 / 16
"""Of the long side: the smallest face by which a photo is turned; HOG sees none smaller either."""


@dataclass(frozen=True)
class Search:
    """The thresholds of a search, and bounds on the work for a photo with many candidates.

    Attributes:
        smallest_face: in pixels, after a larger picture was reduced to ``LONG_SIDE``.
        pnet: the threshold of the first network's confidence, from 0 to 1.
        rnet: that of the second network.
        onet: that of the third network.
        most_boxes: the boxes that the first two networks pass on at most.
        most_faces: the boxes that the third network, which is slow, gets at most.
    """

    smallest_face: float
    pnet: float
    rnet: float
    onet: float
    most_boxes: int
    most_faces: int

    def of_large_faces(self, side: int) -> Search:
        """Without the levels for small faces in a picture of this long side; half of the work."""
        smallest = self.smallest_face
        while smallest / PYRAMID_STEP <= SMALLEST_SHARE * side:
            smallest /= PYRAMID_STEP
        if smallest == self.smallest_face:
            return self
        return replace(
            self,
            smallest_face=smallest,
            most_boxes=self.most_boxes // 2,
            most_faces=self.most_faces // 2,
        )


CONFIDENT = Search(20, pnet=0.6, rnet=0.7, onet=0.8, most_boxes=300, most_faces=64)
"""Sizes and thresholds as in the package mtcnn; one group photo in eight has more than 64 faces."""


Network = Callable[[Array], list[Array]]
"""RGB pictures (N, side, side, 3) in, arrays with a row for each picture out."""
Networks = Mapping[str, Network]
"""The three by their names."""


def load_networks() -> Networks:
    """Load the three networks.

    Raises:
        WeightsError: their weights are missing or damaged.
    """
    return {name: partial(_run, session(to_onnx(name))) for name in PLANS}


def _run(network: onnxruntime.InferenceSession, pictures: Array) -> list[Array]:
    outputs: list[Array] = network.run(None, {"pictures": pictures})
    return outputs


class MtcnnDetector:
    """The cascade of three networks, which several detectors may share."""

    def __init__(self, networks: Networks, search: Search = CONFIDENT) -> None:
        self._networks, self._search = networks, search

    def find(self, pixels: Pixels) -> list[Box]:
        """See ``Detector``; the boxes are those that HOG would give."""
        return believable(*self.detect(pixels), max(pixels.shape))

    def find_upright(self, pixels: Pixels) -> tuple[int, list[Box]]:
        """See ``Detector``.

        Small faces do not decide how a photo is turned, but they count when it is.
        """
        small, factor = reduced(pixels, LONG_SIDE)
        pictures, side = every_turn(small), max(small.shape)
        coarse = self._search.of_large_faces(side)
        faces = MtcnnDetector(self._networks, coarse).detect_each(pictures)
        found = [believable(*each, side) for each in faces]
        turns = most_upright(found)
        if coarse != self._search:
            found[turns] = self.find(pictures[turns])
        return turns, [box.scaled(factor) for box in found[turns]]

    def candidates_each(self, pictures: Sequence[Pixels]) -> list[list[Box]]:
        """All faces above the thresholds, plausible or not, by confidence, highest first."""
        return [
            [like_hog(*face) for face in zip(boxes[:, 4], points, strict=True)]
            for boxes, points in self.detect_each(pictures)
        ]

    def detect(self, pixels: Pixels) -> tuple[Array, Array]:
        """Boxes (N, 5) and landmarks (N, 5, 2) in pixels: eyes, nose, mouth corners, left first."""
        (found,) = self.detect_each([pixels])
        return found

    def detect_each(self, pictures: Sequence[Pixels]) -> list[tuple[Array, Array]]:
        """As ``detect`` in each of several pictures, which share the bounds on the work of two."""
        small, factors = zip(*(reduced(pixels, LONG_SIDE) for pixels in pictures), strict=True)
        images = [Image.fromarray(pixels) for pixels in small]
        boxes = _surest([*map(self._proposals, images)], self._search.most_boxes)
        judged = [self._judged("rnet", *each)[0] for each in zip(images, boxes, strict=True)]
        distinct = [self._distinct(each, 0.7)[0] for each in judged]
        boxes = [*map(_squares, _surest(distinct, self._search.most_faces))]
        faces = [self._judged("onet", *each) for each in zip(images, boxes, strict=True)]
        found = [self._distinct(each, 0.7, points, of_smaller=True) for each, points in faces]
        return [
            (np.hstack([each[:, :4] * factor, each[:, 4:]]), points * factor)
            for (each, points), factor in zip(found, factors, strict=True)
        ]

    def _proposals(self, picture: Image.Image) -> Array:
        """Squares that the first network takes for faces, at every scale of the picture."""
        scale, levels = CELL / self._search.smallest_face, [np.empty((0, 5), np.float32)]
        while min(picture.size) * scale >= CELL:
            levels.append(self._distinct(self._level(picture, scale), 0.5)[0])
            scale *= PYRAMID_STEP
        return _squares(self._distinct(np.concatenate(levels), 0.7)[0])

    def _level(self, picture: Image.Image, scale: float) -> Array:
        size = [max(CELL, round(side * scale)) for side in picture.size]
        method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
        small = np.asarray(picture.resize((size[0], size[1]), method), np.float32)
        offsets, faces = self._networks["pnet"](small[None])
        rows, columns = np.nonzero(faces[0, 1] > self._search.pnet)
        corner = np.stack([columns, rows], axis=1).astype(np.float32) * STRIDE
        boxes = np.hstack([corner + 1, corner + CELL, faces[0, 1, rows, columns][:, None]])
        boxes[:, :4] += offsets[0][:, rows, columns].T * (CELL - 1)
        boxes[:, :4] /= scale
        return boxes.astype(np.float32)

    def _judged(self, name: str, picture: Image.Image, boxes: Array) -> tuple[Array, Array]:
        """The boxes that a network takes for faces, moved and rated by it; their landmarks."""
        if not len(boxes):
            return boxes, np.empty((0, 5, 2), np.float32)
        patches, run = Patches(picture, PLANS[name].side or CELL), self._networks[name]
        # In parts, which fit into the processor's cache: the same to the bit in half of the time.
        parts = [run(patches.of(boxes[at : at + AT_ONCE])) for at in range(0, len(boxes), AT_ONCE)]
        offsets, *landmarks, faces = map(np.concatenate, zip(*parts, strict=True))
        corner, sizes = boxes[:, :2], boxes[:, 2:4] - boxes[:, :2] + 1
        points = landmarks[0] if landmarks else np.zeros((len(boxes), 10), np.float32)
        points = points.reshape(-1, 2, 5).transpose(0, 2, 1) * sizes[:, None] + corner[:, None] - 1
        moved = boxes[:, :4] + offsets * np.tile(sizes, 2)
        judged = np.hstack([moved, faces[:, 1:]]).astype(np.float32)
        kept = judged[:, 4] > (self._search.rnet if name == "rnet" else self._search.onet)
        return judged[kept], points[kept]

    def _distinct(
        self,
        boxes: Array,
        overlap: float,
        points: Array | None = None,
        *,
        of_smaller: bool = False,
    ) -> tuple[Array, Array]:
        """Surest first, without those that overlap a surer one; landmarks go along."""
        points = np.empty((len(boxes), 0), np.float32) if points is None else points
        order = np.argsort(-boxes[:, 4], kind="stable")[: self._search.most_boxes]
        boxes, points = boxes[order], points[order]
        shared = np.triu(_overlaps(boxes, of_smaller) > overlap, k=1)
        kept = ~shared.any(axis=0)
        return boxes[kept], points[kept]


def _surest(boxes: Sequence[Array], most: int) -> list[Array]:
    """The boxes of the highest confidence.

    ``boxes``: by picture, in each the surest first; ``most``: those of one picture; of all together
    the limit is ``SHARED`` times that.
    """
    boxes = [each[:most] for each in boxes]
    order = np.argsort(-np.concatenate(boxes)[:, 4], kind="stable")
    kept = np.zeros(len(order), bool)
    kept[order[: SHARED * most]] = True
    ends = np.cumsum([len(each) for each in boxes])
    return [each[those] for each, those in zip(boxes, np.split(kept, ends[:-1]), strict=True)]


def _overlaps(boxes: Array, of_smaller: bool) -> Array:
    """Intersection over union, or over the smaller box, of every two boxes."""
    left, top, right, bottom = np.ascontiguousarray(boxes[:, :4].T)
    area = (right - left) * (bottom - top)
    width = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    height = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    common = np.maximum(width, 0) * np.maximum(height, 0)
    if of_smaller:
        return np.asarray(common / np.minimum(area[:, None], area))
    return np.asarray(common / (area[:, None] + area - common))


def _squares(boxes: Array) -> Array:
    """Each box as a square with the same center and its longer side."""
    centre, sides = (boxes[:, :2] + boxes[:, 2:4]) / 2, boxes[:, 2:4] - boxes[:, :2]
    half = sides.max(axis=1, keepdims=True, initial=0) / 2
    return np.hstack([centre - half, centre + half, boxes[:, 4:]])
