"""Single answers are judged by the contract's schemas, each fault under its requirement."""

import gzip
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from conformance.case import number
from conformance.judging.answers import violations
from conformance.judging.outcome import describe_actual, describe_expected, outcome
from conformance.requests.exchange import Answer, Exchange
from conformance.requests.recipe import Request
from verikit.contract.encryption import Secrets
from verikit.contract.profile import Profile, load_profile
from verikit.errors import BadAnswer, Broken, TimedOut

SUCCESS = {"code": 1000, "verification_score": 0.5, "request_id": "a"}
REFUSAL = {"code": 1200, "message": "invalid argument", "request_id": "a"}
JSON = {"content-type": "application/json"}


def in_base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def answered(status: int, body: bytes, headers: dict[str, str]) -> Answer:
    return Answer(status=status, reason="", headers=headers, body=body, head=b"")


def blamed(
    fields: Any,
    status: int = 200,
    *,
    headers: dict[str, str] | None = None,
    request: Request | None = None,
    profile: Profile | None = None,
    secrets: Secrets | None = None,
) -> set[str]:
    body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    answer = answered(status, body, JSON if headers is None else headers)
    one = Exchange(case="any", request=request or Request(), answer=answer)
    return {found.requirement for found in violations(one, profile or Profile(), secrets)}


@pytest.mark.parametrize(
    ("date", "right"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", True),
        ("Sunday, 06-Nov-94 08:49:37 GMT", False),
        ("Sun Nov  6 08:49:37 1994", False),
        ("So, 06 Nov. 1994 09:49:37 MEZ", False),
        ("Sun, 06 Nov 1994 08:49:37 +0000", False),
    ],
)
def test_a_date_is_written_as_http_writes_it(date: str, right: bool) -> None:
    assert blamed(SUCCESS, headers={**JSON, "date": date}) == (set() if right else {"http-fields"})


def test_good_answers_break_nothing() -> None:
    assert blamed(SUCCESS) == set()
    assert blamed(REFUSAL, 400) == set()


@pytest.mark.parametrize(
    "piece",
    [b"a", b"a.", b"at ", b"x(", b'File "', b"goroutine 1", b"/srv/a/", b"C:\\a\\\\", b"a.js:1"],
)
def test_a_large_body_is_judged_in_time_that_grows_with_its_length(piece: bytes) -> None:
    """It took an hour: a word of a mebibyte was searched again from each of its letters."""
    assert "answer-json" in blamed(piece * (2**20 // len(piece)))


@pytest.mark.parametrize("status", [400, 404, 411, 413, 500])
def test_the_code_of_success_under_another_status_is_wrong(status: int) -> None:
    said = {"code": 1000, "message": "too large", "request_id": "a"}
    assert "success-status" in blamed(said, status)


SECRETS = Secrets(key="k" * 16 + "v" * 16, iv="i" * 12)


@pytest.mark.parametrize("secret", [SECRETS.key, SECRETS.iv], ids=["key", "IV"])
@pytest.mark.parametrize("written", [str, lambda text: text.encode().hex().upper(), in_base64])
def test_a_secret_in_an_answer_is_told(secret: str, written: Callable[[str], str]) -> None:
    said = f"invalid argument {written(secret)}"
    assert blamed({**REFUSAL, "message": said}, 400, secrets=SECRETS) == {"message-plain"}
    headers = JSON | {"x-debug": said}
    assert blamed(SUCCESS, headers=headers, secrets=SECRETS) == {"message-plain"}
    assert "message-plain" not in blamed({**REFUSAL, "message": said[:-1]}, 400, secrets=SECRETS)


@pytest.mark.parametrize(
    ("change", "requirement"),
    [
        ({"verification_score": "0.5"}, "score-type"),
        ({"verification_score": None}, "score-type"),
        ({"verification_score": True}, "score-type"),
        ({"verification_score": 1.0000001}, "score-range"),
        ({"verification_score": -1e-9}, "score-range"),
        ({"verification_score": 50}, "score-range"),
        ({"code": "1000"}, "success-code"),
        ({"code": 1000.0}, "code-whole"),
        ({"code": 0}, "success-code"),
        ({"request_id": 7}, "request-id"),
        ({"request_id": ""}, "request-id"),
        ({"message": "ok"}, "success-without-message"),
        ({"message": ""}, "absent-members"),
    ],
)
def test_wrong_success(change: dict[str, Any], requirement: str) -> None:
    assert requirement in blamed(SUCCESS | change)


@pytest.mark.parametrize(
    ("change", "requirement"),
    [
        ({"code": "1200"}, "refusal-code"),
        ({"code": 1200.0}, "code-whole"),
        ({"code": 1234}, "refusal-code"),
        ({"code": True}, "refusal-code"),
        ({"message": 5}, "refusal-shape"),
        ({"message": "no"}, "code-message"),
        ({"request_id": None}, "request-id"),
        ({"verification_score": 0.1}, "refusal-without-score"),
        ({"verification_score": 0}, "refusal-without-score"),
        ({"verification_score": None}, "absent-members"),
    ],
)
def test_wrong_refusal(change: dict[str, Any], requirement: str) -> None:
    assert requirement in blamed(REFUSAL | change, 400)


def test_an_empty_message_in_a_comparison_breaks_only_a_reading() -> None:
    assert blamed(SUCCESS | {"message": ""}) == {"absent-members"}


@pytest.mark.parametrize("field", ["code", "verification_score", "request_id"])
def test_missing_field_of_success(field: str) -> None:
    wanted = {"request_id": "request-id"}.get(field, "success-shape")
    assert wanted in blamed({name: value for name, value in SUCCESS.items() if name != field})


@pytest.mark.parametrize("field", ["message", "request_id"])
def test_missing_field_of_refusal(field: str) -> None:
    wanted = {"request_id": "request-id"}.get(field, "refusal-shape")
    left = {name: value for name, value in REFUSAL.items() if name != field}
    assert blamed(left, 400) == {wanted}


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"code": NaN}', '{"message": "é"}'.encode("latin-1")]
)
def test_no_json_object_in_utf8(body: bytes) -> None:
    assert "answer-json" in blamed(body, 400)


