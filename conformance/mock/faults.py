"""The faults of the mock, by name.

A new fault is one function: ``@fault_of_judge`` for one that judges photos wrongly,
``@fault_of_answer`` for one that responds wrongly. ``verikit mock --list`` shows its name and
docstring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from conformance.mock.server import Answer, Reply, unchanged
from conformance.mock.verifier import Form, Judge, Refused, own_secrets, verify
from conformance.requests.writing import FIRST, QUALITY, ROTATE, SECOND
from verikit.contract import load_contract
from verikit.contract.encryption import from_base64

_CONTRACT = load_contract()
_TAG = _CONTRACT.encryption.tag_bytes
_LARGE = 4 * (1 << 20) // 3
"""Characters of the Base64 of 1 MiB."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault: its description, and the functions that judge a form and change an answer."""

    text: str
    judge: Judge = verify
    reply: Reply = unchanged


FAULTS: dict[str, Fault] = {}


def _add(function: Callable[..., object], fault: Fault) -> None:
    FAULTS[function.__name__.replace("_", "-")] = fault


def fault_of_judge(judge: Judge) -> Judge:
    """Register a server that judges photos wrongly."""
    _add(judge, Fault(text=judge.__doc__ or "", judge=judge))
    return judge


def fault_of_answer(reply: Reply) -> Reply:
    """Register a server that answers wrongly."""
    _add(reply, Fault(text=reply.__doc__ or "", reply=reply))
    return reply


@fault_of_judge
def second_photo_ignored(form: Form) -> float:
    """The first photo is compared with itself."""
    return verify({**form, SECOND: form.get(FIRST, "")})


@fault_of_judge
def tag_not_verified(form: Form) -> float:
    """Encrypted photos are read whatever their tag is."""
    return verify({**form, **{n: _with_right_tag(form[n]) for n in (FIRST, SECOND) if n in form}})


@fault_of_judge
def tag_of_large_photos_not_verified(form: Form) -> float:
    """The tag of a photo above 1 MiB is not verified."""
    return (
        tag_not_verified(form) if max(map(len, form.values()), default=0) > _LARGE else verify(form)
    )


@fault_of_judge
def score_reversed(form: Form) -> float:
    """Two people score higher than one."""
    return 1.0 - verify(form)


@fault_of_judge
def everybody_the_same(form: Form) -> float:
    """Any two faces get a score of 0.95."""
    verify(form)
    return 0.95


@fault_of_judge
def options_ignored(form: Form) -> float:
    """auto_rotate and check_quality are not read."""
    return verify({name: text for name, text in form.items() if name not in (ROTATE, QUALITY)})


@fault_of_judge
def quality_always_checked(form: Form) -> float:
    """A covered face is refused although check_quality is not set."""
    return verify({**form, QUALITY: "true"})


@fault_of_judge
def one_code_for_all_refusals(form: Form) -> float:
    """Every refusal has code 1200."""
    try:
        return verify(form)
    except Refused as refused:
        raise Refused("INVALID_ARGUMENT") from refused


@fault_of_answer
def score_as_text(answer: Answer) -> Answer:
    """The score is a JSON string."""
    return _with_score(answer, str)


@fault_of_answer
def score_in_percent(answer: Answer) -> Answer:
    """The score lies from 0 to 100."""
    return _with_score(answer, lambda score: 100 * score)


@fault_of_answer
def request_id_always_the_same(answer: Answer) -> Answer:
    """Every answer has the same request_id."""
    return replace(answer, fields={**answer.fields, "request_id": "0"})


@fault_of_answer
def request_id_of_24_bits(answer: Answer) -> Answer:
    """A request_id has six hexadecimal digits."""
    return replace(answer, fields={**answer.fields, "request_id": uuid4().hex[:6]})


@fault_of_answer
def refusals_without_message(answer: Answer) -> Answer:
    """A refusal lacks its message."""
    kept = {name: value for name, value in answer.fields.items() if name != "message"}
    return replace(answer, fields=kept)


@fault_of_answer
def refusals_as_html(answer: Answer) -> Answer:
    """A refusal is an HTML page."""
    return answer if answer.status == 200 else replace(answer, text="<h1>Bad Request</h1>")


@fault_of_answer
def refusals_as_internal_errors(answer: Answer) -> Answer:
    """A request that should be refused with 400 is answered with HTTP 500."""
    return replace(answer, status=500) if answer.status == 400 else answer


def _with_score(answer: Answer, change: Callable[[float], object]) -> Answer:
    score = answer.fields.get("verification_score")
    if score is None:
        return answer
    return replace(answer, fields={**answer.fields, "verification_score": change(score)})


def _with_right_tag(text: str) -> str:
    secrets = own_secrets()
    try:
        ciphertext = from_base64(text.encode())[:-_TAG]
    except ValueError:
        return text
    cipher = Cipher(AES(secrets.key.encode()), GCM(secrets.iv.encode()))
    return secrets.encrypt_to_base64(cipher.decryptor().update(ciphertext)).decode()
