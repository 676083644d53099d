"""Builds the body of a request from two photos and the options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

from verikit.client.errors import PHOTOS
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets, url_encoded

Photo: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO
"""A photo: the bytes of its file, the path of its file, or a file open for reading bytes."""

MEDIA_TYPE = load_contract().media_types[0]


def read_photo(photo: Photo) -> bytes:
    """The bytes of a photo's file.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(photo, str | os.PathLike):
        return Path(photo).read_bytes()
    if isinstance(photo, bytes | bytearray | memoryview):
        return bytes(photo)
    return photo.read()


def form(first: Photo, second: Photo, options: Mapping[str, bool], secrets: Secrets) -> bytes:
    """The url-encoded form: both photos, encrypted, and the options that are true."""
    photos = [
        f"{name}=".encode() + url_encoded(secrets.encrypt_to_base64(read_photo(photo)))
        for name, photo in zip(PHOTOS, (first, second), strict=True)
    ]
    return b"&".join(photos + [f"{name}=true".encode() for name, on in options.items() if on])
