import json

import pytest

from tests.hostile.body import Body
from tests.hostile.client import Answer, Reply, parse
from tests.hostile.form import Form
from tests.hostile.judge import complaints
from verikit.contract import load_contract

CONTRACT = load_contract()
FORM = Body(1, "forms: right", b"POST / HTTP/1.1\r\n\r\n", Form("x", b""))
RAW = Body(2, "http: nonsense", b"nonsense\r\n\r\n")
UNFINISHED = Body(3, "http: cuts", b"POST / HT")
HEAD = Body(4, "http: request lines", b"HEAD / HTTP/1.1\r\n\r\n")
SCORE = {"code": 1000, "verification_score": 0.5, "request_id": "a"}
BUSY = {"code": 500, "message": "the server is busy: ask again later", "request_id": "a"}
REFUSAL = {"code": 1200, "message": "no", "request_id": "a"}


def answer(status: int, content: object, content_type: str = "application/json") -> Answer:
    return Answer(status, content_type, json.dumps(content).encode())


def said(body: Body, *answers: Answer, broken: str = "") -> str:
    return "; ".join(complaints(body, Reply(answers, 0.0, 0.1, broken)))


@pytest.mark.parametrize(
    ("body", "answers"),
    [
        (FORM, [answer(200, SCORE)]),
        (FORM, [answer(400, REFUSAL)]),
        (FORM, [answer(413, REFUSAL | {"code": 413})]),
        (RAW, [answer(400, REFUSAL)]),
        (RAW, [answer(500, BUSY)]),
        (RAW, [answer(404, REFUSAL | {"code": 404}), answer(400, REFUSAL)]),
        (UNFINISHED, []),
        (HEAD, [Answer(404, "application/json", b"")]),
    ],
)
def test_right_answers_are_left_alone(body: Body, answers: list[Answer]) -> None:
    assert said(body, *answers) == ""


@pytest.mark.parametrize(
    ("body", "answers", "complaint"),
    [
        (FORM, [], "no answer"),
        (RAW, [], "no answer"),
        (FORM, [answer(400, REFUSAL)] * 2, "2 answers"),
        (FORM, [answer(500, REFUSAL | {"code": 500})], "status 500"),
        (FORM, [answer(500, BUSY)], "status 500"),
        (RAW, [answer(501, REFUSAL | {"code": 501})], "status 501"),
        (FORM, [answer(405, REFUSAL | {"code": 405})], "status 405, which is not documented"),
        (FORM, [answer(200, SCORE | {"verification_score": 1.5})], "no VerificationResult"),
        (FORM, [answer(200, REFUSAL)], "no VerificationResult"),
        (FORM, [answer(400, REFUSAL | {"code": 9})], "no Refusal"),
        (FORM, [answer(400, {"code": 1200, "message": "no"})], "no Refusal"),
        (FORM, [answer(404, REFUSAL)], "code 1200 with status 404"),
        (FORM, [answer(400, REFUSAL, "text/html")], "content type 'text/html'"),
        (FORM, [Answer(400, "application/json", b"<html>")], "no Refusal"),
        (RAW, [answer(200, SCORE)], "success for what was no comparison"),
    ],
)
def test_wrong_answers_are_named(body: Body, answers: list[Answer], complaint: str) -> None:
    assert complaint in said(body, *answers)


def test_a_broken_exchange_is_named() -> None:
    assert said(FORM, answer(200, SCORE), broken="no connection") == "no connection"


def test_answers_on_one_connection_are_told_apart() -> None:
    one = b"HTTP/1.1 400 Bad Request\r\nContent-Type: x\r\nContent-Length: 2\r\n\r\n{}"
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert parse(one + interim + one) == [Answer(400, "x", b"{}")] * 2
