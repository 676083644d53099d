"""The violations in a single answer, regardless of its request, by the contract's schemas.

Each violation names the requirement that it breaks. Other paths and methods, 404, 411 and 413 may
be answered by a proxy or a router; those answers are judged less strictly.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError

from conformance.judging.outcome import outcome, unreadable, why_none
from conformance.requests.exchange import Answer, Exchange
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.contract.profile import Profile
from verikit.errors import BadAnswer
from verikit.foreign_text import shown

_CONTRACT = load_contract()
_BEFORE = {404, 411, 413}
_UNDECLARED = {400, 501}
"""More statuses that a proxy may return if no length is declared."""
SHAPE_BEFORE = "http-error-shape"
_INSIDE = re.compile(  # bounded, or a hostile body could cost the square of its length
    rb"Traceback \(most recent call last\)|File \\*\"[^\"]{1,500}\", line \d+|"
    rb"(?:\b|\\[nrt])at [\w.$<>]{1,200}\([\w.]{1,200}\.(?:java|kt|scala|cs|js|ts):\d+|"
    rb"goroutine \d+ \[|"
    rb"\b\w{1,100}\.(?:go|rb|php|py|js|mjs|cjs|ts|java|kt):\d+\b|\bpanic: |"
    rb"(?<![\w./:])/(?:srv|home|usr|opt|var|root|mnt|tmp)/[\w.-]{1,100}/[\w.-]|"
    rb"\b[A-Z]:\\{1,2}(?:\w{1,100}\\{1,2}){1,9}\w"
)
"""How stack traces of Python, the JVM, .NET, Node, Go, Ruby and PHP look, and paths of files."""
_DATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d GMT",
    re.ASCII,
)
NO_ANSWER = "answer-complete"
FRAMING = "http-framing"


@dataclass(frozen=True)
class Violation:
    """A requirement, and how an answer breaks it."""

    requirement: str
    expected: str
    actual: str


_SUCCESS = {
    "code": "success-code",
    "request_id": "request-id",
    "verification_score/type": "score-type",
    "verification_score/minimum": "score-range",
    "verification_score/maximum": "score-range",
    "verification_score": "success-shape",
}
_REFUSAL = {"code": "refusal-code", "request_id": "request-id", "message": "refusal-shape"}


def asks_operation(one: Exchange) -> bool:
    """Whether the request uses the documented path and method."""
    return one.request.method == _CONTRACT.method and one.request.path == "{path}"


def comes_from_operation(one: Exchange, answer: Answer) -> bool:
    """Whether the answer is the operation's own, not that of a proxy."""
    if not asks_operation(one):
        return False
    declared = one.request.length == "declared"
    before = _BEFORE if declared else _BEFORE | _UNDECLARED
    ours = outcome(answer) in _CONTRACT.codes or is_success(answer)
    return answer.status not in before or ours


def is_success(answer: Answer) -> bool:
    """Whether an answer is intended as a normal response, by its code, score or status."""
    if answer.fields.get("code") in (_CONTRACT.success_code, str(_CONTRACT.success_code)):
        return True
    if outcome(answer) in _CONTRACT.codes:
        return False
    return "verification_score" in answer.fields or answer.status == 200


def violations(
    one: Exchange, profile: Profile, secrets: Secrets | None = None
) -> Iterator[Violation]:
    """All violations in one answer that do not depend on its request.

    ``secrets``: what no answer may contain.
    """
    if one.answer is None:
        framed = isinstance(one.error, BadAnswer)
        yield Violation(FRAMING if framed else NO_ANSWER, "a response", why_none(one))
        return
    answer = one.answer
    yield from _http(answer)
    yield from _inside(answer)
    if secrets:
        yield from _secrets(answer, secrets)
    refuses_framing = answer.status == 501 and one.request.length != "declared"
    if answer.status == 500 or (
        answer.status > 500 and asks_operation(one) and not refuses_framing
    ):
        yield Violation("status-500", "no internal error", f"HTTP {answer.status}")
    if not comes_from_operation(one, answer):
        yield from _before_operation(one, answer)
        return
    if answer.status not in {*_CONTRACT.statuses, *profile.statuses.values()}:
        statuses = ", ".join(map(str, _CONTRACT.statuses))
        yield Violation("status-documented", f"one of HTTP {statuses}", f"HTTP {answer.status}")
    yield from _shape(answer)
    yield from _lines(answer)
    yield from _header(answer)
    yield from _pairing(answer, profile)
    yield from _message(answer)


def _http(answer: Answer) -> Iterator[Violation]:
    """Readable answers that break a rule of HTTP."""
    for finding in answer.findings:
        yield Violation("http-fields", "a response that follows RFC 9110 and RFC 9112", finding)
    date = answer.headers.get("date")
    if date is not None and not _DATE.fullmatch(date):
        expected = "a Date as in RFC 9110, section 5.6.7: Sun, 06 Nov 1994 08:49:37 GMT"
        yield Violation("http-fields", expected, shown(date, limit=60))


def _inside(answer: Answer) -> Iterator[Violation]:
    """Internals of the server that an answer reveals."""
    if shown_inside := _INSIDE.search(answer.body):
        said = shown_inside[0].decode("utf-8", "replace")
        yield Violation("message-plain", "no internals of the server", repr(said))


