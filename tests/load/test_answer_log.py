from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from loadtests.control.answer_log import OTHER_SCORE, REPEATED_ID, AnswerLog, Consistency
from loadtests.generator.answers import Recorder, Verdict
from loadtests.profile import Profile, Stage
from loadtests.statistics.gates import judge_gates
from loadtests.statistics.windows import Window, total

PROFILE = Profile(
    about="", name="p", stages=(Stage(rate=1, seconds=8),), warm_up=2, gates={"error_share": 0}
)
FAILED = Verdict("500 500", "HTTP 500", 1)
REQUESTS = st.lists(st.tuples(st.floats(0, 9.9), st.floats(0, 3), st.booleans(), st.booleans()))


def report(recorder: Recorder, *, clock: float = 10.0, **scores: float) -> dict[str, object]:
    return {
        **recorder.drain(),
        "scores": scores,
        "clock": clock,
        "over": False,
        "cpu": 0.5,
        "trouble": None,
    }


@given(REQUESTS)
def test_two_workers_add_up_to_one(requests: list[tuple[float, float, bool, bool]]) -> None:
    alone, workers = Recorder(1), [Recorder(1), Recorder(1)]
    for number, (due, latency, bad, second) in enumerate(requests):
        verdict = (
            Verdict("500 500", "HTTP 500", number) if bad else Verdict("200 1000", None, number)
        )
        for recorder in (alone, workers[second]):
            recorder.record(due, due + latency, latency, verdict)
    one, two = AnswerLog(PROFILE, Consistency()), AnswerLog(PROFILE, Consistency())
    one.add("a", report(alone))
    for name, recorder in zip("ab", workers, strict=True):
        two.add(name, report(recorder))
    assert one.measures() == two.measures()
    assert one.measures().requests == sum(due >= 2 for due, *_ in requests)


def test_a_request_id_may_not_come_from_two_workers() -> None:
    log = AnswerLog(PROFILE, Consistency())
    for name in "ab":
        recorder = Recorder(1)
        recorder.record(5.0, 5.1, 0.1, Verdict("200 1000", None, 42))
        log.add(name, report(recorder))
    measures = log.measures()
    assert measures.failures == {REPEATED_ID: 1}
    assert (measures.requests, measures.rate * measures.seconds) == (2, 1)
    assert not judge_gates(PROFILE.gates, measures)[0].kept


def test_a_request_fails_once() -> None:
    log, recorder = AnswerLog(PROFILE, Consistency()), Recorder(1)
    for _ in range(3):
        recorder.record(5.0, 5.1, 0.1, FAILED)
    log.add("a", report(recorder))
    measures = log.measures()
    assert (measures.requests, measures.failed, measures.rate) == (3, 3, 0)


def test_request_ids_stay_known_over_the_steps_of_a_search() -> None:
    shared = Consistency()
    for expected in ({}, {REPEATED_ID: 1}):
        log, recorder = AnswerLog(PROFILE, shared), Recorder(1)
        recorder.record(5.0, 5.1, 0.1, Verdict("200 1000", None, 42))
        log.add("a", report(recorder))
        assert log.measures().failures == expected


def test_workers_must_see_the_same_score_and_are_told_once() -> None:
    log = AnswerLog(PROFILE, Consistency())
    log.add("a", report(Recorder(1), clock=5, pair=0.25))
    for _ in range(3):
        log.add("b", report(Recorder(1), clock=5, pair=0.5))
    assert log.measures().failures == {OTHER_SCORE: 1}


def test_the_warm_up_does_not_count() -> None:
    log, recorder = AnswerLog(PROFILE, Consistency()), Recorder(1)
    recorder.record(1.9, 2.5, 0.6, FAILED)
    recorder.record(2.0, 2.5, 0.5, Verdict("200 1000", None, 2))
    log.add("a", report(recorder))
    measures = log.measures()
    assert (measures.requests, measures.failed, measures.seconds) == (1, 0, 8)


def test_a_run_cut_short_is_as_long_as_it_was() -> None:
    log = AnswerLog(PROFILE, Consistency())
    log.add("a", report(Recorder(1), clock=6.0))
    log.cut_short("it was interrupted")
    log.add("a", report(Recorder(1), clock=9.0))
    assert log.measures().seconds == 4


def test_long_runs_have_wider_slots() -> None:
    long = Profile(about="", stages=(Stage(rate=1, seconds=36_000),), warm_up=90)
    log = AnswerLog(long, Consistency())
    assert log.window_seconds == 61
    assert log.first_window * log.window_seconds >= 90


@given(REQUESTS)
def test_a_slot_survives_json(requests: list[tuple[float, float, bool, bool]]) -> None:
    recorder = Recorder(1)
    for due, latency, bad, _ in requests:
        recorder.record(due, due, latency, FAILED if bad else Verdict("200 1000", None, 3))
    whole = total(recorder.windows.values())
    assert Window.from_plain(json.loads(json.dumps(whole.plain()))) == whole
