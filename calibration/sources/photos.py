"""Where the bytes of a photo come from, by its name."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any, Protocol

import numpy as np

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


class BinFile:
    """An InsightFace .bin set: a pickle of encoded photos and of one label for each two."""

    def __init__(self, path: Path) -> None:
        try:
            photos, self.same = _Plain(io.BytesIO(path.read_bytes()), encoding="bytes").load()
            self._photos = [bytes(photo) for photo in photos]
            self.same = [bool(label) for label in self.same]
        except (OSError, pickle.UnpicklingError, EOFError, ValueError, TypeError) as error:
            raise WrongUse(f"{path} is no .bin set of photos and labels: {error}.") from error
        if len(self._photos) != 2 * len(self.same):
            raise WrongUse(f"{path} does not hold two photos for each label.")

    def read(self, name: str) -> bytes:
        """The photo of a number."""
        return self._photos[int(name)]


class _Plain(pickle.Unpickler):
    """Loads lists, bytes, booleans and numpy arrays, and nothing that could run code."""

    _ALLOWED = frozenset(
        {
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("_codecs", "encode"),
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"it wants to load {module}.{name}")
        if name == "_reconstruct":
            return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        return super().find_class(module, name)
