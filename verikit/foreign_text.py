"""Text that a server or a foreign file brought, made fit to be shown.

>>> shown("\\x1b[2JAll passed")
'\\\\x1b[2JAll passed'
>>> shown("a" * 300, limit=4)
'aaaa... (cut: 300 characters)'
"""

from __future__ import annotations

import unicodedata

LIMIT = 300
"""Characters that are shown of one text."""
LINE_LIMIT, LINES = 2_000, 60
"""Characters of a line and lines that are shown of a message."""


def shown(text: str | bytes, *, limit: int = LIMIT) -> str:
    """The text in one line, without anything that a terminal or a reader's eye would obey.

    Control characters, bidirectional overrides, line breaks, invisible and unpaired characters
    become escapes such as ``\\x1b``. What is longer than ``limit`` characters is cut, and said to
    be. Markup stays: HTML, XML and JSON escape it when they are written.
    """
    size = len(text)
    kept = text[:limit]
    if isinstance(kept, bytes):
        kept = kept.decode("utf-8", "backslashreplace")
    unit = "bytes" if isinstance(text, bytes) else "characters"
    if not kept.isprintable():
        kept = "".join(letter if letter.isprintable() else _escaped(letter) for letter in kept)
    return f"{kept}... (cut: {size:,} {unit})" if size > limit else kept


def composed(name: str) -> str:
    """A name in composed characters (NFC), as most systems but macOS write it."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def in_lines(text: str) -> str:
    """:func:`shown` for a message of ours, line by line, that may quote what others wrote."""
    lines = text.split("\n")
    more = [f"... (cut: {len(lines)} lines)"] if len(lines) > LINES else []
    return "\n".join([*(shown(line, limit=LINE_LIMIT) for line in lines[:LINES]), *more])


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
