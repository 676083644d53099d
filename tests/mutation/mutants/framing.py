"""Mutants whose answers cannot be read as HTTP or JSON without guessing."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from tests.mutation.parts import on_answer, on_comparison, on_refusal
from tests.mutation.registry import mutant as mutant_behind_http
from tests.mutation.registry import mutant_of_head
from tests.mutation.wire import Reply

mutant = partial(mutant_behind_http, direct=False)
LENGTH = re.compile(rb"(?i)content-length: (\d+)\r\n")


def with_line(head: bytes, line: bytes) -> bytes:
    """The head with one more header line."""
    return head.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", 1)


# Where the answer ends


@mutant_of_head("http-framing")
def two_content_lengths(head: bytes) -> bytes:
    return with_line(head, b"Content-Length: 7")


@mutant_of_head("http-framing")
def negative_content_length(head: bytes) -> bytes:
    return LENGTH.sub(b"Content-Length: -5\r\n", head)


@mutant_of_head("http-framing")
def content_length_with_a_unit(head: bytes) -> bytes:
    return LENGTH.sub(rb"Content-Length: \1 bytes\r\n", head)


@mutant_of_head("http-framing")
def unknown_transfer_encoding(head: bytes) -> bytes:
    return with_line(head, b"Transfer-Encoding: x-none")


@mutant_of_head("answer-complete")
def said_to_be_chunked(head: bytes) -> bytes:
    return LENGTH.sub(b"Transfer-Encoding: chunked\r\n", head)


@mutant_of_head("http-framing")
def nul_in_a_header_name(head: bytes) -> bytes:
    return with_line(head, b"X-Ser\0ver: 1")


@mutant_of_head("http-framing")
def header_line_without_a_colon(head: bytes) -> bytes:
    return with_line(head, b"served by node 7")


@mutant_of_head("http-framing")
def status_of_two_digits(head: bytes) -> bytes:
    return head.replace(b" 200 OK", b" 20 OK", 1)


# What clients get over


@mutant_of_head("http-fields")
def content_length_said_twice(head: bytes) -> bytes:
    return LENGTH.sub(lambda found: found[0] * 2, head)


@mutant_of_head("http-fields")
def header_lines_end_with_lf(head: bytes) -> bytes:
    return head.replace(b"\r\n", b"\n")


@mutant_of_head("http-fields")
def folded_header(head: bytes) -> bytes:
    return with_line(head, b"X-Long: one\r\n  two")


@mutant_of_head("http-fields")
def control_character_in_a_header(head: bytes) -> bytes:
    return with_line(head, b"X-Bell: \x07")


@mutant("http-fields")
@on_answer
def bytes_follow_the_answer(given: Reply) -> Reply:
    """A client that keeps the connection takes them for the next answer."""
    if not given.body:
        return given
    extra = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    return replace(given, body=given.body + extra).headed(Content_Length=str(len(given.body)))


# JSON


def _with_member(given: Reply, member: bytes) -> Reply:
    return replace(given, body=given.body.replace(b"{", b"{" + member + b", ", 1))


@mutant("answer-members-once")
@on_answer
def code_stands_twice(given: Reply) -> Reply:
    return _with_member(given, b'"code": 1')


@mutant("answer-members-once")
@on_comparison
def score_stands_twice(given: Reply) -> Reply:
    return _with_member(given, b'"verification_score": 0.0')


@mutant("answer-members-once")
@on_refusal
def message_stands_twice(given: Reply) -> Reply:
    return _with_member(given, b'"message": "ok"')


@mutant("answer-json-interoperable")
@on_answer
def number_beyond_a_double(given: Reply) -> Reply:
    return _with_member(given, b'"took": 1e400')


@mutant("answer-json-interoperable")
@on_answer
def half_of_a_surrogate_pair(given: Reply) -> Reply:
    return _with_member(given, b'"model": "\\ud83d"')