def _secrets(answer: Answer, secrets: Secrets) -> Iterator[Violation]:
    """Key and IV as they are, as hexadecimal digits, and as Base64."""
    told = b"\n".join((answer.body, *(value.encode() for value in answer.headers.values())))
    for name, secret in (("key", secrets.key.encode()), ("IV", secrets.iv.encode())):
        if secret in told or secret.hex().encode() in told.lower() or b64encode(secret) in told:
            yield Violation("message-plain", "no secret of the server", f"its {name}")


def _before_operation(one: Exchange, answer: Answer) -> Iterator[Violation]:
    if one.request.method == "HEAD" or answer.status < 400:
        return
    for found in (*_shape(answer), *_header(answer)):
        yield Violation(SHAPE_BEFORE, found.expected, f"HTTP {answer.status}: {found.actual}")


def _shape(answer: Answer) -> Iterator[Violation]:
    if not isinstance(answer.json, dict):
        yield Violation("answer-json", "a JSON object in UTF-8", unreadable(answer))
        return
    yield from _strictness(answer)
    success = is_success(answer)
    schema = _schema_of(answer, success)
    for error in _validator(schema).iter_errors(_without_nulls(answer, success)):
        requirement = _requirement(error, _SUCCESS if success else _REFUSAL, success)
        yield Violation(requirement, f"what {schema} describes", _error_text(error))
    yield from _mixture(answer, success)


def _without_nulls(answer: Answer, success: bool) -> Mapping[str, Any]:
    """The object without a null for the other kind of response."""
    other = "message" if success else "verification_score"
    return {n: v for n, v in answer.fields.items() if n != other or v is not None}


def _lines(answer: Answer) -> Iterator[Violation]:
    """JSON of which a client that reads one line, as the Java sample does, gets a part."""
    lines = answer.body.rstrip().count(b"\n") + 1
    if isinstance(answer.json, dict) and lines > 1:
        yield Violation("answer-one-line", "JSON on one line", f"{lines} lines")


def _strictness(answer: Answer) -> Iterator[Violation]:
    """JSON that readers interpret differently, or that some reject."""
    if answer.no_json:
        twice = "occurs twice" in answer.no_json
        requirement = "answer-members-once" if twice else "answer-json-interoperable"
        yield Violation(requirement, "interoperable JSON", answer.no_json)


def _schema_of(answer: Answer, success: bool) -> str:
    if success:
        return "VerificationResult"
    return "Refusal" if answer.status == 400 else "AbnormalResponse"


@cache
def _validator(schema: str) -> Any:
    kind = jsonschema.Draft202012Validator
    strict = kind.TYPE_CHECKER.redefine("integer", lambda _, value: _is_whole(value))
    extended: Any = jsonschema.validators.extend(kind, type_checker=strict)  # type: ignore[no-untyped-call]
    return extended(_CONTRACT.schema(schema))


def _is_whole(value: Any) -> bool:
    """1000.0 is an integer too (JSON Schema, 6.1.1); true is not."""
    return type(value) is int or (type(value) is float and value.is_integer())


def _requirement(error: ValidationError, names: dict[str, str], success: bool) -> str:
    field = str(error.absolute_path[0]) if error.absolute_path else ""
    if error.validator == "required":
        # jsonschema reports each missing name on its own: "'name' is a required property".
        field = error.message.split("'")[1]
        return names["request_id"] if field == "request_id" else _shape_requirement(success)
    return names.get(f"{field}/{error.validator}") or names.get(field, _shape_requirement(success))


def _shape_requirement(success: bool) -> str:
    return "success-shape" if success else "refusal-shape"


def _error_text(error: ValidationError) -> str:
    field = f"{error.absolute_path[0]}: " if error.absolute_path else ""
    return f"{field}{error.message[:200]}"


def _mixture(answer: Answer, success: bool) -> Iterator[Violation]:
    """Members of one kind of response in the other."""
    other, nothing = ("message", (None, "")) if success else ("verification_score", (None,))
    there = other in answer.fields
    empty = there and answer.fields[other] in nothing
    if empty:
        written = json.dumps(answer.fields[other])
        yield Violation("absent-members", f"no {other}", f"{other}: {written}")
    code = answer.fields.get("code")
    if isinstance(code, float) and code.is_integer():
        yield Violation("code-whole", "a number without a fraction", f"code: {code!r}")
    if not success:
        if there and not empty:
            yield Violation("refusal-without-score", "no score", "an error response with a score")
        return
    if there and not empty:
        yield Violation("success-without-message", "no message", "a score and a message")
    if answer.status != 200:
        yield Violation("success-status", "HTTP 200", f"HTTP {answer.status} with a score")


def _header(answer: Answer) -> Iterator[Violation]:
    kind = answer.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        yield Violation("answer-content-type", "application/json", repr(kind))


def _pairing(answer: Answer, profile: Profile) -> Iterator[Violation]:
    """The status for a system code: the profile's if it gives one, else any error status."""
    name = outcome(answer)
    if name not in _CONTRACT.codes:
        return
    paired = profile.statuses.get(str(name))
    if paired and answer.status != paired:
        yield Violation("status-400", f"HTTP {paired} for {name}", f"HTTP {answer.status}")
    elif answer.status < 400:
        yield Violation("status-400", "an error status", f"HTTP {answer.status} with {name}")


def _message(answer: Answer) -> Iterator[Violation]:
    name, said = outcome(answer), answer.fields.get("message")
    if name not in _CONTRACT.codes or not isinstance(said, str):
        return
    documented = _CONTRACT.codes[str(name)].message
    if documented not in said.lower():
        yield Violation("code-message", repr(documented), repr(said))
