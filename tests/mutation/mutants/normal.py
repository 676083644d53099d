"""Faults in the answer to a comparison."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tests.mutation.parts import on_comparison
from tests.mutation.registry import mutant
from tests.mutation.wire import CONTRACT, Reply

# The score


@mutant("score-range")
@on_comparison
def score_scaled_to_100(given: Reply) -> Reply:
    return given.but(verification_score=100 * given.score)


@mutant("score-range")
@on_comparison
def score_just_above_one(given: Reply) -> Reply:
    """As cosines of float32 vectors come out."""
    return given.but(verification_score=1.0000001) if given.score > 0.99 else given


@mutant("score-range")
@on_comparison
def score_down_to_minus_one(given: Reply) -> Reply:
    """The cosine itself."""
    return given.but(verification_score=2 * given.score - 1)


@mutant("score-type")
@on_comparison
def score_as_text(given: Reply) -> Reply:
    return given.but(verification_score=str(given.score))


@mutant("score-type")
@on_comparison
def score_null(given: Reply) -> Reply:
    return given.but(verification_score=None)


@mutant("score-type")
@on_comparison
def score_as_verdict(given: Reply) -> Reply:
    return given.but(verification_score=given.score > CONTRACT.error_rates.recommended_above)


@mutant("score-type")
@on_comparison
def score_in_a_list(given: Reply) -> Reply:
    return given.but(verification_score=[given.score])


@mutant("answer-json", "score-type")
@on_comparison
def score_not_a_number(given: Reply) -> Reply:
    """NaN, which Python writes into JSON unasked."""
    return given.but(verification_score=float("nan"))


@mutant("success-shape")
@on_comparison
def score_missing(given: Reply) -> Reply:
    return given.without("verification_score")


@mutant("success-shape")
@on_comparison
def score_under_another_name(given: Reply) -> Reply:
    return given.without("verification_score").but(score=given.score)


# The code


def code_is(code: object, given: Reply) -> Reply:
    """Another code than that of success."""
    return given.but(code=code)


for name, code in (
    ("success_code_zero", 0),
    ("success_code_200", 200),
    ("success_code_as_text", str(CONTRACT.success_code)),
    ("success_code_null", None),
):
    mutant("success-code", name=name)(on_comparison(partial(code_is, code)))


mutant("code-whole", name="success_code_with_a_point")(
    on_comparison(partial(code_is, float(CONTRACT.success_code)))
)


@mutant("success-code", "refusal-without-score")
@on_comparison
def success_code_of_a_refusal(given: Reply) -> Reply:
    return given.but(code=CONTRACT.codes["INVALID_ARGUMENT"].code)


@mutant("success-shape")
@on_comparison
def success_code_missing(given: Reply) -> Reply:
    return given.without("code")


# The rest


@mutant("success-without-message")
@on_comparison
def code_1000_with_a_message(given: Reply) -> Reply:
    return given.but(message="success")


@mutant("success-status", "status-documented")
@on_comparison
def success_under_201(given: Reply) -> Reply:
    return given.under(201)


@mutant("success-status")
@on_comparison
def success_under_400(given: Reply) -> Reply:
    return given.under(400)


@mutant("success-shape")
@on_comparison
def result_in_an_envelope(given: Reply) -> Reply:
    return given.saying({"success": True, "data": given.fields})


@mutant("answer-json", "success-shape")
@on_comparison
def result_in_a_list(given: Reply) -> Reply:
    return given.saying([given.fields])


@mutant("answer-json")
@on_comparison
def json_within_json(given: Reply) -> Reply:
    return given.saying(given.body.decode())


@mutant("success-shape")
@on_comparison
def names_in_camel_case(given: Reply) -> Reply:
    fields = given.fields
    return given.saying(
        {
            "code": fields["code"],
            "verificationScore": fields["verification_score"],
            "requestId": fields["request_id"],
        }
    )


@mutant("answer-json")
@on_comparison
def result_as_python_writes_it(given: Reply) -> Reply:
    return replace(given, body=repr(given.fields).encode())


@mutant("answer-json")
@on_comparison
def result_in_a_callback(given: Reply) -> Reply:
    return replace(given, body=b"callback(%b);" % given.body)


@mutant("answer-content-type")
@on_comparison
def result_declared_as_html(given: Reply) -> Reply:
    return given.headed(Content_Type="text/html; charset=utf-8")