def test_statuses() -> None:
    assert "status-500" in blamed(REFUSAL | {"code": 500, "message": "x"}, 500)
    assert "status-documented" in blamed(REFUSAL, 422)
    assert "success-status" in blamed(SUCCESS, 400)
    assert blamed(REFUSAL, 200) == {"status-400"}
    assert blamed(REFUSAL, 404) == set()


def test_profile_pairs_codes_and_statuses() -> None:
    assert blamed(REFUSAL, 404, profile=load_profile("reference")) == {"status-400"}


def test_content_type() -> None:
    assert blamed(SUCCESS, headers={"content-type": "text/html"}) == {"answer-content-type"}
    with_charset = {"content-type": "Application/JSON; charset=UTF-8"}
    assert blamed(SUCCESS, headers=with_charset) == set()


def test_more_fields_are_legal() -> None:
    assert blamed(SUCCESS | {"took": 5}) == blamed(REFUSAL | {"took": 5}, 400) == set()


def test_what_stands_before_the_operation_is_judged_less() -> None:
    elsewhere = Request(path="/other")
    for status in (400, 404, 500):
        assert "http-error-shape" in blamed(b"<html>", status, request=elsewhere)
    assert blamed(b"<html>", 404, request=elsewhere) == {"http-error-shape"}
    assert blamed(b"<html>", 399, request=elsewhere) == set()
    assert blamed(b"", 200, request=Request(method="OPTIONS")) == set()
    assert blamed(b"", 405, request=Request(method="HEAD")) == set()


def test_a_member_that_stands_twice() -> None:
    assert blamed(b'{"code": 1, "code": 1000, "verification_score": 0.5, "request_id": "a"}') == {
        "answer-members-once"
    }


def test_json_of_several_lines() -> None:
    assert blamed(json.dumps(SUCCESS, indent=1).encode()) == {"answer-one-line"}
    assert blamed(json.dumps(SUCCESS).encode() + b"\r\n\n") == set()


@pytest.mark.parametrize(
    ("status", "fields", "word"),
    [
        (200, {"code": 1000}, "accepted"),
        (200, {"code": "1000"}, "accepted"),
        (400, {"code": 1000}, None),
        (400, {"code": 1200}, "INVALID_ARGUMENT"),
        (500, {"code": "1200"}, "INVALID_ARGUMENT"),
        (400, {"code": 1234}, 400),
        (413, {"code": 413}, 413),
        (404, {}, 404),
        (400, {"code": None}, 400),
        (400, {"code": [1200]}, 400),
        (400, {"code": "NaN"}, 400),
    ],
)
def test_an_answer_has_one_outcome_whatever_the_types_in_it(
    status: int, fields: dict[str, Any], word: str | int | None
) -> None:
    assert outcome(answered(status, json.dumps(fields).encode(), JSON)) == word


