"""Encodes a recipe as bytes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters, digits

from conformance.requests.encryption import encrypt
from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import EncryptedPhoto, Encryption, FieldValue, Request, Writing
from conformance.requests.remembering import once_if_small
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets, url_encoded
from verikit.transport.request import Head, Length

Pairs = list[tuple[str, str]]

FIRST, SECOND, ROTATE, QUALITY = load_contract().parameters
BOUNDARY = "verikit-5f1c2a7e9b"
_END = f"--{BOUNDARY}--\r\n"
PADDING = "verikit_padding"
_UNRESERVED = (ascii_letters + digits + "-._~").encode()
_BASE64 = _UNRESERVED + b"+/="
_RESERVED = re.compile(rb"[^%s]" % re.escape(_UNRESERVED))
_KEPT = 128


@dataclass(frozen=True, kw_only=True)
class Wire:
    """An HTTP request ready to be sent; other fields are as in :class:`Request`."""

    method: str
    target: str
    content_type: str
    body: bytes
    length: Length
    expect_continue: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    head: Head = "plain"
    pause: float = 0.0


def wire(request: Request, secrets: Secrets) -> Wire:
    """The bytes of a request."""
    pairs = _pairs(request, secrets)
    query = "&".join(f"{n}={_escaped(v)}" for n, v in pairs if n in request.in_query)
    body_type, body = _BODIES[request.body]([p for p in pairs if p[0] not in request.in_query])
    if request.literal is not None:
        body = request.literal.encode("utf-8", "surrogatepass")
    body += request.tail.encode()
    if request.pad_to:
        body = _padded(body, request.pad_to)
    target = request.path.replace("{path}", load_contract().path)
    return Wire(
        method=request.method,
        target=f"{target}?{query}" if query else target,
        content_type=body_type if request.content_type is None else request.content_type,
        body=body,
        length=request.length,
        expect_continue=request.expect_continue,
        headers=request.headers,
        head=request.head,
        pause=request.pause,
    )


def _padded(body: bytes, size: int) -> bytes:
    """The form with one more parameter, an unknown one, that makes it as long."""
    head, end = b"&%s=" % PADDING.encode(), b""
    if body.endswith(_END.encode()):
        body = body.removesuffix(_END.encode())
        head, end = _part(PADDING, "", file=False).removesuffix("\r\n").encode(), _END.encode()
        end = b"\r\n" + end
    zeros = b"0" * (size - len(body) - len(head) - len(end))
    return b"".join((body, head, zeros, end))  # copies megabytes once


def _pairs(request: Request, secrets: Secrets) -> Pairs:
    values = {
        FIRST: _text(request.first, secrets),
        SECOND: _text(request.second, secrets),
        ROTATE: request.auto_rotate,
        QUALITY: request.check_quality,
    }
    pairs = [(name, value) for name, value in values.items() if value is not None]
    if request.repeat:
        pairs += [pair for pair in pairs if pair[0] == request.repeat]
    pairs += list(request.extra)
    return sorted(pairs, key=lambda pair: _place(pair[0], request.order))


def _place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)


def _text(value: FieldValue, secrets: Secrets) -> str | None:
    return encrypted_text(value, secrets) if isinstance(value, EncryptedPhoto) else value


def encrypted_text(value: EncryptedPhoto, secrets: Secrets) -> str:
    """The Base64 text of an encrypted photo."""
    file = photo_file(value.photo)
    return _file_text(file, secrets, value.encryption, value.write)


@once_if_small(_KEPT)
def _file_text(file: bytes, secrets: Secrets, encryption: Encryption, how: Writing) -> str:
    return _written(encrypt(file, secrets, encryption), how)


def _written(data: bytes, how: Writing) -> str:
    encode: Callable[[bytes], bytes] = {
        "standard": base64.b64encode,
        "urlsafe": base64.urlsafe_b64encode,
        "hex": base64.b16encode,
    }[how.alphabet]
    text = encode(data).decode()
    text = text[: len(text) - how.cut]
    if how.insert:
        text = text[: len(text) // 2] + how.insert + text[len(text) // 2 :]
    if how.blanks:
        text = text.replace("+", " ")
    if how.wrap:
        text = "\r\n".join(text[i : i + how.wrap] for i in range(0, len(text), how.wrap))
    return how.prefix + text + how.suffix


@once_if_small(_KEPT)
def _escaped(text: str) -> str:
    """Percent-encoded; Base64, in either alphabet, the fast way, which matters for megabytes."""
    data = text.encode()
    if not data.translate(None, _BASE64):
        return url_encoded(data).decode()
    return _RESERVED.sub(lambda found: b"%%%02X" % found[0][0], data).decode()


def _urlencoded(pairs: Pairs) -> tuple[str, bytes]:
    body = "&".join(f"{name}={_escaped(value)}" for name, value in pairs)
    return "application/x-www-form-urlencoded", body.encode()


def _lower_case_escapes(pairs: Pairs) -> tuple[str, bytes]:
    """As .NET's HttpUtility writes a form: the case of the digits means nothing (RFC 3986, 2.1)."""
    kind, body = _urlencoded(pairs)
    return kind, re.sub(rb"%[0-9A-F]{2}", lambda found: found[0].lower(), body)


