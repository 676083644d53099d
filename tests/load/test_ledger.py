from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from loadtests.gates import judge_gates
from loadtests.judge import Verdict
from loadtests.ledger import OTHER_SCORE, REPEATED_ID, Ledger, Shared
from loadtests.profile import Profile, Stage
from loadtests.slots import Slot, Tally, total

PROFILE = Profile(
    about="", name="p", stages=(Stage(rate=1, seconds=8),), warm_up=2, gates={"error_share": 0}
)
FAILED = Verdict("500 500", "HTTP 500", 1)
REQUESTS = st.lists(st.tuples(st.floats(0, 9.9), st.floats(0, 3), st.booleans(), st.booleans()))


def report(tally: Tally, *, clock: float = 10.0, **scores: float) -> dict[str, object]:
    return {**tally.drain(), "scores": scores, "clock": clock, "over": False, "cpu": 0.5}


@given(REQUESTS)
def test_two_workers_add_up_to_one(requests: list[tuple[float, float, bool, bool]]) -> None:
    alone, workers = Tally(1), [Tally(1), Tally(1)]
    for number, (due, latency, bad, second) in enumerate(requests):
        verdict = (
            Verdict("500 500", "HTTP 500", number) if bad else Verdict("200 1000", None, number)
        )
        for tally in (alone, workers[second]):
            tally.record(due, due + latency, latency, verdict)
    one, two = Ledger(PROFILE, Shared()), Ledger(PROFILE, Shared())
    one.absorb("a", report(alone))
    for name, tally in zip("ab", workers, strict=True):
        two.absorb(name, report(tally))
    assert one.measures() == two.measures()
    assert one.measures().requests == sum(due >= 2 for due, *_ in requests)


def test_a_request_id_may_not_come_from_two_workers() -> None:
    ledger = Ledger(PROFILE, Shared())
    for name in "ab":
        tally = Tally(1)
        tally.record(5.0, 5.1, 0.1, Verdict("200 1000", None, 42))
        ledger.absorb(name, report(tally))
    measures = ledger.measures()
    assert measures.failures == {REPEATED_ID: 1}
    assert (measures.requests, measures.rate * measures.seconds) == (2, 1)
    assert not judge_gates(PROFILE.gates, measures)[0].kept


def test_request_ids_stay_known_over_the_steps_of_a_search() -> None:
    shared = Shared()
    for expected in ({}, {REPEATED_ID: 1}):
        ledger, tally = Ledger(PROFILE, shared), Tally(1)
        tally.record(5.0, 5.1, 0.1, Verdict("200 1000", None, 42))
        ledger.absorb("a", report(tally))
        assert ledger.measures().failures == expected


def test_workers_must_see_the_same_score_and_are_told_once() -> None:
    ledger = Ledger(PROFILE, Shared())
    ledger.absorb("a", report(Tally(1), clock=5, pair=0.25))
    for _ in range(3):
        ledger.absorb("b", report(Tally(1), clock=5, pair=0.5))
    assert ledger.measures().failures == {OTHER_SCORE: 1}


def test_the_warm_up_does_not_count() -> None:
    ledger, tally = Ledger(PROFILE, Shared()), Tally(1)
    tally.record(1.9, 2.5, 0.6, FAILED)
    tally.record(2.0, 2.5, 0.5, Verdict("200 1000", None, 2))
    ledger.absorb("a", report(tally))
    measures = ledger.measures()
    assert (measures.requests, measures.failed, measures.seconds) == (1, 0, 8)


def test_a_run_cut_short_is_as_long_as_it_was() -> None:
    ledger = Ledger(PROFILE, Shared())
    ledger.absorb("a", report(Tally(1), clock=6.0))
    ledger.cut_short("it was interrupted")
    ledger.absorb("a", report(Tally(1), clock=9.0))
    assert ledger.measures().seconds == 4


def test_long_runs_have_wider_slots() -> None:
    long = Profile(about="", stages=(Stage(rate=1, seconds=36_000),), warm_up=90)
    ledger = Ledger(long, Shared())
    assert ledger.slot_seconds == 61
    assert ledger.first_slot * ledger.slot_seconds >= 90


@given(REQUESTS)
def test_a_slot_survives_json(requests: list[tuple[float, float, bool, bool]]) -> None:
    tally = Tally(1)
    for due, latency, bad, _ in requests:
        tally.record(due, due, latency, FAILED if bad else Verdict("200 1000", None, 3))
    whole = total(tally.slots.values())
    assert Slot.from_plain(json.loads(json.dumps(whole.plain()))) == whole
