"""Where the bytes of a photo come from, by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from verikit.errors import WrongUse

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff"}


class Photos(Protocol):
    """Reads photo files by name."""

    def read(self, name: str) -> bytes:
        """The file as it is.

        Raises:
            WrongUse: there is no such photo.
        """


class Folder:
    """Photo files below a folder; names are paths within it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def read(self, name: str) -> bytes:
        """The file as it is; names that lead out of the folder are refused."""
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise WrongUse(f"The photo {name} lies outside {self._root}: give --photos its folder.")
        try:
            return path.read_bytes()
        except OSError as error:
            raise WrongUse(f"The photo {path} cannot be read: {error.strerror}.") from error

    def names(self) -> list[str]:
        """Every photo in the folder of a person, as Person/photo.jpg."""
        found = (p for p in self._root.glob("*/*") if p.suffix.lower() in ENDINGS)
        return sorted(str(path.relative_to(self._root)) for path in found)
