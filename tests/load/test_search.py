from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from loadtests.control.answer_log import AnswerLog, Consistency
from loadtests.control.outcome import BROKEN, INCOMPLETE, KEPT, Outcome, judge_run
from loadtests.control.plan import plan
from loadtests.control.server_monitor import ServerMonitor
from loadtests.generator.answers import NO_ANSWER
from loadtests.profile import Profile, Stage, load_profile
from loadtests.report.text import headline, summary
from loadtests.statistics.windows import Window

Run = Callable[[Profile], AnswerLog]
STRESS = load_profile("stress")
GOOD = Window(latencies=Counter({20_000: 40}), answers=Counter({"200 1000": 40}), arrived=40)
GOOD = replace(GOOD, finished=40)
DEAD = Window(
    latencies=Counter({20_000: 40}),
    answers=Counter({NO_ANSWER: 40}),
    failures=Counter({"no response: ConnectionRefusedError": 40}),
    arrived=40,
)


@pytest.fixture
def monitor() -> Iterator[ServerMonitor]:
    monitor = ServerMonitor(None)
    yield monitor
    monitor.stop()


def filled(profile: Profile, window: Window) -> AnswerLog:
    log = AnswerLog(profile, Consistency())
    log.processes["a"].clock = profile.warm_up + profile.seconds
    for index in range(int(log.clock)):
        log.windows[index].add(window)
    return log


def searched(monitor: ServerMonitor, run: Run) -> Outcome:
    runs = plan("http://server", STRESS, monitor)
    profile = next(runs)
    while True:
        try:
            profile = runs.send(run(profile))
        except StopIteration as ended:
            outcome: Outcome = ended.value
            return outcome


def dying(after: int, trouble: str | None = None, *, aborted: bool = False) -> Run:
    """A server that answers so many runs, and then none."""
    runs = 0

    def run(profile: Profile) -> AnswerLog:
        nonlocal runs
        runs += 1
        log = filled(profile, GOOD if runs <= after else DEAD)
        if trouble and runs > after:
            log.cut_short(trouble, aborted=aborted)
        return log

    return run


@pytest.mark.parametrize(
    ("trouble", "aborted", "told"),
    [
        (None, False, "the server stopped answering at "),
        ("aborted: error_share is 1", True, "the server stopped answering at "),
        ("it was interrupted", False, "it was interrupted"),
    ],
)
def test_a_server_that_dies_in_a_search_is_no_knee(
    monitor: ServerMonitor, trouble: str | None, told: str, *, aborted: bool
) -> None:
    outcome = searched(monitor, dying(2, trouble, aborted=aborted))
    assert outcome.exit_code == INCOMPLETE
    assert f"incomplete: {told}" in summary(outcome, [])


def test_a_search_ends_at_its_knee(monitor: ServerMonitor) -> None:
    def run(profile: Profile) -> AnswerLog:
        log = filled(profile, GOOD)
        if (profile.stages[0].rate or 0) > 60:
            log.cut_short("aborted: p95_ms is 9000", aborted=True)
        return log

    outcome = searched(monitor, run)
    assert outcome.exit_code in (KEPT, BROKEN)
    assert outcome.knee is not None
    assert 30 < outcome.knee <= 60
    assert outcome.log.trouble is None


def test_an_aborted_run_fails_whatever_came_in_afterwards(monitor: ServerMonitor) -> None:
    profile = Profile(
        about="x", name="x", stages=(Stage(rate=40, seconds=60),), gates={"error_share": 0.05}
    )
    log = filled(profile, GOOD)
    assert judge_run("u", log, monitor).exit_code == KEPT
    log.cut_short("aborted: error_share is 0.06, the limit is 0.05", aborted=True)
    outcome = judge_run("u", log, monitor)
    assert outcome.exit_code == BROKEN
    assert "\naborted: error_share" in summary(outcome, [])


@pytest.mark.parametrize(
    ("gates", "told"),
    [
        ({"p95_ms": 15.0}, "Gate broken: p95_ms is 20.09, the limit is 15 (34.0% above)"),
        ({"p95_ms": 2.0}, "Gate broken: p95_ms is 20.09, the limit is 2 (10 times it)"),
        ({"min_rate": 80.0}, "Gate broken: min_rate is 40, the limit is 80 (50.0% below)"),
        ({"memory_slope": 0.0}, "Gate broken: memory_slope was not measured"),
        ({"p95_ms": 30.0}, "All gates kept"),
        ({}, "No gates to keep"),
    ],
)
def test_the_headline_says_which_gate_broke_and_by_how_much(
    monitor: ServerMonitor, gates: dict[str, float], told: str
) -> None:
    stages = (Stage(rate=40, seconds=60),)
    log = filled(Profile(about="x", name="x", stages=stages, gates=gates), GOOD)
    assert headline(judge_run("u", log, monitor)) == told
