import tempfile
from collections.abc import Callable
from contextlib import suppress
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.policy import HTTP
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from urllib3 import encode_multipart_formdata

from reference_server.refusals import InvalidArgument
from reference_server.request import form
from reference_server.request.form import MAX_FIELDS, MAX_HEADER_BYTES, PIECE, READERS, read_form
from tests.support.memory import peak_memory
from verikit.contract import load_contract

Encode = Callable[..., tuple[str, bytes]]

URL_ENCODED = "application/x-www-form-urlencoded"


def multipart(*fields: tuple[str, object]) -> tuple[str, bytes]:
    body, content_type = encode_multipart_formdata(fields)
    return content_type, body


def url_encoded(*fields: tuple[str, str]) -> tuple[str, bytes]:
    return URL_ENCODED, urlencode(fields).encode()


def test_the_media_types_are_the_contracts() -> None:
    assert tuple(READERS) == load_contract().media_types


def test_url_encoded_fields_keep_their_order_and_repetitions() -> None:
    assert read_form(URL_ENCODED, b"a=1&b=&a=2&&c") == [
        ("a", b"1"),
        ("b", b""),
        ("a", b"2"),
        ("", b""),
        ("c", b""),
    ]


def test_media_type_may_carry_parameters_in_any_case() -> None:
    assert read_form("Application/X-WWW-Form-URLencoded; charset=UTF-8", b"a=1") == [("a", b"1")]


@given(
    st.lists(
        st.sampled_from(
            [
                *(b"%", b"%2B", b"%2b", b"%25", b"%3D", b"%2F", b"2", b"B", b"+", b"%ff", b"x"),
                *(b"%0a", b"%70", b"%00"),
            ]
        )
    )
)
def test_percent_decoding_is_the_standard_librarys(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    assert read_form(URL_ENCODED, b"a=" + text) == [("a", unquote_to_bytes(text))]


@pytest.mark.parametrize("shift", range(5))
@pytest.mark.parametrize("escape", [b"%41", b"%%4", b"%4", b"%"])
def test_percent_decoding_knows_no_seams(
    monkeypatch: pytest.MonkeyPatch, shift: int, escape: bytes
) -> None:
    monkeypatch.setattr(form, "PIECE", 1024)
    text = b"x" * shift + escape * 4 * 1024
    assert read_form(URL_ENCODED, b"a=" + text) == [("a", unquote_to_bytes(text))]


@pytest.mark.parametrize("escape", [b"%", b"%41"])
def test_percent_decoding_takes_little_memory(escape: bytes) -> None:
    body = b"a=" + escape * (4_000_000 // len(escape))
    assert peak_memory(lambda: read(URL_ENCODED, body)) < 5 * len(body)


def read(kind: str, body: bytes) -> None:
    with suppress(InvalidArgument):
        read_form(kind, body)


PART = b'--x\r\nContent-Disposition: form-data; name="a"'


@pytest.mark.parametrize(
    "body",
    [
        PART + b"; a=b" * 800_000,
        PART + b"; a=b" * 800_000 + b"\r\n\r\n\r\n--x--",
        PART + b"\r\nX: y" * 800_000 + b"\r\n\r\n\r\n--x--",
        (PART + b"; a=b" * 500 + b"\r\n\r\n\r\n") * 1_000 + b"--x--",
    ],
    ids=["unfinished", "one line", "many lines", "in many parts"],
)
def test_headers_of_megabytes_are_refused(body: bytes) -> None:
    kind = "multipart/form-data; boundary=x"
    with pytest.raises(InvalidArgument) as refused:
        read_form(kind, body)
    assert "headers" in refused.value.message


def test_unfinished_headers_take_little_memory() -> None:
    body = PART + b"; a=b" * 800_000
    took = peak_memory(lambda: read("multipart/form-data; boundary=x", body))
    assert took < 5 * MAX_HEADER_BYTES


def test_a_part_keeps_its_bytes() -> None:
    data = bytes(range(256)) * 2048 + b"\r\n--y\r\n--x-y\r\n"
    body = PART + b"\r\n\r\n" + data + b"\r\n--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--"
    assert read_form("multipart/form-data; boundary=x", body) == [("a", data), ("", b"")]


def test_multipart_takes_fields_and_file_parts_of_megabytes() -> None:
    large = "A" * 3_000_000
    kind, body = multipart(("text", large), ("file", ("photo.txt", large)))
    assert dict(read_form(kind, body)) == {"text": large.encode(), "file": large.encode()}


def test_a_large_file_part_never_becomes_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    kind, body = multipart(("file", ("photo.txt", "A" * 3_000_000)))
    assert len(read_form(kind, body)[0][1]) == 3_000_000


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b"a=1"),
        ("application/json", b"{}"),
        ("text/plain", b"a=1"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"nothing"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n"),
        ("multipart/form-data; boundary=\u00e9", b"--x--"),
    ],
)
def test_what_is_no_form_is_an_invalid_argument(kind: str, body: bytes) -> None:
    with pytest.raises(InvalidArgument):
        read_form(kind, body)


@pytest.mark.parametrize("excess", [0, 1])
@pytest.mark.parametrize("encode", [multipart, url_encoded])
def test_fields_are_limited_in_number(encode: Encode, excess: int) -> None:
    kind, body = encode(*((f"field{n}", "x") for n in range(MAX_FIELDS + excess)))
    if not excess:
        assert len(read_form(kind, body)) == MAX_FIELDS
        return
    with pytest.raises(InvalidArgument) as refused:
        read_form(kind, body)
    assert f"more than {MAX_FIELDS} fields" in refused.value.message


@given(st.sampled_from([URL_ENCODED, "multipart/form-data; boundary=x"]), st.binary())
def test_any_bytes_are_fields_or_an_invalid_argument(kind: str, body: bytes) -> None:
    with suppress(InvalidArgument):
        read_form(kind, body)


NAMES = st.text(st.characters(codec="ascii", categories=["L", "N", "Pd"]), min_size=1, max_size=9)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=300), st.booleans()), min_size=1, max_size=9))
def test_what_others_write_as_multipart_is_read_back(
    fields: list[tuple[str, bytes, bool]],
) -> None:
    """By the writers of urllib3 and of the standard library; a file part counts by its content."""
    body, kind = encode_multipart_formdata(
        [(name, ("x.jpg", value) if is_file else value) for name, value, is_file in fields]
    )
    expected = [(name, value) for name, value, _ in fields]
    assert read_form(kind, body) == expected
    message = MIMEMultipart("form-data")
    for name, value, _ in fields:
        part = MIMEApplication(value, _encoder=lambda _: None)
        part.add_header("Content-Disposition", "form-data", name=name)
        message.attach(part)
    written = message.as_bytes(policy=HTTP)
    assume(
        all(b"\r" not in value and b"\n" not in value for _, value, _ in fields)
    )  # it turns them
    body = written.partition(b"\r\n\r\n")[2]
    assert read_form(message["Content-Type"], body) == expected


@pytest.mark.parametrize("line", [b"\r", b"\n", b"\r\n", b"q", b"--b", b"\r\n--b q"])
def test_what_precedes_a_multipart_form_is_not_searched_for_long(line: bytes) -> None:
    kind, body = multipart(("a", "1"))
    long = line * (2 * PIECE // len(line)) + b"\r\n" + body
    with pytest.raises(InvalidArgument):
        read_form(kind, long)
    assert read_form(kind, line * 10 + b"\r\n" + body) == [("a", b"1")]
