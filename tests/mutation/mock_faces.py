"""A comparer without models: the faces of ``verikit mock`` behind the reference application."""

from __future__ import annotations

from PIL import Image

from conformance.mock import faces
from reference_server.faces.pictures import shown
from reference_server.pictures import Photo
from reference_server.refusals import FaceCovered, NoFaceFound
from reference_server.stages import Stages


class MockFaces:
    """Knows the suite's own two people, and is ready at once."""

    calibrated = False

    def compare(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
        stages: Stages | None = None,
    ) -> float:
        found = []
        for index, photo in enumerate((first, second)):
            pixels = shown(photo.pixels, photo.orientation) if auto_rotate else photo.pixels
            face = faces.find(Image.fromarray(pixels), turn=auto_rotate)
            if face is None:
                raise NoFaceFound(index)
            found.append(face)
        for index, face in enumerate(found):
            if check_quality and face.covered:
                raise FaceCovered(index, ("mouth",))
        return faces.score(*found)
