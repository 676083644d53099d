"""The outcome of an answer in one word: accepted, a system code's name, or an HTTP status.

Parsing is lenient (a code written as a string still counts), so that a wrong type fails one case
and not all of them; the invariants judge the types.
"""

from __future__ import annotations

from typing import Any

from conformance.requests.exchange import Answer, Exchange
from verikit.contract import load_contract
from verikit.errors import Broken

ACCEPTED = "accepted"
Outcome = str | int | None

_CONTRACT = load_contract()
_LONGEST = 200
_NAMES = {entry.code: name for name, entry in _CONTRACT.codes.items()}


def outcome(answer: Answer | None) -> Outcome:
    """The outcome of an answer; None if the contract has no such answer."""
    if answer is None:
        return None
    code = _integer(answer.fields.get("code"))
    if code == _CONTRACT.success_code:
        return ACCEPTED if answer.status == 200 else None
    return _NAMES.get(code, answer.status) if code is not None else answer.status


def describe_actual(one: Exchange) -> str:
    """An answer, or the reason why there is none, in words for a report."""
    if one.answer is None:
        return f"no response: {why_none(one)}"
    fields = one.answer.fields
    if not fields:
        return f"HTTP {one.answer.status} without a JSON object: {unreadable(one.answer)}"
    said = ", ".join(f"{name} {_short(fields[name])}" for name in fields if name != "request_id")
    return f"HTTP {one.answer.status}, {said}"


def why_none(one: Exchange) -> str:
    """Why there is no response; the request before the cases showed that the server is there."""
    error: BaseException | None = one.error
    if isinstance(error, Broken):
        error = error.__cause__ or error
    return str(error)


def unreadable(answer: Answer) -> str:
    """The content of an answer that is not a JSON object, in words."""
    if answer.is_compressed:
        return f"{answer.no_json}, which the request did not allow"
    return repr(answer.body[:60].decode("utf-8", "replace"))


def describe_expected(word: str | int) -> str:
    """An expected outcome in words."""
    if word == ACCEPTED:
        return f"HTTP 200 with code {_CONTRACT.success_code}"
    if isinstance(word, int):
        return f"HTTP {word}"
    return f"code {_CONTRACT.codes[word].code} ({_CONTRACT.codes[word].message})"


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
