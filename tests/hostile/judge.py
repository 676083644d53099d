"""What may be said against an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.hostile.body import Body
from tests.hostile.client import Answer, Reply
from verikit.contract import load_contract

CONTRACT = load_contract()
SCHEMAS = {200: "VerificationResult", 400: "Refusal"}
FAILED = 500


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(CONTRACT.schema(schema))


def complaints(body: Body, reply: Reply) -> list[str]:
    """What is wrong with a reply, each in a few words; time and memory are judged elsewhere."""
    if reply.broken:
        return [reply.broken]
    if not reply.answers and (body.form or body.demands_answer):
        return ["no answer"]
    if body.form and len(reply.answers) > 1:
        return [f"{len(reply.answers)} answers"]
    return [said for answer in reply.answers for said in _of_answer(answer, body)]


def _of_answer(answer: Answer, body: Body) -> Iterator[str]:
    if answer.status >= FAILED:
        if not _counts_as_gone(answer, body):
            yield f"status {answer.status}"
    elif answer.status not in CONTRACT.statuses:
        yield f"status {answer.status}, which is not documented"
    elif body.form is None and answer.status == 200:
        yield "success for what was no comparison"
    if body.method != "HEAD":
        yield from _of_content(answer)


def _counts_as_gone(answer: Answer, body: Body) -> bool:
    """What is no form is sent with its side closed, which a busy server takes for hanging up."""
    content = _json(answer.content)
    return body.form is None and "server is busy" in str(content and content.get("message"))


def _of_content(answer: Answer) -> Iterator[str]:
    if answer.content_type != "application/json":
        yield f"content type {answer.content_type!r}"
    content = _json(answer.content)
    schema = SCHEMAS.get(answer.status, "AbnormalResponse")
    error = next(_validator(schema).iter_errors(content), None)
    if error is not None:
        yield f"no {schema}: {error.message[:200]}"
    elif answer.status not in SCHEMAS and content["code"] != answer.status:
        yield f"code {content['code']} with status {answer.status}"


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def code_of(answer: Answer) -> int | None:
    """The code of the JSON, if there is one."""
    content = _json(answer.content)
    return content.get("code") if isinstance(content, dict) else None


def request_id_of(answer: Answer) -> str | None:
    """The id of the JSON, if there is one."""
    content = _json(answer.content)
    return content.get("request_id") if isinstance(content, dict) else None