def test_no_answer_has_no_outcome() -> None:
    assert outcome(None) is None


def test_what_is_expected_is_told_in_words() -> None:
    assert describe_expected("accepted") == "HTTP 200 with code 1000"
    assert describe_expected(413) == "HTTP 413"
    assert describe_expected("DETECTION_FAILED").startswith("code 4000 (")


def test_long_fields_are_cut() -> None:
    answer = answered(400, json.dumps({"message": "x" * 300}).encode(), JSON)
    one = Exchange(case="any", request=Request(), answer=answer)
    assert describe_actual(one) == f"HTTP 400, message '{'x' * 196}..."
    short = answered(400, json.dumps({"message": "x" * 198}).encode(), JSON)
    one = Exchange(case="any", request=Request(), answer=short)
    assert describe_actual(one) == f"HTTP 400, message '{'x' * 198}'"


@pytest.mark.parametrize("number", [b"1e999", b"0." + b"5" * 99])
def test_json_that_readers_read_differently(number: bytes) -> None:
    body = b'{"code": 1000, "verification_score": 0.5, "request_id": "a", "took": %b}' % number
    assert blamed(body) == {"answer-json-interoperable"}


@pytest.mark.parametrize("digits", [65, 400, 4_299, 60_000])
def test_a_score_of_very_many_digits(digits: int) -> None:
    body = b'{"code": 1000, "verification_score": %b, "request_id": "a"}' % (b"9" * digits)
    assert blamed(body) == {"answer-json-interoperable", "score-range"}
    assert number(answered(200, body, JSON)) > 1


def test_framing() -> None:
    one = Exchange(case="any", request=Request(), answer=None, error=BadAnswer("two lengths"))
    assert [found.requirement for found in violations(one, Profile())] == ["http-framing"]


def test_lost_answer() -> None:
    one = Exchange(case="any", request=Request(), answer=None, error=Broken("reset"))
    assert [found.requirement for found in violations(one, Profile())] == ["answer-complete"]


def test_a_stack_trace_of_the_jvm_is_seen_behind_the_escapes_of_json() -> None:
    trace = "java.lang.IllegalStateException\n\tat com.acme.Verify.run(Verify.java:42)"
    assert "message-plain" in blamed({**REFUSAL, "message": trace}, 400)


@pytest.mark.parametrize(
    "inside",
    [
        "at Object.<anonymous> (/srv/app/server.js:31:9)",
        "at file:///app/dist/verify.mjs:7:1",
        "cannot open /var/lib/faces/upload-17.jpg",
        "C:\\inetpub\\faces\\verify.dll",
    ],
)
def test_paths_of_files_on_the_server_are_seen(inside: str) -> None:
    assert "message-plain" in blamed({**REFUSAL, "message": f"invalid argument: {inside}"}, 400)


@pytest.mark.parametrize(
    "plain",
    [
        "see https://faces.example/usr/manual/3",
        "application/json or text/html",
        "ratio 4:3, at 10:31:09",
        "/identity/image_verification/stateless",
    ],
)
def test_what_only_looks_like_a_path_is_left_alone(plain: str) -> None:
    assert blamed({**REFUSAL, "message": f"invalid argument: {plain}"}, 400) == set()


def test_an_answer_that_is_compressed_unasked_is_called_so() -> None:
    answer = answered(200, gzip.compress(b"{}"), {**JSON, "content-encoding": "gzip"})
    one = Exchange(case="any", request=Request(), answer=answer)
    said = {found.requirement: found.actual for found in violations(one, Profile())}
    assert "compressed: gzip, which the request did not allow" in said["answer-json"]
    assert "compressed: gzip, which the request did not allow" in describe_actual(one)


def test_a_lost_connection_is_told_by_its_cause_and_other_errors_as_they_are() -> None:
    lost, late = Broken("http://server: connection reset"), TimedOut("not in time")
    lost.__cause__, late.__cause__ = ConnectionResetError("reset by peer"), OSError("unseen")
    for error, told in ((lost, "reset by peer"), (late, "not in time"), (Broken("cut"), "cut")):
        one = Exchange(case="any", request=Request(), answer=None, error=error)
        assert describe_actual(one) == f"no response: {told}"


def test_an_answer_is_told_without_its_request_id() -> None:
    answer = answered(400, json.dumps(REFUSAL).encode(), JSON)
    one = Exchange(case="any", request=Request(), answer=answer)
    assert describe_actual(one) == "HTTP 400, code 1200, message 'invalid argument'"
