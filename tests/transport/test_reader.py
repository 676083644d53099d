"""Answers as bytes, and what the reader makes of them; RFC 9112, section 6.3 above all."""

from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verikit.errors import BadAnswer, Broken, NotTrusted
from verikit.transport.reader import Answer, Limits, Reader

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 2\r\n\r\n{}"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"


def read(content: bytes, *, method: str = "POST", limits: Limits | None = None) -> Answer:
    reader = Reader(method, limits or Limits())
    if not reader.feed(content):
        reader.end()
    return reader.answer()


def test_an_answer_is_read() -> None:
    answer = read(OK + b"Server: A\r\nX: 1\r\nx:\t2 \r\n" + LENGTH)
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"{}")
    assert answer.headers == {"server": "A", "x": "1, 2", "content-length": "2"}
    assert answer.findings == ()
    assert answer.json == {}


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (OK + LENGTH, b"{}"),
        (b"HTTP/1.1 200\r\n" + LENGTH, b"{}"),
        (b"HTTP/1.0 200 OK\r\n" + LENGTH, b"{}"),
        (OK + b"\r\nto the end", b"to the end"),
        (CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
        (CHUNKED + b'\r\n1;a="b"\r\n{\r\n1 \r\n}\r\n0\r\nTrailer: x\r\n\r\n', b"{}"),
        (b"HTTP/1.1 204 No\r\n\r\n", b""),
        (b"HTTP/1.1 304 No\r\nContent-Length: 10\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH, b"{}"),
        (b"HTTP/1.1 102 P\r\nX: y\r\n\r\nHTTP/1.1 103 E\r\nLink: z\r\n\r\n" + OK + LENGTH, b"{}"),
    ],
)
def test_framing_that_the_rfcs_allow_is_no_finding(content: bytes, body: bytes) -> None:
    answer = read(content)
    assert (answer.body, answer.findings) == (body, ())
    assert "link" not in answer.headers


