"""Converts a response of the server into a result or an error."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from verikit.client.answers import Verification
from verikit.client.errors import REFUSALS, AbnormalAnswer, UndocumentedAnswer
from verikit.contract import load_contract
from verikit.transport.strict_json import NotStrictJson, number, read_json

CONTRACT = load_contract()
OK = 200
_NAMES = {entry.code: entry.name for entry in CONTRACT.codes.values()}


def read_answer(status: int, body: bytes) -> Verification:
    """The verification in an answer with this HTTP status and body.

    Raises:
        VerificationRefused: the server refused the request.
        AbnormalAnswer: the server has no score for another reason.
        UndocumentedAnswer: the contract knows no such answer.
    """
    fields, flaw = _fields(body)
    code = _of_type(int, fields.get("code"))
    if status == OK and code == CONTRACT.success_code:
        return _verification(fields)
    request_id = _of_type(str, fields.get("request_id"))
    raise _kind(status, code)(status, _message(status, fields, flaw), code, request_id)


def _verification(fields: Mapping[str, Any]) -> Verification:
    score = number(fields.get("verification_score"))
    request_id = _of_type(str, fields.get("request_id"))
    complaint = "" if request_id else "the response lacks a request_id"
    if score is None:
        given = "verification_score" in fields
        complaint = "the score is no number" if given else "the response lacks a score"
    elif not 0 <= score <= 1:
        complaint = f"the score is {score:g}, not from 0 to 1"
    if complaint or score is None:
        raise UndocumentedAnswer(OK, complaint, CONTRACT.success_code, request_id)
    return Verification(score=score, code=CONTRACT.success_code, request_id=request_id)


def _kind(status: int, code: int | None) -> type[AbnormalAnswer]:
    if code in _NAMES:
        return REFUSALS[_NAMES[code]]
    return AbnormalAnswer if status in CONTRACT.statuses and status != OK else UndocumentedAnswer


def _message(status: int, fields: Mapping[str, Any], flaw: str) -> str:
    documented = CONTRACT.statuses.get(status)
    reason = documented.reason if documented else None
    return _of_type(str, fields.get("message")) or reason or _undocumented(status, flaw)


def _undocumented(status: int, flaw: str) -> str:
    why = f": {flaw}" if flaw else ""
    if status != OK:
        why = f" ({HTTPStatus(status).phrase})" if status in set(HTTPStatus) else ""
    return f"no response of the contract{why}"


def _fields(body: bytes) -> tuple[Mapping[str, Any], str]:
    """The members of a response, and why it is none of the contract, if that shows."""
    try:
        fields = read_json(body)
    except NotStrictJson as error:
        return {}, f"it is not JSON ({error})"
    if not isinstance(fields, dict):
        return {}, "it is no JSON object"
    code = fields.get("code")
    wrong = code is not None and _of_type(int, code) is None
    return fields, "its code is no integer" if wrong else ""


def _of_type(kind: Any, value: Any) -> Any:
    """The value if it is of that kind, else None; JSON's true is not a number."""
    return value if isinstance(value, kind) and not isinstance(value, bool) else None