def _all_escaped(pairs: Pairs) -> tuple[str, bytes]:
    body = "&".join(f"{_every(name)}={_every(value)}" for name, value in pairs)
    return "application/x-www-form-urlencoded", body.encode()


def _every(text: str) -> str:
    return f"%{text.encode().hex('%').upper()}" if text else ""


def _raw(pairs: Pairs) -> tuple[str, bytes]:
    """As ``curl -d name=value`` writes a form: nothing is escaped."""
    body = "&".join(f"{name}={value}" for name, value in pairs)
    return "application/x-www-form-urlencoded", body.encode()


def _multipart(pairs: Pairs, files: bool = False) -> tuple[str, bytes]:
    parts = [_part(n, v, files and n in (FIRST, SECOND)) for n, v in pairs]
    return f"multipart/form-data; boundary={BOUNDARY}", "".join([*parts, _END]).encode()


def _multipart_quoted(pairs: Pairs) -> tuple[str, bytes]:
    """With a boundary as JavaMail makes it, which has to stand in quotes (RFC 2046, 5.1.1)."""
    boundary = "----=_Part_7_1234.5678"
    body = _multipart(pairs)[1].replace(BOUNDARY.encode(), boundary.encode())
    return f'multipart/form-data; boundary="{boundary}"', body


def _multipart_surrounded(pairs: Pairs) -> tuple[str, bytes]:
    """With lines before the first part and behind the last, which mean nothing."""
    kind, body = _multipart(pairs)
    return kind, b"This is a message of several parts.\r\n" + body + b"The end.\r\n"


def _multipart_headed(pairs: Pairs) -> tuple[str, bytes]:
    """With more headers in each part, before the one that names it."""
    kind, body = _multipart(pairs)
    more = b"Content-Type: text/plain; charset=US-ASCII\r\nContent-Transfer-Encoding: 8bit\r\n"
    return kind, body.replace(b"Content-Disposition", more + b"content-disposition")


def _multipart_capitals(pairs: Pairs) -> tuple[str, bytes]:
    """With media type and parameter in capitals, which mean nothing (RFC 9110, 8.3.1)."""
    return f"MULTIPART/FORM-DATA; BOUNDARY={BOUNDARY}", _multipart(pairs)[1]


def _part(name: str, value: str, file: bool) -> str:
    head = f'Content-Disposition: form-data; name="{name}"'
    if file:
        head += f'; filename="{name}.txt"\r\nContent-Type: text/plain'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n{value}\r\n"


_BODIES: dict[str, Callable[[Pairs], tuple[str, bytes]]] = {
    "urlencoded": _urlencoded,
    "lower-case-escapes": _lower_case_escapes,
    "all-escaped": _all_escaped,
    "raw": _raw,
    "multipart": _multipart,
    "files": lambda pairs: _multipart(pairs, files=True),
    "multipart-quoted": _multipart_quoted,
    "multipart-surrounded": _multipart_surrounded,
    "multipart-headed": _multipart_headed,
    "multipart-capitals": _multipart_capitals,
    "json": lambda pairs: ("application/json", json.dumps(dict(pairs)).encode()),
    "text": lambda pairs: ("text/plain", _raw(pairs)[1]),
    "empty": lambda pairs: ("application/x-www-form-urlencoded", b""),
}