def test_an_answer_to_head_has_no_body() -> None:
    assert read(OK + b"Content-Length: 10\r\n\r\n", method="HEAD").body == b""


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (OK + b"Content-Length: 2\r\n" + LENGTH, "Content-Length occurs more than once"),
        (OK + b"Content-Length: 2, 2\r\n\r\n{}", "Content-Length occurs more than once"),
        (
            CHUNKED + b"Content-Length: 9\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "Content-Length occurs with Transfer-Encoding",
        ),
        (
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding occurs in an HTTP/1.0 response",
        ),
        (OK + b"X: a\r\n b\r\n" + LENGTH, "A header line is folded"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", "A header line ends with LF"),
        (OK + LENGTH + b"HTTP/1.1 200 OK\r\n\r\n", "Bytes follow the response: HTTP/1.1 200"),
        (OK + b"X: \x1b[2J\r\n" + LENGTH, r"A header contains a control character: .*\\x1b"),
        (OK + b"Content-Encoding: gzip\r\n" + LENGTH, "compressed though .* not asked for: gzip"),
    ],
)
def test_what_breaks_a_rule_and_can_be_read_is_a_finding(content: bytes, finding: str) -> None:
    answer = read(content)
    assert answer.body == b"{}"
    assert len(answer.findings) == 1
    with pytest.raises(AssertionError, match=finding):
        raise AssertionError(answer.findings[0])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (OK + b"Content-Length: 7\r\n" + LENGTH, "Content-Length has two values: 7, 2"),
        (OK + b"Content-Length: -5\r\n\r\n{}", "not a number of bytes: -5"),
        (OK + b"Content-Length: +2\r\n\r\n{}", "not a number of bytes"),
        (OK + b"Content-Length: 0x2\r\n\r\n{}", "not a number of bytes"),
        (OK + b"Content-Length: \xb2\r\n\r\n{}", "not a number of bytes"),
        (OK + b"Content-Length:\r\n\r\n{}", "not a number of bytes"),
        (OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", "not a number of bytes"),
        (OK + b"Content-Length: 10000000000000\r\n\r\n", "more than the 1,048,576 bytes"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "is not chunked: gzip, chunked"),
        (OK + b"Transfer-Encoding: identity\r\n" + LENGTH, "is not chunked: identity"),
        (CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n", "is not chunked: chunked, chunked"),
        (CHUNKED + b"\r\nzz\r\n", "the size of a chunk is invalid: zz"),
        (CHUNKED + b"\r\n-1\r\n", "the size of a chunk is invalid: -1"),
        (CHUNKED + b"\r\n0x1\r\n", "the size of a chunk is invalid"),
        (CHUNKED + b"\r\n" + b"f" * 16 + b"\r\n", "the size of a chunk is invalid"),
        (CHUNKED + b"\r\nfffffff\r\n", "more than the 1,048,576 bytes"),
        (CHUNKED + b"\r\n2\n{}\r\n0\r\n\r\n", "does not end with CR LF"),
        (CHUNKED + b"\r\n1\r\n{}\r\n0\r\n\r\n", "the length of a chunk differs from its size"),
        (CHUNKED + b"\r\n0\r\nno trailer\r\n\r\n", "a header line is invalid: no trailer"),
        (OK + b"Na\x00me: x\r\n" + LENGTH, "a NUL is in the header section"),
        (OK + b"X: a\rb\r\n" + LENGTH, "a bare CR is in the header section"),
        (OK + b"X : y\r\n" + LENGTH, "a header line is invalid: X : y"),
        (OK + b": y\r\n" + LENGTH, "a header line is invalid: : y"),
        (OK + b"no colon\r\n" + LENGTH, "a header line is invalid: no colon"),
        (OK + b" X: y\r\n" + LENGTH, "a header line is invalid:  X: y"),
        (b"HTTP/2.0 200 OK\r\n" + LENGTH, "not an HTTP/1.1 response: HTTP/2.0"),
        (b"HTTP/1.1 099 OK\r\n" + LENGTH, "the status line is not HTTP/1.1"),
        (b"HTTP/1.1 99999 OK\r\n" + LENGTH, "the status line is not HTTP/1.1"),
        (b"HTTP/1.1 600 OK\r\n" + LENGTH, "the status line is not HTTP/1.1"),
        (b"HTTP/1.1  200 OK\r\n" + LENGTH, "the status line is not HTTP/1.1"),
        (b"HTTP/1.10 200 OK\r\n" + LENGTH, "the status line is not HTTP/1.1"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "though no other protocol was requested"),
        (b'{"code": 1000}', r'not an HTTP/1.1 response: {"code": 1000}'),
        (b"\x1b]0;title\x07\r\n\r\n", r"not an HTTP/1.1 response: \\x1b\]0;title\\x07"),
        (b"SSH-2.0-OpenSSH\r\n", "not an HTTP/1.1 response: SSH"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "more than 32 interim responses"),
        (OK + b"X: " + b"a" * 70_000, "the header section has more than 65,536 bytes"),
        (OK + b"X: y\r\n" * 20_000 + b"\r\n", "the header section has more than 65,536 bytes"),
        (b"HTTP/1.1 103 E\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", None),
        (OK + b"\r\n" + b" " * 1_048_577, "more than the 1,048,576 bytes"),
        (CHUNKED + b"\r\n1;" + b"a" * 2000, "a line between chunks has more than 1,024 bytes"),
        (CHUNKED + b"\r\n0\r\n" + b"X: y\r\n" * 20_000, "the header section has more than"),
        (
            CHUNKED + b"\r\n" + (b"1;" + b"a" * 1000 + b"\r\n{\r\n") * 1100,
            "the chunks have more than 1,048,576 bytes of framing",
        ),
    ],
)
def test_what_cannot_be_read_without_guessing_is_none(content: bytes, why: str | None) -> None:
    if why is None:  # the bounds hold for interim responses and the answer together
        content, why = content * 2, "the header section has more than 65,536 bytes"
    with pytest.raises(BadAnswer, match=why) as caught:
        read(content)
    assert str(caught.value).isprintable()


