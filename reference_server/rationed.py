"""A file in memory that lets no parser read it in countless small steps."""

from __future__ import annotations

from io import BytesIO


class TooManyReads(ValueError):  # noqa: N818 - a finding about the file
    """The file is made of more pieces than any encoder writes."""


class RationedFile(BytesIO):
    """Counts reads: a parser in Python spends its time by piece and not by byte.

    ``reads``: how many are left; it may be set anew.
    """

    def __init__(self, content: bytes, reads: int) -> None:
        super().__init__(content)
        self.reads = reads

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file.

        Raises:
            TooManyReads: the ration is used up.
        """
        self.reads -= 1
        if self.reads < 0:
            raise TooManyReads
        return super().read(size)
