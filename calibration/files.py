"""Files: digests and atomic writes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def file_digest(path: Path) -> str:
    """The SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file atomically: under another name, synced to disk, and renamed at the end.

    Only its owner can read the file, even if it replaces one that others could read.
    """
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            yield file
            sync(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)
    _sync_folder(path.parent)


def sync(file: IO[bytes] | IO[str]) -> None:
    """Sync what was written to disk."""
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """The name of a new file is in its folder, which reaches the disk on its own."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
