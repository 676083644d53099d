import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verikit import foreign_text
from verikit.foreign_text import shown


def test_the_examples_hold() -> None:
    assert doctest.testmod(foreign_text).failed == 0


@given(st.text() | st.binary(), st.integers(0, 400))
def test_any_text_becomes_one_bounded_printable_line(text: str | bytes, limit: int) -> None:
    line = shown(text, limit=limit)
    assert line.isprintable()
    line.encode()
    assert len(line) <= 10 * limit + 50


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Grüße, 顔, \U0001f642", "Grüße, 顔, \U0001f642"),
        ("\x1b]0;title\x07\x1b[2J", r"\x1b]0;title\x07\x1b[2J"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("one\r\ntwo\u2028three", r"one\r\ntwo\u2028three"),
        ("\ud800", r"\ud800"),
        ("\x9b31m", r"\x9b31m"),
        (b"\xff\x1b", r"\xff\x1b"),
    ],
)
def test_what_a_terminal_or_an_eye_would_obey_is_escaped(text: str | bytes, line: str) -> None:
    assert shown(text) == line


def test_a_long_text_is_cut_and_said_to_be() -> None:
    assert shown("x" * 1000, limit=10) == "x" * 10 + "... (cut: 1,000 characters)"
    assert shown("x" * 10, limit=10) == "x" * 10
