"""Numbers with their nouns."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts.

    >>> counted(1, "pair"), counted(2500, "pair"), counted(0, "person", "people")
    ('1 pair', '2,500 pairs', '0 people')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
