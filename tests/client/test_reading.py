import json
import pickle
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verikit.client import (
    AbnormalAnswer,
    ClientError,
    TimedOut,
    UndocumentedAnswer,
    Unreachable,
    VerificationRefused,
)
from verikit.client.errors import PHOTOS, REFUSALS
from verikit.client.reading import read_answer
from verikit.contract import SystemCode, load_contract

CONTRACT = load_contract()
SCORED = {"code": CONTRACT.success_code, "verification_score": 0.75, "request_id": "r-1"}


def read(status: int, **fields: Any) -> Any:
    return read_answer(status, json.dumps(fields).encode())


def refused(entry: SystemCode, found: str) -> VerificationRefused:
    message = f"{entry.message}: {found}"
    with pytest.raises(VerificationRefused) as caught:
        read(entry.status, code=entry.code, message=message, request_id="r-2")
    return caught.value


def test_every_system_code_has_a_class_of_its_own() -> None:
    assert set(REFUSALS) == set(CONTRACT.codes)
    camel = {name: name.title().replace("_", "") for name in CONTRACT.codes}
    assert {name: kind.__name__ for name, kind in REFUSALS.items()} == camel


@pytest.mark.parametrize("entry", CONTRACT.codes.values(), ids=lambda entry: entry.name)
def test_a_refusal_is_raised_as_its_class(entry: SystemCode) -> None:
    error = refused(entry, f"something with {PHOTOS[1]}")
    assert type(error) is REFUSALS[entry.name]
    assert error.system_code == entry
    assert (error.code, error.status, error.request_id) == (entry.code, entry.status, "r-2")
    assert error.photo == "second"
    assert str(error) == f"{entry.code} {entry.message}: something with {PHOTOS[1]} (request r-2)"


@pytest.mark.parametrize(
    ("found", "photo"),
    [
        (PHOTOS[0], "first"),
        (PHOTOS[1], "second"),
        (" and ".join(PHOTOS), None),
        ("no face in a photo", None),
    ],
)
def test_a_refusal_knows_the_photo_that_the_message_names(found: str, photo: str | None) -> None:
    assert refused(CONTRACT.codes["DETECTION_FAILED"], found).photo == photo


def test_a_refusal_under_status_200_is_still_one() -> None:
    with pytest.raises(VerificationRefused):
        read(200, code=CONTRACT.codes["DETECTION_FAILED"].code, message="m", request_id="r")


def test_a_score_is_a_verification() -> None:
    answer = read(200, **SCORED)
    assert (answer.score, answer.code, answer.request_id) == (0.75, CONTRACT.success_code, "r-1")
    assert isinstance(read(200, **SCORED | {"verification_score": 1}).score, float)


@pytest.mark.parametrize("status", [s for s in CONTRACT.statuses if s not in (200, 400)])
def test_a_documented_status_without_a_code_is_told_in_its_words(status: int) -> None:
    with pytest.raises(AbnormalAnswer) as caught:
        read_answer(status, b"<html>")
    assert type(caught.value) is AbnormalAnswer
    assert str(caught.value) == f"HTTP {status} {CONTRACT.statuses[status].reason}"


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (200, {}),
        (200, SCORED | {"verification_score": 1.01}),
        (200, SCORED | {"verification_score": "0.75"}),
        (200, SCORED | {"verification_score": True}),
        (200, SCORED | {"verification_score": float("nan")}),
        (200, SCORED | {"request_id": ""}),
        (200, SCORED | {"request_id": 7}),
        (200, SCORED | {"code": 1001}),
        (200, SCORED | {"code": str(CONTRACT.success_code)}),
        (201, SCORED),
        (302, {}),
        (502, {"message": "bad gateway"}),
    ],
)
def test_what_the_contract_does_not_know_is_named_so(status: int, fields: dict[str, Any]) -> None:
    with pytest.raises(UndocumentedAnswer):
        read(status, **fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"verification_score": 19.99}, "the score is 19.99, not from 0 to 1"),
        ({"verification_score": "0.75"}, "score is no number"),
        ({"request_id": ""}, "lacks a request_id"),
        ({"verification_score": 2, "request_id": ""}, "the score is 2,"),
    ],
)
def test_what_is_wrong_with_a_normal_response_is_told(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UndocumentedAnswer, match=words):
        read(200, **SCORED | fields)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"code": 1000, "verification_score": 0,96}', "it is not JSON"),
        (b'{"code": 1000, "verification_score": NaN}', "NaN is not JSON"),
        (b"[]", "no JSON object"),
        (b'{"code": "1000", "verification_score": 0.96}', "code is no integer"),
    ],
)
def test_why_a_normal_status_is_no_response_of_the_contract_is_told(body: bytes, why: str) -> None:
    with pytest.raises(UndocumentedAnswer, match=f"no response of the contract: .*{why}"):
        read_answer(200, body)


@pytest.mark.parametrize(
    ("status", "name"), [(503, " (Service Unavailable)"), (299, ""), (200, "")]
)
def test_a_status_is_told_by_its_name(status: int, name: str) -> None:
    with pytest.raises(UndocumentedAnswer, match=rf"no response of the contract{re.escape(name)}$"):
        read(status)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FIELDS = st.dictionaries(
    st.sampled_from(["code", "message", "verification_score", "request_id", "other"]),
    JSON | st.sampled_from([CONTRACT.success_code, *(c.code for c in CONTRACT.codes.values())]),
)


@given(st.integers(100, 599), st.binary() | (FIELDS | JSON).map(lambda j: json.dumps(j).encode()))
def test_any_answer_is_a_score_or_an_abnormal_answer(status: int, body: bytes) -> None:
    result: Any
    try:
        result = read_answer(status, body)
    except AbnormalAnswer as error:
        result = error
    if isinstance(result, AbnormalAnswer):
        assert result.status == status
        assert str(result)
    else:
        assert status == 200
        assert 0 <= result.score <= 1


def test_deeply_nested_json_is_no_answer() -> None:
    with pytest.raises(UndocumentedAnswer):
        read_answer(200, b"[" * 100_000)


def test_errors_are_what_plain_code_expects_and_survive_pickling() -> None:
    assert issubclass(Unreachable, ConnectionError)
    assert issubclass(TimedOut, TimeoutError)
    error = refused(CONTRACT.codes["FACE_OCCLUSION"], "mouth")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert isinstance(again, ClientError)
    assert (type(again), str(again)) == (type(error), str(error))
