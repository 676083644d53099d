"""Reads the bytes of a photo by its name."""

from __future__ import annotations

import hashlib
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from PIL import Image

from verikit.errors import WrongUse, in_words
from verikit.foreign_text import shown

ENDINGS = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp",
}  # fmt: skip
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
"""Formats of photos, as Pillow calls them; foreign files are given to no other decoder."""
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8", b"II*\0", b"MM\0*")


class Photos(Protocol):
    """Reads photo files by name."""

    def read(self, name: str) -> bytes:
        """The file as it is.

        Raises:
            WrongUse: there is no such photo.
        """


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a folder holds: photos by their paths within it, and what was passed over, by why."""

    names: list[str]
    passed_over: Mapping[str, list[str]] = field(default_factory=dict)


class Folder:
    """Photo files below a folder; names are paths within it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._inside = os.path.join(self.root, "")

    def read(self, name: str) -> bytes:
        """The file as it is, but WebP, which the contract does not know, as PNG pixel for pixel.

        Names that lead out of the folder are refused. Links that do are followed to pictures only:
        whoever made the folder must not have other files sent to a server.
        """
        path = self._path(name)
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise WrongUse(f"The photo {shown(path)} cannot be read: {in_words(error)}.") from error
        if not os.path.realpath(path).startswith(self._inside) and not _is_picture(content):
            raise WrongUse(
                f"{shown(name)} is a link to a file outside {self.root} that is not a picture."
            )
        return _as_png(content, name) if _is_webp(content) else content

    def holds(self, name: str) -> bool:
        """Whether there is such a file."""
        try:
            return os.path.isfile(self._path(name))
        except (OSError, ValueError):  # longer than a name can be, or with a zero in it
            return False

    def names(self) -> list[str]:
        """Every photo in the folder of a person, as Person/photo.jpg."""
        return [name for name in self.survey().names if name.count("/") == 1]

    def survey(self) -> Survey:
        """Every photo below the folder, at any depth, and what else lies there."""
        names: list[str] = []
        passed_over: dict[str, list[str]] = defaultdict(list)
        for path in _files(self.root):
            name = path[len(self._inside) :].replace(os.sep, "/")
            reason = _why_not(path, name, self._inside)
            (passed_over[reason] if reason else names).append(name)
        return Survey(names=sorted(names), passed_over=dict(passed_over))

    def twins(self, names: Iterable[str]) -> list[list[str]]:
        """Photos that are the same byte for byte: only files of one size are read."""
        by_size: dict[int, list[str]] = defaultdict(list)
        for name in names:
            by_size[os.stat(self._path(name)).st_size].append(name)
        return [
            group
            for alike in by_size.values()
            if len(alike) > 1
            for group in same_content(alike, self)
        ]

    def _path(self, name: str) -> str:
        path = os.path.normpath(os.path.join(self.root, name))
        if not path.startswith(self._inside):
            raise WrongUse(
                f"The photo {shown(name)} is outside {self.root}: give its folder with --photos."
            )
        return path


def same_content(names: Iterable[str], photos: Photos) -> list[list[str]]:
    """Groups of two photos and more that are the same byte for byte."""
    groups: dict[bytes, list[str]] = defaultdict(list)
    for name in names:
        groups[hashlib.blake2b(photos.read(name), digest_size=20).digest()].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _files(root: Path) -> Iterable[str]:
    """Every file below a folder; a link to a folder is followed once, and never upwards."""
    seen = {(status.st_dev, status.st_ino) for above in root.parents if (status := above.stat())}
    for place, folders, files in os.walk(root, followlinks=True):
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders.sort()
        yield from (os.path.join(place, file) for file in sorted(files))


def _why_not(path: str, name: str, inside: str) -> str | None:
    """Why a file is no photo; None if it is one. Paths begin with ``inside`` unless links leave."""
    if any(part.startswith(".") or part == "__MACOSX" for part in name.split("/")):
        return "hidden"
    if os.path.splitext(path)[1].lower() not in ENDINGS:
        return "of another ending"
    try:
        if not os.stat(path).st_size:
            return "empty"
        outside = os.path.islink(path) and not os.path.realpath(path).startswith(inside)
        return (
            "links to files that are not pictures"
            if outside and not _is_picture(_beginning(path))
            else None
        )
    except OSError:
        return "links to nothing"


def not_pictures(names: Iterable[str], folder: Folder) -> list[str]:
    """Photos whose beginning is that of no picture."""
    found = []
    for name in names:
        if not _is_picture(_beginning(os.path.join(folder.root, name))):
            found.append(name)
    return found


def _beginning(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(16)
    except OSError:
        return b""


def _is_picture(content: bytes) -> bool:
    return content.startswith(_BEGINNINGS) or _is_webp(content)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _as_png(content: bytes, name: str) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=["WEBP"]) as picture:
            kept = {"exif": exif} if (exif := picture.info.get("exif")) else {}
            made = io.BytesIO()
            picture.save(made, "PNG", compress_level=1, **kept)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise WrongUse(f"The photo {shown(name)} is a damaged WebP file.") from error
    return made.getvalue()
