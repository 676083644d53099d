"""Reads an answer of HTTP/1.1 from bytes, strictly and within bounds; it opens no connection.

RFC 9112 says how an answer is framed, RFC 9110 what its fields may hold. What cannot be read
without guessing raises :class:`BadAnswer`; what can be read and still breaks a rule is kept as a
finding of the answer. h11 tells neither: it passes over two equal Content-Lengths, over one beside
a Transfer-Encoding and over folded lines, and bounds neither body nor interim answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from verikit.errors import BadAnswer, Broken, NotTrusted
from verikit.foreign_text import shown
from verikit.transport.strict_json import NotStrictJson, read_json

MIB = 1 << 20
SWITCHING_PROTOCOLS = 101
WITHOUT_BODY = {204, 304}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of one answer is read, in bytes.

    ``head`` bounds all of its header sections together: interim answers, the answer, trailers.
    ``chunking`` bounds the lines between the chunks, and ``chunk_line`` each of them.
    """

    body: int = MIB
    head: int = 64 * 1024
    interim: int = 32
    chunking: int = MIB
    chunk_line: int = 1024


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer.

    Attributes:
        status: from 200 to 599.
        reason: the words after the status; foreign text.
        headers: by name in lower case; the values of a name that occurs twice, joined by commas.
        body: as it came, without its chunks' frames.
        head: the bytes of status line and header section.
        findings: sentences on what breaks RFC 9110 or 9112 though it could be read; what the
            server wrote follows a colon.
        seconds: from the first byte sent to the last byte read.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    head: bytes
    findings: tuple[str, ...] = ()
    seconds: float = 0.0

    @cached_property
    def _read(self) -> tuple[Any, str]:
        if self.is_compressed:
            return None, f"it is compressed: {shown(self.headers['content-encoding'], limit=40)}"
        try:
            return read_json(self.body), ""
        except NotStrictJson as error:
            return None, str(error)

    @property
    def is_compressed(self) -> bool:
        """Whether the body is compressed, which no request asks for."""
        return self.headers.get("content-encoding", "identity").lower() != "identity"

    @property
    def json(self) -> Any:
        """The body as strict JSON, None when it is none."""
        return self._read[0]

    @property
    def no_json(self) -> str:
        """Why the body is no strict JSON; empty when it is."""
        return self._read[1]

    @property
    def fields(self) -> Mapping[str, Any]:
        """The JSON object, or an empty one."""
        return self.json if isinstance(self.json, dict) else {}

    @property
    def is_server_error(self) -> bool:
        """Whether the server failed, whatever was asked: the status is a 5xx."""
        return self.status >= 500


_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([^\r\n]*))?")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(rb"\x00|\r(?!\n)")
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,19}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_TLS_RECORD = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")


