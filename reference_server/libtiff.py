"""How Pillow reads TIFF: by libtiff, and quietly."""

from __future__ import annotations

import ctypes

from PIL import TiffImagePlugin, _imaging


def read_by_libtiff() -> None:
    """Have libtiff read every TIFF, and keep it from writing to standard error.

    Pillow's own reader keeps a Python object for each strip or tile: gigabytes, if they are tiny.
    What libtiff minds about a file would stand between the lines of the log.
    """
    TiffImagePlugin.READ_LIBTIFF = True
    pillow = ctypes.CDLL(_imaging.__file__)  # finds the names of its libraries, too
    set_handler = getattr(pillow, "TIFFSetErrorHandler", None)
    if set_handler is not None:  # None: a Pillow that hides its libtiff, or has none
        set_handler(None)