def test_tls_is_no_malformed_response() -> None:
    with pytest.raises(NotTrusted, match="it uses TLS: write https://"):
        read(b"\x15\x03\x01\x00\x02\x02\x16")


@pytest.mark.parametrize(
    ("content", "begun"),
    [
        (b"", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (OK + b"X: y\r\n", True),
        (OK + b"Content-Length: 3\r\n\r\n{}", True),
        (CHUNKED + b"\r\n2\r\n{}\r\n", True),
    ],
)
def test_an_end_before_the_end_is_a_broken_answer(content: bytes, begun: bool) -> None:
    with pytest.raises(Broken) as caught:
        read(content)
    assert caught.value.begun is begun


@pytest.mark.parametrize(
    ("head", "lasting"),
    [
        (OK, True),
        (OK + b"Connection: close\r\n", False),
        (OK + b"Connection: x, Close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_a_connection_lasts_as_the_answer_says(head: bytes, lasting: bool) -> None:
    reader = Reader()
    assert reader.feed(head + LENGTH)
    assert reader.lasting is lasting
    assert not Reader().lasting


@pytest.mark.parametrize(
    ("head", "lasting"),
    [
        (CHUNKED, True),
        (CHUNKED + b"Content-Length: 9\r\n", False),
        (
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n",
            False,
        ),
    ],
)
def test_a_connection_ends_where_others_may_see_another_end(head: bytes, lasting: bool) -> None:
    reader = Reader()
    assert reader.feed(head + b"\r\n2\r\n{}\r\n0\r\n\r\n")
    assert reader.lasting is lasting


def test_a_compressed_body_is_no_json() -> None:
    answer = read(OK + b"Content-Encoding: GZIP\r\n" + LENGTH)
    assert (answer.json, answer.fields) == (None, {})
    assert answer.no_json == "it is compressed: GZIP"


# The pieces of answers, right and wrong, for machines to combine.
LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n",
        b"HTTP/1.0 404 Not Found\r\n",
        b"Content-Length: 2\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"X: y\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"2\r\n{}\r\n",
        b"0\r\n\r\n",
        b"{}",
        b"\x00",
    ]
)
ANSWERS = st.lists(LINES | st.binary(max_size=3), max_size=12).map(
    lambda lines: b"HTTP/1.1 200 OK\r\n" + b"".join(lines)
)


def outcome(content: bytes, pieces: list[int]) -> Any:
    reader = Reader()
    places = sorted({min(place, len(content)) for place in pieces} | {len(content)})
    try:
        for start, end in zip([0, *places], places, strict=False):
            if reader.feed(content[start:end]):
                break
        else:
            reader.end()
    except (BadAnswer, Broken, NotTrusted) as error:
        return type(error)
    answer = reader.answer()
    return answer.status, answer.headers, answer.body


@given(ANSWERS | st.binary(), st.lists(st.integers(0, 200), max_size=6))
def test_any_bytes_are_read_alike_however_they_come(content: bytes, pieces: list[int]) -> None:
    assert outcome(content, pieces) == outcome(content, [])


@given(ANSWERS)
def test_a_clean_answer_is_one_to_another_reader_too(content: bytes) -> None:
    try:
        answer = read(content)
    except (BadAnswer, Broken, NotTrusted):
        return
    if not answer.findings:
        assert _by_h11(content) == (answer.status, answer.body)


def _by_h11(content: bytes) -> tuple[int, bytes]:
    other = h11.Connection(h11.CLIENT)
    other.send(h11.Request(method="POST", target="/", headers=[("Host", "x")]))
    other.send(h11.EndOfMessage())
    other.receive_data(content)
    other.receive_data(b"")
    status, body = 0, b""
    while True:
        event = other.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return status, body
        assert not isinstance(event, h11.ConnectionClosed)
