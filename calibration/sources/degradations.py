"""Photos made worse on purpose, named by the quality component of ISO/IEC 29794-5 that they hurt.

The names are those of OFIQ, the reference software of the standard; noise is no component of it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from calibration.sources.photos import FORMATS, Photos

_QUALITY = 95


@dataclass(frozen=True, kw_only=True)
class Degradation:
    """A ``setting`` of a kind; ``strength`` counts from 1, the mildest."""

    kind: str
    strength: int

    @property
    def component(self) -> str:
        """The component's name in OFIQ, or "none"."""
        return _KINDS[self.kind].component

    @property
    def setting(self) -> str:
        """The setting in words."""
        kind = _KINDS[self.kind]
        return kind.told.format(kind.amounts[self.strength - 1])

    def __str__(self) -> str:
        return f"{self.kind}-{self.strength}"

    def apply(self, picture: Image.Image, seed: int) -> Image.Image:
        """The degraded picture; the same for the same seed."""
        kind = _KINDS[self.kind]
        return kind.apply(picture, kind.amounts[self.strength - 1], np.random.default_rng(seed))


class Degraded:
    """Degraded photos, upright, as JPEG of quality 95 unless the quality is degraded."""

    def __init__(self, photos: Photos, how: Degradation, seed: int) -> None:
        self._photos = photos
        self._how = how
        self._seed = seed

    def read(self, name: str) -> bytes:
        """The degraded file, the same for the same seed; a file that is not a picture is unchanged.

        Raises:
            WrongUse: there is no such photo.
        """
        content = self._photos.read(name)
        seed = zlib.crc32(f"{self._seed}/{name}".encode())
        buffer = io.BytesIO()
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                upright = ImageOps.exif_transpose(picture).convert("RGB")
            worse = self._how.apply(upright, seed)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return content  # the server refuses it, as it does undegraded
        kind = _KINDS[self._how.kind]
        quality = int(kind.amounts[self._how.strength - 1]) if kind.is_quality else _QUALITY
        worse.save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()


Apply = Callable[[Image.Image, float, np.random.Generator], Image.Image]


@dataclass(frozen=True, kw_only=True)
class _Kind:
    component: str
    told: str
    amounts: tuple[float, float, float]
    apply: Apply
    is_quality: bool = False


def _smaller(picture: Image.Image, factor: float, _: np.random.Generator) -> Image.Image:
    size = (max(1, round(side / factor)) for side in picture.size)
    width, height = size
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _blurred(picture: Image.Image, percent: float, _: np.random.Generator) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(min(picture.size) * percent / 100))


def _same(picture: Image.Image, _: float, __: np.random.Generator) -> Image.Image:
    return picture


def _lit(picture: Image.Image, factor: float, _: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(factor)


def _noisy(picture: Image.Image, deviation: float, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(picture, np.float32)
    noise = rng.standard_normal(pixels.shape, np.float32) * np.float32(deviation)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def _tilted(picture: Image.Image, degrees: float, rng: np.random.Generator) -> Image.Image:
    way = 1 if rng.random() < 0.5 else -1
    return picture.rotate(way * degrees, Image.Resampling.BICUBIC, fillcolor=(128, 128, 128))


def _covered(picture: Image.Image, percent: float, rng: np.random.Generator) -> Image.Image:
    """A gray square in the middle, moved by at most half its side."""
    side = min(picture.size) * percent / 100
    x, y = (
        length / 2 + side * move - side / 2
        for length, move in zip(picture.size, rng.uniform(-0.5, 0.5, 2), strict=True)
    )
    covered = picture.copy()
    ImageDraw.Draw(covered).rectangle((x, y, x + side, y + side), fill=(90, 90, 90))
    return covered


_KINDS = {
    "size": _Kind(
        component="InterEyeDistance", told="each side divided by {:g}", amounts=(2, 4, 6),
        apply=_smaller,
    ),
    "blur": _Kind(
        component="Sharpness", told="Gaussian blur of {:g} % of the shorter side",
        amounts=(1, 2, 4), apply=_blurred,
    ),
    "compression": _Kind(
        component="CompressionArtifacts", told="JPEG of quality {:g}", amounts=(30, 12, 5),
        apply=_same, is_quality=True,
    ),
    "dark": _Kind(
        component="UnderExposurePrevention", told="brightness times {:g}",
        amounts=(0.4, 0.2, 0.08), apply=_lit,
    ),
    "bright": _Kind(
        component="OverExposurePrevention", told="brightness times {:g}", amounts=(1.6, 2.5, 4),
        apply=_lit,
    ),
    "noise": _Kind(
        component="none", told="Gaussian noise of deviation {:g} of 255", amounts=(15, 30, 60),
        apply=_noisy,
    ),
    "tilt": _Kind(
        component="HeadPoseRoll", told="turned by {:g} degrees", amounts=(15, 30, 45),
        apply=_tilted,
    ),
    "occlusion": _Kind(
        component="FaceOcclusionPrevention",
        told="a grey square of {:g} % of the shorter side near the middle", amounts=(10, 20, 30),
        apply=_covered,
    ),
}  # fmt: skip

EVERY = tuple(
    Degradation(kind=kind, strength=strength) for kind in _KINDS for strength in range(1, 4)
)
"""All settings, the mildest of a kind first."""
