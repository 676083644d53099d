"""Faults in the answer to a request that is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tests.mutation.parts import on_refusal
from tests.mutation.registry import mutant
from tests.mutation.wire import CONTRACT, Reply

FALLBACK = CONTRACT.codes["INVALID_ARGUMENT"].code
DETECTION = CONTRACT.codes["DETECTION_FAILED"].code
DAMAGED = CONTRACT.codes["INVALID_IMAGE_TYPE"].code

# The code


def undocumented(code: int, given: Reply) -> Reply:
    """One system code is a number that the page does not know."""
    return given.but(code=code + 1000) if given.code == code else given


for entry in CONTRACT.codes.values():
    mutant(f"code-{entry.code}", name=f"code_{entry.code}_undocumented")(
        on_refusal(partial(undocumented, entry.code))
    )


@mutant("code-2003", "code-2004", "code-2005", "code-4000", "code-4004")
@on_refusal
def every_refusal_a_1200(given: Reply) -> Reply:
    return given.but(code=FALLBACK)


@mutant("refusal-code")
@on_refusal
def refusal_code_as_text(given: Reply) -> Reply:
    return given.but(code=str(given.code))


@mutant("refusal-code")
@on_refusal
def refusal_code_by_name(given: Reply) -> Reply:
    name = next(name for name, entry in CONTRACT.codes.items() if entry.code == given.code)
    return given.but(code=name)


@mutant("refusal-code", "code-1200")
@on_refusal
def refusal_code_negative(given: Reply) -> Reply:
    return given.but(code=-given.code)


@mutant("refusal-code", "code-1200")
@on_refusal
def refusal_code_repeats_the_status(given: Reply) -> Reply:
    return given.but(code=given.status)


@mutant("refusal-shape")
@on_refusal
def refusal_code_missing(given: Reply) -> Reply:
    return given.without("code")


@mutant("refusal-code", "success-status", "success-without-message")
@on_refusal
def refusal_with_the_code_of_success(given: Reply) -> Reply:
    return given.but(code=CONTRACT.success_code)


@mutant("refusal-code", "code-1200")
@on_refusal
def invalid_argument_under_200_with_code_1000(given: Reply) -> Reply:
    if given.code != FALLBACK:
        return given
    return given.but(code=CONTRACT.success_code).under(200)


@mutant("code-2005")
@on_refusal
def damaged_photo_answered_as_a_comparison(given: Reply) -> Reply:
    """HTTP 200, code 1000 and a score of 0 where the photo should be refused."""
    if given.code != DAMAGED:
        return given
    scored = given.without("message").under(200)
    return scored.but(code=CONTRACT.success_code, verification_score=0.0)


# The rest


@mutant("refusal-without-score")
@on_refusal
def refusal_with_a_score(given: Reply) -> Reply:
    return given.but(verification_score=0.0)


@mutant("refusal-without-score")
@on_refusal
def no_face_with_a_score(given: Reply) -> Reply:
    return given.but(verification_score=0.0) if given.code == DETECTION else given


@mutant("refusal-shape")
@on_refusal
def message_missing(given: Reply) -> Reply:
    return given.without("message")


@mutant("refusal-shape")
@on_refusal
def message_null(given: Reply) -> Reply:
    return given.but(message=None)


@mutant("refusal-shape")
@on_refusal
def message_in_parts(given: Reply) -> Reply:
    return given.but(message={"text": given.fields["message"], "severity": "error"})


@mutant("refusal-shape")
@on_refusal
def message_under_another_name(given: Reply) -> Reply:
    return given.without("message").but(error=given.fields["message"])


@mutant("refusal-shape")
@on_refusal
def refusal_in_an_envelope(given: Reply) -> Reply:
    return given.saying({"error": given.fields})


@mutant("code-message")
@on_refusal
def message_says_nothing(given: Reply) -> Reply:
    return given.but(message="error")


@mutant("code-message")
@on_refusal
def messages_2003_and_2004_swapped(given: Reply) -> Reply:
    size, length = CONTRACT.codes["INVALID_IMAGE_SIZE"], CONTRACT.codes["INVALID_CONTENT_LENGTH"]
    other = {size.code: length.message, length.code: size.message}
    return given.but(message=other.get(given.code, given.fields["message"]))


@mutant("status-400")
@on_refusal
def refusals_under_200(given: Reply) -> Reply:
    return given.under(200)


@mutant("status-documented")
@on_refusal
def refusals_under_422(given: Reply) -> Reply:
    return given.under(422)


@mutant("status-400", "status-500")
@on_refusal
def refusals_under_500(given: Reply) -> Reply:
    return given.under(500)


@mutant("status-400")
@on_refusal
def no_face_under_404(given: Reply) -> Reply:
    return given.under(404) if given.code == DETECTION else given


# The text


@mutant("answer-json")
@on_refusal
def refusal_in_html(given: Reply) -> Reply:
    page = b"<!doctype html><title>400 Bad Request</title><h1>Bad Request</h1>"
    return replace(given, body=page).headed(Content_Type="text/html")


@mutant("answer-json")
@on_refusal
def refusal_in_plain_text(given: Reply) -> Reply:
    return replace(given, body=given.fields["message"].encode())


@mutant("answer-json")
@on_refusal
def refusal_empty(given: Reply) -> Reply:
    return replace(given, body=b"")


@mutant("answer-json")
@on_refusal
def refusal_in_latin_1(given: Reply) -> Reply:
    """A message that is not English, in the wrong encoding."""
    text = given.body.decode().replace('"message": "', '"message": "Vérification refusée: ')
    return replace(given, body=text.encode("latin-1"))


@mutant("answer-json")
@on_refusal
def refusal_in_utf_16(given: Reply) -> Reply:
    return replace(given, body=given.body.decode().encode("utf-16"))


@mutant("answer-json")
@on_refusal
def refusal_after_a_byte_order_mark(given: Reply) -> Reply:
    return replace(given, body=b"\xef\xbb\xbf" + given.body)


@mutant("answer-content-type")
@on_refusal
def refusal_declared_as_text(given: Reply) -> Reply:
    return given.headed(Content_Type="text/plain")


@mutant("answer-content-type")
@on_refusal
def refusal_without_content_type(given: Reply) -> Reply:
    return replace(given, headers={})
