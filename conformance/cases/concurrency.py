"""Many requests at once or in a row: no answer may belong to another request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance.case import Talk, score_of
from conformance.cases import talk_case
from conformance.cases.scores import COLLINS, HOPPER, NOISE
from conformance.outcome import ACCEPTED, outcome, spoken
from conformance.recipe import Photo, Request, Seal, Sealed
from conformance.verdicts import Finding

_MIXED = (
    Request(first=Sealed(photo=COLLINS), second=Sealed(photo=COLLINS)),
    Request(first=Sealed(photo=COLLINS), second=Sealed(photo=HOPPER)),
    Request(first=Sealed(photo=HOPPER), second=Sealed(photo=HOPPER)),
    Request(first=Sealed(photo=Photo(of="nobody"))),
    Request(second=Sealed(photo=Photo(content="text"))),
    Request(first=Sealed(seal=Seal(flip="tag"))),
    Request(second=None),
    Request(check_quality="maybe"),
)
_ROUNDS = 3


@talk_case(
    "concurrent-answers-not-mixed",
    "Requests sent at the same time get the answers they get one by one",
    requires=("operation-stateless",),
)
def _not_mixed(talk: Talk) -> Iterator[Finding]:
    alone = [talk.ask(request) for request in _MIXED]
    for together in (talk.together(_MIXED) for _ in range(_ROUNDS)):
        for one, other in zip(alone, together, strict=True):
            same = outcome(one.answer) == outcome(other.answer)
            if same and outcome(one.answer) == ACCEPTED:
                same = abs(score_of(one) - score_of(other)) <= NOISE
            if not same:
                expected = f"as alone: {spoken(one)}"
                yield from talk.differs(expected, spoken(other), other)


@talk_case(
    "connection-reused",
    "Requests over one connection are answered each for itself, refused ones in between",
    requires=("operation-stateless",),
)
def _reused(talk: Talk) -> Iterator[Finding]:
    short = Request(first="A" * 2000, second="A" * 2000)
    ordinary, refused = _MIXED[0], (short, replace(short, path="{path}/nothing"))
    alone = talk.ask(ordinary)
    for between in refused:
        last = talk.in_a_row([ordinary, between, ordinary])[-1]
        if outcome(last.answer) != outcome(alone.answer):
            yield from talk.differs(f"as alone: {spoken(alone)}", spoken(last), last)


@talk_case(
    "concurrent-request-ids",
    "Forty requests at the same time have forty ids",
    requires=("request-id-unique",),
)
def _request_ids(talk: Talk) -> Iterable[Finding]:
    answers = [one.answer for one in talk.together([Request(first=None)] * 40)]
    ids = Counter(str(a.fields.get("request_id")) for a in answers if a and a.fields)
    repeated = {name: times for name, times in ids.items() if times > 1}
    return talk.differs("an id of its own for each", f"repeated: {repeated}") if repeated else []
