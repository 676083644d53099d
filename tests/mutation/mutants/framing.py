"""Mutants whose answers cannot be read as HTTP or JSON without guessing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tests.mutation.parts import on_answer, on_comparison, on_refusal
from tests.mutation.registry import mutants, mutants_of_head
from tests.mutation.wire import Reply

DATE = re.compile(rb"(?i)date: [^\r]+")
LENGTH = re.compile(rb"(?i)content-length: (\d+)\r\n")


def line(text: bytes) -> Callable[[bytes], bytes]:
    """The head with one more header line."""
    return lambda head: head.replace(b"\r\n\r\n", b"\r\n" + text + b"\r\n\r\n", 1)


def length(text: bytes) -> Callable[[bytes], bytes]:
    r"""The head with another line in place of its Content-Length, whose value is ``\1``."""
    return lambda head: LENGTH.sub(text + b"\r\n", head)


# Where the answer ends

mutants_of_head(
    "http-framing",
    {
        "two-content-lengths": line(b"Content-Length: 7"),
        "negative-content-length": length(b"Content-Length: -5"),
        "content-length-with-a-unit": length(rb"Content-Length: \1 bytes"),
        "unknown-transfer-encoding": line(b"Transfer-Encoding: x-none"),
        "nul-in-a-header-name": line(b"X-Ser\0ver: 1"),
        "header-line-without-a-colon": line(b"served by node 7"),
        "status-of-two-digits": lambda head: head.replace(b" 200 OK", b" 20 OK", 1),
    },
)
mutants_of_head("answer-complete", {"said-to-be-chunked": length(b"Transfer-Encoding: chunked")})

# What clients get over

mutants_of_head(
    "http-fields",
    {
        "content-length-said-twice": lambda head: LENGTH.sub(lambda found: found[0] * 2, head),
        "header-lines-end-with-lf": lambda head: head.replace(b"\r\n", b"\n"),
        "folded-header": line(b"X-Long: one\r\n  two"),
        "control-character-in-a-header": line(b"X-Bell: \x07"),
        "date-in-another-language": lambda head: DATE.sub(b"Date: Fr, 27 Nov. 2026", head),
    },
)


def bytes_follow(given: Reply) -> Reply:
    """A client that keeps the connection takes them for the next answer."""
    if not given.body:
        return given
    extra = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    return replace(given, body=given.body + extra).headed(Content_Length=str(len(given.body)))


mutants(on_answer, {"bytes-follow-the-answer": ("http-fields", bytes_follow)}, direct=False)

# JSON


def member(text: bytes) -> Callable[[Reply], Reply]:
    """One more member of the JSON object."""
    return lambda given: replace(given, body=given.body.replace(b"{", b"{" + text + b", ", 1))


ONCE, INTEROPERABLE = "answer-members-once", "answer-json-interoperable"
mutants(
    on_answer,
    {
        "code-stands-twice": (ONCE, member(b'"code": 1')),
        "number-beyond-a-double": (INTEROPERABLE, member(b'"took": 1e400')),
        "half-of-a-surrogate-pair": (INTEROPERABLE, member(b'"model": "\\ud83d"')),
    },
)
mutants(on_comparison, {"score-stands-twice": (ONCE, member(b'"verification_score": 0.0'))})
mutants(on_refusal, {"message-stands-twice": (ONCE, member(b'"message": "ok"'))})
