"""Faults in the answer to a request that is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tests.mutation.parts import on_refusal
from tests.mutation.registry import mutants
from tests.mutation.wire import CONTRACT, Reply

Change = Callable[[Reply], Reply]

SUCCESS = CONTRACT.success_code
FALLBACK = CONTRACT.codes["INVALID_ARGUMENT"].code
DETECTION = CONTRACT.codes["DETECTION_FAILED"].code
DAMAGED = CONTRACT.codes["INVALID_IMAGE_TYPE"].code
SIZE, LENGTH = CONTRACT.codes["INVALID_IMAGE_SIZE"], CONTRACT.codes["INVALID_CONTENT_LENGTH"]
NAMES = {entry.code: name for name, entry in CONTRACT.codes.items()}
SWAPPED = {SIZE.code: LENGTH.message, LENGTH.code: SIZE.message}
PAGE = b"<!doctype html><title>400 Bad Request</title><h1>Bad Request</h1>"


def of_code(code: int, change: Change) -> Change:
    """Only the refusals with one code change."""
    return lambda given: change(given) if given.code == code else given


def undocumented(given: Reply) -> Reply:
    """The system code is a number that the page does not know."""
    return given.but(code=given.code + 1000)


def compared(given: Reply, **fields: object) -> Reply:
    """HTTP 200 with the code of success."""
    return given.under(200).but(code=SUCCESS, **fields)


def in_latin_1(given: Reply) -> Reply:
    """A message that is not English, in the wrong encoding."""
    text = given.body.decode().replace('"message": "', '"message": "Vérification refusée: ')
    return replace(given, body=text.encode("latin-1"))


mutants(
    on_refusal,
    {
        f"code-{entry.code}-undocumented": (f"code-{entry.code}", of_code(entry.code, undocumented))
        for entry in CONTRACT.codes.values()
    },
)

mutants(
    on_refusal,
    {
        "every-refusal-a-1200": (
            " ".join(f"code-{code}" for code in NAMES if code != FALLBACK),
            lambda given: given.but(code=FALLBACK),
        ),
        "refusal-code-as-text": ("refusal-code", lambda given: given.but(code=str(given.code))),
        "refusal-code-by-name": ("refusal-code", lambda given: given.but(code=NAMES[given.code])),
        "refusal-code-negative": (
            "refusal-code code-1200",
            lambda given: given.but(code=-given.code),
        ),
        "refusal-code-repeats-the-status": (
            "refusal-code code-1200",
            lambda given: given.but(code=given.status),
        ),
        "refusal-code-missing": ("refusal-shape", lambda given: given.without("code")),
        "refusal-with-the-code-of-success": (
            "refusal-code success-status success-without-message",
            lambda given: given.but(code=SUCCESS),
        ),
        "invalid-argument-under-200-with-code-1000": (
            "refusal-code code-1200",
            of_code(FALLBACK, compared),
        ),
        "damaged-photo-answered-as-a-comparison": (
            "code-2005",
            of_code(
                DAMAGED,
                lambda given: compared(given.without("message"), verification_score=0.0),
            ),
        ),
    },
)

mutants(
    on_refusal,
    {
        "refusal-with-a-score": (
            "refusal-without-score",
            lambda given: given.but(verification_score=0.0),
        ),
        "no-face-with-a-score": (
            "refusal-without-score",
            of_code(DETECTION, lambda given: given.but(verification_score=0.0)),
        ),
        "message-missing": ("refusal-shape", lambda given: given.without("message")),
        "message-null": ("refusal-shape", lambda given: given.but(message=None)),
        "message-in-parts": (
            "refusal-shape",
            lambda given: given.but(message={"text": given.fields["message"], "severity": "error"}),
        ),
        "message-under-another-name": (
            "refusal-shape",
            lambda given: given.without("message").but(error=given.fields["message"]),
        ),
        "refusal-in-an-envelope": (
            "refusal-shape",
            lambda given: given.saying({"error": given.fields}),
        ),
        "message-says-nothing": ("code-message", lambda given: given.but(message="error")),
        "messages-2003-and-2004-swapped": (
            "code-message",
            lambda given: given.but(message=SWAPPED.get(given.code, given.fields["message"])),
        ),
        "refusals-under-200": ("status-400", lambda given: given.under(200)),
        "refusals-under-422": ("status-documented", lambda given: given.under(422)),
        "refusals-under-500": ("status-400 status-500", lambda given: given.under(500)),
        "no-face-under-404": ("status-400", of_code(DETECTION, lambda given: given.under(404))),
    },
)


def written(body: Callable[[Reply], bytes]) -> Change:
    """The text of the answer is another one."""
    return lambda given: replace(given, body=body(given))


mutants(
    on_refusal,
    {
        "refusal-in-html": (
            "answer-json",
            lambda given: replace(given, body=PAGE).headed(Content_Type="text/html"),
        ),
        "refusal-in-plain-text": (
            "answer-json",
            written(lambda given: str(given.fields["message"]).encode()),
        ),
        "refusal-empty": ("answer-json", written(lambda given: b"")),
        "refusal-in-latin-1": ("answer-json", in_latin_1),
        "refusal-in-utf-16": (
            "answer-json",
            written(lambda given: given.body.decode().encode("utf-16")),
        ),
        "refusal-after-a-byte-order-mark": (
            "answer-json",
            written(lambda given: b"\xef\xbb\xbf" + given.body),
        ),
        "refusal-declared-as-text": (
            "answer-content-type",
            lambda given: given.headed(Content_Type="text/plain"),
        ),
        "refusal-without-content-type": (
            "answer-content-type",
            partial(replace, headers={}),
        ),
    },
)
