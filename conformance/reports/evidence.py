"""Proof of a finding: the request as a curl line that replays it, and the answer.

Bodies are saved beside the report where they are small enough, hold none of a vendor's own photos
and are encrypted with the documented key and IV. Under a private key they would open a vendor's
real photos: the IV is always the same and our portraits are public, so ciphertext XOR portrait is
the keystream of every photo under that key. Neither key nor IV is ever written.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.judging.verdicts import Finding, Result
from conformance.requests.exchange import Answer, Exchange
from conformance.requests.photos.files import OWN
from conformance.requests.recipe import Request
from conformance.requests.writing import Wire
from conformance.run import Run
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.foreign_text import shown

_SCHEME = load_contract().encryption
_INLINE = 300
_SAVED = 8 * 1024 * 1024
_SHOWN = 600
_DOCUMENTED = Secrets(key=_SCHEME.default_key, iv=_SCHEME.default_iv)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``curl`` is a command, or a sentence that says how else to replay the request."""

    finding: Finding
    curl: str
    answer: str


def evidence(run: Run, folder: Path | None) -> Mapping[str, Evidence]:
    """For each case with a finding, its first request as proof; bodies go into ``folder``."""
    found = {}
    for result, finding in _first_findings(run):
        if finding.exchange:
            found[result.case] = Evidence(
                finding=finding,
                curl=_curl(run, result.case, finding.exchange, folder),
                answer=_spelt(finding.exchange),
            )
    return found


def recipe_of(request: Request) -> dict[str, Any]:
    """A request as plain data, only what differs from an ordinary one."""
    return _differences(request)


def _first_findings(run: Run) -> Iterator[tuple[Result, Finding]]:
    for result in run.results:
        with_request = [found for found in result.findings if found.exchange]
        yield from ((result, found) for found in with_request[:1])


def _curl(run: Run, case: str, one: Exchange, folder: Path | None) -> str:
    sent = one.sent
    own = any(photo.of.startswith(OWN) for photo in one.request.photos)
    secret = own or run.target.secrets != _DOCUMENTED
    if not sent or secret or not _can_be_shown(sent.body, folder):
        profile = ["--profile", run.profile.name] if run.profile.name else []
        words = ["verikit", "check", run.target.url, "-k", case, *profile, "--seed", str(run.seed)]
        return shlex.join(words)
    words = ["curl", "-i", "-X", sent.method, *_headers(sent), *_data(sent, case, folder)]
    return shlex.join([*words, run.target.url + sent.target])


def _can_be_shown(body: bytes, folder: Path | None) -> bool:
    """Whether it can stand in the line, or be saved beside the report."""
    return _is_short(body) or (folder is not None and len(body) <= _SAVED)


def _is_short(body: bytes) -> bool:
    """Whether it can stand in a line that any report can show."""
    return len(body) <= _INLINE and body.isascii() and body.decode("ascii").isprintable()


def _headers(sent: Wire) -> Iterator[str]:
    yield from (
        "-H",
        f"Content-Type: {sent.content_type}" if sent.content_type else "Content-Type:",
    )
    if sent.expect_continue:
        yield from ("-H", "Expect: 100-continue")
    if sent.length == "chunked":
        yield from ("-H", "Transfer-Encoding: chunked")
    elif sent.length == "none":
        yield from ("-H", "Content-Length:")


def _data(sent: Wire, case: str, folder: Path | None) -> Iterator[str]:
    if not sent.body:
        return
    if folder is None or _is_short(sent.body):
        yield from ("--data-raw", sent.body.decode("ascii"))
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.replace('/', '_')}.body"
    path.write_bytes(sent.body)
    yield from ("--data-binary", f"@{path}")


def _spelt(one: Exchange) -> str:
    if one.answer is None:
        return f"no answer: {one.error}"
    return "\n".join(
        [f"HTTP {one.answer.status}", *_header_lines(one.answer), "", _body(one.answer)]
    )


def _header_lines(answer: Answer) -> list[str]:
    return [shown(f"{name}: {value}", limit=_SHOWN) for name, value in answer.headers.items()]


def _body(answer: Answer) -> str:
    """The text line by line: what only a terminal or a browser would obey is escaped."""
    text = answer.body.decode("utf-8", "backslashreplace")
    lines = "\n".join(shown(line, limit=_SHOWN) for line in text[:_SHOWN].split("\n"))
    return lines if len(text) <= _SHOWN else f"{lines} ... ({len(text)} characters)"


def _differences(value: Any) -> dict[str, Any]:
    plain = {}
    for field in dataclasses.fields(value):
        given = getattr(value, field.name)
        default = (
            field.default_factory()
            if field.default_factory is not dataclasses.MISSING
            else field.default
        )
        if given != default:
            nested = dataclasses.is_dataclass(given)
            plain[field.name] = _differences(given) if nested else given
    return plain
