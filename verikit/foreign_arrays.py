"""Arrays from untrusted ``.npy`` and ``.npz`` files.

Nothing is unpickled, and sizes are checked before memory is allocated.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

from verikit.errors import WrongUse, in_words
from verikit.foreign_text import composed

_ALWAYS = 1 << 30
_UNPACKED = 50
"""No arrays of numbers shrink to less than a fiftieth; what says so is made to fill the memory."""


def arrays_of(path: Path, what: str, names: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """The arrays of an .npz by name, of any shape, or only those of ``names``.

    ``what`` says in errors what the file should contain.

    Raises:
        WrongUse: it is no .npz, is damaged, or would unpack to far more than its size.
    """
    try:
        _refuse_bomb(path)
        with path.open("rb") as opened, NpzFile(opened, allow_pickle=False) as file:
            wanted = [name for name in file.files if not names or name in names]
            return {name: _readable(file[name]) for name in wanted}
    except Exception as error:  # numpy raises nearly anything over a damaged file
        if isinstance(error, WrongUse) or _names_its_file(error):
            raise
        _refuse_objects(path, error)
        raise WrongUse(
            f"{path} is not an .npz of {what}, or is damaged: {in_words(error)}"
        ) from error


def names_in(path: Path) -> list[str]:
    """The names of the arrays of an .npz; empty if the file is not one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [entry.removesuffix(".npy") for entry in archive.namelist()]
    except Exception:  # zipfile raises nearly anything over a damaged file, too
        return []


def array_of(path: Path) -> np.ndarray:
    """The array of an .npy, of any shape, mapped into memory.

    Raises:
        WrongUse: it is not an .npy, or is damaged.
    """
    try:
        return _readable(np.lib.format.open_memmap(path, mode="r"))
    except Exception as error:  # as above
        if _names_its_file(error):
            raise
        _refuse_objects(path, error)
        raise WrongUse(f"{path} is not an .npy, or is damaged: {in_words(error)}") from error


def names_of(array: np.ndarray, spelled: Callable[[str], str] = str) -> np.ndarray:
    """The names in an array, of its shape: without blanks around them, in composed characters.

    ``spelled`` says how a name is written that can be written in several ways.

    Raises:
        ValueError: one is empty or not a number.
    """
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ValueError("a name is missing")
    written, place = np.unique(array.astype(str), return_inverse=True)
    names = [spelled(composed(name.strip())) for name in written.tolist()]
    if not all(names):
        raise ValueError("a name is missing")
    return np.array(names, str)[place].reshape(array.shape)


def _names_its_file(error: Exception) -> bool:
    """A damaged header can end in a SyntaxError, which names a file of Python code."""
    return isinstance(error, OSError) and error.filename is not None


def _refuse_objects(path: Path, error: Exception) -> None:
    if "Python objects" in str(error) or "Object arrays" in str(error):
        raise WrongUse(
            f"{path} contains Python objects, which are never loaded: save numbers or text, for "
            "example names.astype(str)."
        ) from error


def _readable(array: object) -> np.ndarray:
    """An array whose text is characters: bytes are taken for UTF-8.

    Raises:
        ValueError: it is no array, is of records, or its text holds what is no character.
    """
    if not isinstance(array, np.ndarray):
        raise ValueError("a member is no array")
    if array.dtype.kind == "V":
        raise ValueError("an array is of records")
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8")
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        numbers = np.ascontiguousarray(array).view(np.uint32)
        if not array.dtype.isnative:
            numbers = numbers.byteswap()
        if numbers.max() > sys.maxunicode:
            raise ValueError("a text contains what is no character")
    return array


def _refuse_bomb(path: Path) -> None:
    room = max(_ALWAYS, _UNPACKED * path.stat().st_size)
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > room:
            raise WrongUse(f"{path} unpacks to more than {_UNPACKED} times its size.")
