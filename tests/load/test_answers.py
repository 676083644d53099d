from __future__ import annotations

import json
from typing import Any

import pytest

from loadtests.generator.answers import MALFORMED, NO_ANSWER, AnswerCheck
from loadtests.generator.cases import Case
from verikit.contract import load_contract
from verikit.contract.profile import profile_of
from verikit.errors import BadAnswer, Broken, TimedOut, Unreachable
from verikit.transport import Answer, Request

CONTRACT = load_contract()
ANY = Request(method="POST", path="/")
CODE = CONTRACT.codes["INVALID_IMAGE_TYPE"]
PAIR = Case(name="a b", kind="COMPARISON", expected=CONTRACT.success_code, request=ANY)
WRONG = Case(name="text", kind=CODE.name, expected=CODE.code, request=ANY)
RESULT = {"code": CONTRACT.success_code, "verification_score": 0.25, "request_id": "r"}
REFUSAL = {"code": CODE.code, "message": CODE.message, "request_id": "r"}


def answer(status: int, body: Any, *findings: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, reason="", headers={}, body=content, head=b"", findings=findings)


def failure(case: Case, status: int, body: Any, *findings: str) -> str | None:
    return AnswerCheck(CONTRACT)(case, answer(status, body, *findings)).failure


@pytest.mark.parametrize("score", [0, 0.25, 1])
def test_a_comparison_passes(score: float) -> None:
    assert failure(PAIR, 200, {**RESULT, "verification_score": score}) is None


def test_what_the_profile_of_the_server_says_is_right_for_it() -> None:
    server = profile_of("p", {"statuses": {CODE.name: 422}, "score_tolerance": 0.01})
    check = AnswerCheck(CONTRACT, server)
    assert check(WRONG, answer(422, REFUSAL)).failure is None
    assert check(WRONG, answer(400, REFUSAL)).failure
    near, far = ({**RESULT, "verification_score": score} for score in (0.255, 0.27))
    said = [check(PAIR, answer(200, one)).failure for one in (RESULT, near, far)]
    assert said == [None, None, "another score for the same pair"]


def test_noise_of_arithmetic_is_no_other_score() -> None:
    check = AnswerCheck(CONTRACT)
    for score in (0.25, 0.250001):
        assert check(PAIR, answer(200, {**RESULT, "verification_score": score})).failure is None


@pytest.mark.parametrize("status", [400, 413, 500])
def test_a_refusal_passes_with_any_documented_error_status(status: int) -> None:
    assert failure(WRONG, status, REFUSAL) is None


@pytest.mark.parametrize(
    ("case", "status", "body", "reason"),
    [
        (PAIR, 200, {**RESULT, "verification_score": 1.01}, "not a number in"),
        (PAIR, 200, {**RESULT, "verification_score": -0.1}, "not a number in"),
        (PAIR, 200, {**RESULT, "verification_score": float("nan")}, "without a JSON object"),
        (PAIR, 200, {**RESULT, "verification_score": "0.5"}, "not a number in"),
        (PAIR, 200, {**RESULT, "verification_score": True}, "not a number in"),
        (PAIR, 200, {**RESULT, "request_id": ""}, "request_id is missing"),
        (PAIR, 200, {**RESULT, "request_id": 7}, "request_id is missing"),
        (PAIR, 200, REFUSAL, f"code {CODE.code} instead of {CONTRACT.success_code}"),
        (PAIR, 200, {**RESULT, "code": "$\\frac$\x1b[2J"}, "code ? instead of"),
        (PAIR, 200, {**RESULT, "code": True}, "code ? instead of"),
        (PAIR, 500, RESULT, "a comparison with HTTP 500"),
        (PAIR, 200, [RESULT], "without a JSON object"),
        (WRONG, 200, RESULT, f"code {CONTRACT.success_code} instead of {CODE.code}"),
        (WRONG, 200, REFUSAL, "with HTTP 200"),
        (WRONG, 418, REFUSAL, "with HTTP 418"),
        (WRONG, 400, {**REFUSAL, "message": None}, "message is missing"),
        (WRONG, 400, {**REFUSAL, "code": str(CODE.code)}, "instead of"),
    ],
)
def test_a_wrong_answer_is_a_failure(case: Case, status: int, body: Any, reason: str) -> None:
    assert reason in (failure(case, status, body) or "")


def test_an_answer_that_breaks_a_rule_of_http_is_a_failure() -> None:
    found = "Content-Length occurs more than once"
    assert failure(PAIR, 200, RESULT, found) == found
    assert failure(WRONG, 400, REFUSAL, found) == found


def test_what_a_server_writes_makes_no_reasons_without_end() -> None:
    said = {failure(PAIR, 200, RESULT, f"Bytes follow the response: {n}") for n in range(9)}
    assert said == {"Bytes follow the response"}


@pytest.mark.parametrize(
    ("error", "label", "reason"),
    [
        (BadAnswer("two: x"), MALFORMED, "the response is malformed"),
        (BadAnswer("two: x", rule="two"), MALFORMED, "the response is malformed: two"),
        (Broken("", begun=True), MALFORMED, "the connection was lost during the response"),
        (Broken(""), NO_ANSWER, "no response: the connection was lost"),
        (TimedOut(""), NO_ANSWER, "no response: not in time"),
    ],
)
def test_a_malformed_response_is_told_from_none(
    error: Unreachable, label: str, reason: str
) -> None:
    assert AnswerCheck(CONTRACT)(PAIR, error) == (label, reason, None)


@pytest.mark.parametrize("code", ["$\\frac$", "\x1b[2J", ["a"], {"b": 1}, None, True, 0.5])
def test_only_a_number_is_counted_as_a_code(code: Any) -> None:
    verdict = AnswerCheck(CONTRACT)(PAIR, answer(200, {**RESULT, "code": code}))
    assert verdict[:2] == ("200 ?", f"HTTP 200 code ? instead of {CONTRACT.success_code}")


def test_nesting_without_end_is_a_failure() -> None:
    depth = 200_000
    body = b'{"code":' + b"[" * depth + b"]" * depth + b"}"
    verdict = AnswerCheck(CONTRACT)(PAIR, answer(200, body))
    assert verdict == ("200 -", "HTTP 200 without a JSON object", None)


def test_html_is_a_failure() -> None:
    verdict = AnswerCheck(CONTRACT)(PAIR, answer(502, b"<html>Bad gateway</html>"))
    assert verdict == ("502 -", "HTTP 502 without a JSON object", None)


def test_the_same_pair_must_score_the_same() -> None:
    judge = AnswerCheck(CONTRACT)
    other = Case(name="b c", kind="COMPARISON", expected=CONTRACT.success_code, request=ANY)
    first, moved = (answer(200, {**RESULT, "verification_score": score}) for score in (0.2, 0.3))
    assert judge(PAIR, first).failure is None
    assert judge(other, moved).failure is None
    assert judge(PAIR, first).failure is None
    assert judge(PAIR, moved).failure == "another score for the same pair"


def test_request_ids_are_told_apart() -> None:
    judge = AnswerCheck(CONTRACT)
    digests = {
        judge(PAIR, answer(200, {**RESULT, "request_id": str(n)})).request_id for n in range(1000)
    }
    assert len(digests) == 1000
