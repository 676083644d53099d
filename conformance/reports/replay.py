"""The command that repeats a failed request or its case.

A single request that shows the failure is repeated by curl. ``verikit check`` repeats the case if
it needs several requests, if the response could not be parsed, if the server is reached in a
special way, or if the body must not be shown: the reader of a report has the vendor's photos,
headers and keys, the report does not. With a private key, a body would reveal real photos, because
the IV never changes and the portraits are public: ciphertext XOR portrait is the keystream of every
photo under that key. Neither key nor IV is ever written.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.judging.verdicts import Finding
from conformance.requests.exchange import Exchange
from conformance.requests.photos.files import OWN
from conformance.requests.writing import Wire
from conformance.run import Run
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.transport import Access

_SCHEME = load_contract().encryption
_DOCUMENTED = Secrets(key=_SCHEME.default_key, iv=_SCHEME.default_iv)
_INLINE = 300
_SAVED = 8 * 1024 * 1024
_EXPECTING = 1024 * 1024
"""Bytes from which curl sends Expect: 100-continue of its own accord; older ones do from 1024."""


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A shell command; ``body`` must be saved at ``path`` before it runs."""

    line: str
    path: Path | None = None
    body: bytes = b""

    def save(self) -> None:
        """Save the body that the line reads."""
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(self.body)


def replay(run: Run, case: str, finding: Finding, folder: Path | None) -> Replay:
    """The command that repeats a finding's request; its body goes into ``folder``, if given."""
    one = finding.exchange
    sent = one.sent if one else None
    if one is None or sent is None or not _shows_it_alone(run, case, one):
        return Replay(line=_check(run, case, finding))
    words = ["curl", "-i", "-X", sent.method, *_headers(sent)]
    url = run.target.url + sent.target
    if _is_short(sent.body):
        line = shlex.join([*words, "--data-raw", sent.body.decode("ascii"), url])
        return Replay(line=line if sent.length != "none" or sent.body else _bare(words, url))
    if folder is None or len(sent.body) > _SAVED:
        return Replay(line=_check(run, case, finding))
    path = folder / f"{case.replace('/', '_')}.body"
    line = shlex.join([*words, "--data-binary", f"@{path}", url])
    return Replay(line=line, path=path, body=sent.body)


def _bare(words: list[str], url: str) -> str:
    """Without a body: curl would declare the length of an empty one."""
    return shlex.join([*words, url])


def _shows_it_alone(run: Run, case: str, one: Exchange) -> bool:
    """Whether the request shows the failure by itself, to everybody, and may be shown."""
    own = any(photo.of.startswith(OWN) for photo in one.request.photos)
    reached = run.target.endpoint.access == Access()
    documented = run.target.secrets == _DOCUMENTED
    plain = one.request.head == "plain" and not one.request.pause
    alone = run.cases[case].alone and one.answer is not None and plain
    return alone and documented and reached and not own


def _check(run: Run, case: str, finding: Finding) -> str:
    """The command that plays the case again, and those that an invariant judges."""
    one = finding.exchange
    asked = (one.case,) if one else ()
    cases = [id for id in dict.fromkeys((case, *asked, *finding.also)) if id in run.cases]
    named = [word for id in cases for word in ("-k", id)]
    given = run.given
    words = ["verikit", *given.before, "check", run.target.url, *named, *_profile(run)]
    line = shlex.join([*words, *given.options, "--seed", str(run.seed)])
    return f"{line}  # {given.withheld}" if given.withheld else line


def _profile(run: Run) -> list[str]:
    return ["--profile", run.profile.name] if run.profile.name else []


def _is_short(body: bytes) -> bool:
    """Whether it can stand in a line that any report can show."""
    return len(body) <= _INLINE and body.isascii() and body.decode("ascii").isprintable()


def _headers(sent: Wire) -> Iterator[str]:
    yield from (
        "-H",
        f"Content-Type: {sent.content_type}" if sent.content_type else "Content-Type:",
    )
    for name, value in sent.headers:
        yield from ("-H", f"{name}: {value}")
    if sent.expect_continue:
        yield from ("-H", "Expect: 100-continue")
    elif len(sent.body) >= _EXPECTING:
        yield from ("-H", "Expect:")
    if sent.length == "chunked":
        yield from ("-H", "Transfer-Encoding: chunked")
    elif sent.length == "none":
        yield from ("-H", "Content-Length:")
    if sent.method == "HEAD":  # the answer declares a length, and has no body
        yield from ("-H", "Connection: close", "--ignore-content-length")