class Reader:
    """One answer, fed as it comes.

    Args:
        method: the request's, as an answer to HEAD has no body.
        limits: what is read at most.

    ``feed`` and ``end`` raise :class:`BadAnswer`, ``feed`` also :class:`NotTrusted` for TLS, and
    ``end`` :class:`Broken`.
    """

    def __init__(self, method: str = "POST", limits: Limits = LIMITS) -> None:
        self._method = method
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._heads = 0
        self._interim = 0
        self._step = self._read_head
        self._needed = 0
        self._framing = 0
        self._body = bytearray()
        self._findings: list[str] = []
        self._status, self._reason, self._head = 0, "", b""
        self._headers: dict[str, str] = {}
        self._last = False
        self.complete = False

    @property
    def begun(self) -> bool:
        """Whether the head of the answer, not of an interim one, was read."""
        return self._status != 0

    @property
    def lasting(self) -> bool:
        """Whether the connection can carry another request after this answer."""
        return self.complete and not self._last and not self._buffer

    def feed(self, content: bytes) -> bool:
        """Parse more bytes; returns whether the answer is complete."""
        self._buffer += content
        while not self.complete and self._step():
            pass
        return self.complete

    def end(self) -> None:
        """Note the end of the connection; the answer is complete afterwards."""
        if self.complete:
            return
        if self._step != self._read_to_the_end:
            begun = self.begun or bool(self._buffer)
            what = "before the end of the response" if begun else "without a response"
            raise Broken(f"the connection was closed {what}", begun=begun)
        self.complete = True

    def answer(self, seconds: float = 0.0) -> Answer:
        """The complete answer."""
        if self._buffer:
            self._findings.append(f"Bytes follow the response: {shown(bytes(self._buffer))}")
        return Answer(
            status=self._status,
            reason=self._reason,
            headers=self._headers,
            body=bytes(self._body),
            head=self._head,
            findings=tuple(self._findings),
            seconds=seconds,
        )

    def _read_head(self) -> bool:
        end = _HEAD_END.search(self._buffer, max(0, self._searched - 2))
        if end is None:
            self._searched = len(self._buffer)
            self._bound_heads(self._searched)
            self._demand_http()
            return False
        self._demand_http()
        self._bound_heads(end.end())
        self._heads += end.end()
        head = bytes(self._buffer[: end.end()])
        del self._buffer[: end.end()]
        self._searched = 0
        status, version = self._read_lines(head)
        if status < 200:
            self._pass_over(status)
            return True
        self._head = head
        self._status = status
        self._frame(version)
        return True

    def _bound_heads(self, size: int) -> None:
        if self._heads + size > self._limits.head:
            raise BadAnswer(f"the header section has more than {self._limits.head:,} bytes")

    def _demand_http(self) -> None:
        start = bytes(self._buffer[:7])
        if start.startswith(b"HTTP/1."[: len(start)]):
            return
        if _TLS_RECORD.match(start):
            raise NotTrusted("it uses TLS: write https:// instead of http://")
        raise BadAnswer(f"this is not an HTTP/1.1 response: {shown(bytes(self._buffer[:80]))}")

    def _pass_over(self, status: int) -> None:
        """An interim answer, of which there may be any number (RFC 9110, section 15.2)."""
        self._interim += 1
        if status == SWITCHING_PROTOCOLS:
            raise BadAnswer("the status is 101, though no other protocol was requested")
        if self._interim > self._limits.interim:
            raise BadAnswer(f"more than {self._limits.interim} interim responses came")
        self._headers = {}

    def _read_lines(self, head: bytes) -> tuple[int, int]:
        """Status and minor version; the header fields go where they belong."""
        if bad := _FORBIDDEN.search(head):
            what = "NUL" if bad[0] == b"\0" else "bare CR"
            raise BadAnswer(f"a {what} is in the header section: {shown(_around(head, bad))}")
        if control := _CONTROL.search(head):
            self._find(f"A header contains a control character: {shown(_around(head, control))}")
        lines = head.rstrip(b"\r\n").split(b"\r\n")
        if b"\n" in b"".join(lines) or not head.endswith(b"\r\n\r\n"):
            self._find("A header line ends with LF instead of CR LF")
            lines = head.rstrip(b"\r\n").replace(b"\r\n", b"\n").split(b"\n")
        first = _STATUS_LINE.fullmatch(lines[0])
        if not first:
            raise BadAnswer(f"the status line is not HTTP/1.1: {shown(lines[0])}")
        self._reason = (first[3] or b"").decode("latin-1")
        self._headers = self._fields(lines[1:])
        return int(first[2]), int(first[1])

    def _fields(self, lines: list[bytes]) -> dict[str, str]:
        found: dict[str, str] = {}
        name = ""
        for line in lines:
            if line[:1] in (b" ", b"\t") and name:
                self._find("A header line is folded")
                found[name] += " " + line.strip(b" \t").decode("latin-1")
                continue
            raw, colon, value = line.partition(b":")
            if not colon or not _NAME.fullmatch(raw):
                raise BadAnswer(f"a header line is invalid: {shown(line)}")
            name = raw.decode().lower()
            text = value.strip(b" \t").decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
        return found

    def _frame(self, version: int) -> None:
        """How the body ends: RFC 9112, section 6.3."""
        fields = self._headers
        closing = {option.strip().lower() for option in fields.get("connection", "").split(",")}
        self._last = "close" in closing or (version == 0 and "keep-alive" not in closing)
        coding, length = fields.get("transfer-encoding"), fields.get("content-length")
        size = None if length is None else self._length(length)
        if coding is not None:
            self._judge_coding(coding, version, beside_length=size is not None)
        if fields.get("content-encoding", "identity").lower() != "identity":
            kind = shown(fields["content-encoding"], limit=40)
            self._find(f"The body is compressed though that was not asked for: {kind}")
        if self._method == "HEAD" or self._status in WITHOUT_BODY:
            self.complete = True
        elif coding is not None:
            self._step = self._read_chunk_line
        elif size is not None:
            self._demand_room(size)
            self._needed = size
            self._step = self._read_sized
        else:
            self._last = True
            self._step = self._read_to_the_end

    def _length(self, text: str) -> int:
        lengths = {value.strip() for value in text.split(",")}
        length = lengths.pop()
        if lengths or not _LENGTH.fullmatch(length):
            kind = "has two values" if lengths else "is not a number of bytes"
            raise BadAnswer(f"Content-Length {kind}: {shown(text, limit=60)}")
        if "," in text:
            self._find("Content-Length occurs more than once")
        return int(length)

    def _judge_coding(self, coding: str, version: int, beside_length: bool) -> None:
        if coding.strip().lower() != "chunked":
            raise BadAnswer(f"Transfer-Encoding is not chunked: {shown(coding, limit=60)}")
        if beside_length:
            self._find("Content-Length occurs with Transfer-Encoding")
            self._last = True
        if version == 0:
            self._find("Transfer-Encoding occurs in an HTTP/1.0 response")
            self._last = True

    def _demand_room(self, size: int) -> None:
        if size > self._limits.body:
            raise BadAnswer(f"the body has more than the {self._limits.body:,} bytes allowed")

    def _read_sized(self) -> bool:
        if len(self._buffer) < self._needed:
            return False
        self._body = self._buffer[: self._needed]
        del self._buffer[: self._needed]
        self.complete = True
        return False

    def _read_to_the_end(self) -> bool:
        self._body += self._buffer
        self._buffer.clear()
        self._demand_room(len(self._body))
        return False

    def _line(self, limit: int) -> bytes | None:
        """The next line of the chunks' frames, without its end."""
        end = self._buffer.find(b"\n", 0, limit)
        if end < 0:
            if len(self._buffer) >= limit:
                raise BadAnswer(f"a line between chunks has more than {limit:,} bytes")
            return None
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        self._framing += len(line)
        if self._framing > self._limits.chunking:
            raise BadAnswer(f"the chunks have more than {self._limits.chunking:,} bytes of framing")
        if not line.endswith(b"\r\n"):
            raise BadAnswer(f"a line between chunks does not end with CR LF: {shown(line)}")
        return line[:-2]

    def _read_chunk_line(self) -> bool:
        line = self._line(self._limits.chunk_line)
        if line is None:
            return False
        size = _CHUNK.fullmatch(line)
        if not size:
            raise BadAnswer(f"the size of a chunk is invalid: {shown(line)}")
        self._needed = int(size[1], 16)
        self._demand_room(len(self._body) + self._needed)
        self._step = self._read_chunk if self._needed else self._read_trailer
        return True

    def _read_chunk(self) -> bool:
        if len(self._buffer) < self._needed + 2:
            return False
        if self._buffer[self._needed : self._needed + 2] != b"\r\n":
            raise BadAnswer("the length of a chunk differs from its size")
        self._body += self._buffer[: self._needed]
        del self._buffer[: self._needed + 2]
        self._step = self._read_chunk_line
        return True

    def _read_trailer(self) -> bool:
        line = self._line(self._limits.head)
        if line is None:
            return False
        self._heads += len(line) + 2
        self._bound_heads(0)
        if line:
            self._fields([line])
            return True
        self.complete = True
        return False

    def _find(self, sentence: str) -> None:
        if sentence not in self._findings:
            self._findings.append(sentence)


def _around(head: bytes, found: re.Match[bytes]) -> bytes:
    return head[max(0, found.start() - 20) : found.end() + 20]
