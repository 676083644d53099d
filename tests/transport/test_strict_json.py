import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verikit.transport.strict_json import DEEPEST, NotStrictJson, number, read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_every_reader_reads_alike_is_read(value: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(NotStrictJson):
        read_json(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"code":1,"code":2}', "the member code occurs twice"),
        (b'{"a":{"b":1,"\\u0062":2}}', "the member b occurs twice"),
        (b'{"\\ud800":1}', "half of a surrogate pair"),
        (b'["\\udfff"]', "half of a surrogate pair"),
        (b"1e999", "is out of range"),
        (b"-1e999", "is out of range"),
        (b"9" * 4299, "a number has 4,299 characters"),
        (b"0." + b"1" * 100, "a number has 102 characters"),
        (b"NaN", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[" * 100_000, "nested more than"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested more than"),
        (b"\xef\xbb\xbf{}", "Expecting value"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"),
        (b"", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b'"\x1b"', "Invalid control character"),
    ],
)
def test_the_rest_is_refused_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(NotStrictJson, match=why):
        read_json(content)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read_json(b'"\\ud83d\\ude42"') == "\U0001f642"


def test_nesting_is_counted_outside_strings() -> None:
    assert read_json(b"[" * DEEPEST + b"]" * DEEPEST)
    assert read_json(b'{"a":"' + b'[{\\"' * 100 + b'"}')


@pytest.mark.parametrize(
    "content",
    [
        b'"' + b'\\"' * 500_000 + b"[" * 70,
        b"[" * 70 + b'"\\' * 300_000,
        b'"' * 999_999 + b"[" * 70,
        b'{"a":' * 200_000,
    ],
)
def test_a_mebibyte_takes_no_more_than_a_moment(content: bytes) -> None:
    start = time.process_time()
    with pytest.raises(NotStrictJson):
        read_json(content)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "found"),
    [("1", 1.0), ("0.5", 0.5), *((text, None) for text in ("true", "false", "null", '"1"', "[1]"))],
)
def test_what_is_a_number(text: str, found: float | None) -> None:
    assert number(read_json(text.encode())) == found
