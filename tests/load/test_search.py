from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from loadtests.judge import NO_ANSWER
from loadtests.ledger import Ledger, Shared
from loadtests.profile import Profile, Stage, load_profile
from loadtests.search import search
from loadtests.server_watch import ServerWatch
from loadtests.slots import Slot
from loadtests.text import summary
from loadtests.verdict import BROKEN, INCOMPLETE, KEPT, Outcome, settle

Run = Callable[[Profile], Ledger]
STRESS = load_profile("stress")
GOOD = Slot(latencies=Counter({20_000: 40}), answers=Counter({"200 1000": 40}), arrived=40)
GOOD = replace(GOOD, finished=40)
DEAD = Slot(
    latencies=Counter({20_000: 40}),
    answers=Counter({NO_ANSWER: 40}),
    failures=Counter({"no answer: ConnectionRefusedError": 40}),
    arrived=40,
)


@pytest.fixture
def watch() -> Iterator[ServerWatch]:
    watch = ServerWatch(None)
    yield watch
    watch.stop()


def filled(profile: Profile, slot: Slot) -> Ledger:
    ledger = Ledger(profile, Shared())
    ledger.nodes["a"].clock = profile.warm_up + profile.seconds
    for index in range(int(ledger.clock)):
        ledger.slots[index].add(slot)
    return ledger


def searched(watch: ServerWatch, run: Run) -> Outcome:
    assert STRESS.search
    return search("http://server", STRESS, STRESS.search, run, watch)


def dying(after: int, trouble: str | None = None, *, aborted: bool = False) -> Run:
    """A server that answers so many runs, and then none."""
    runs = 0

    def run(profile: Profile) -> Ledger:
        nonlocal runs
        runs += 1
        ledger = filled(profile, GOOD if runs <= after else DEAD)
        if trouble and runs > after:
            ledger.cut_short(trouble, aborted=aborted)
        return ledger

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
    watch: ServerWatch, trouble: str | None, told: str, *, aborted: bool
) -> None:
    outcome = searched(watch, dying(2, trouble, aborted=aborted))
    assert outcome.exit_code == INCOMPLETE
    assert f"incomplete: {told}" in summary(outcome, [])


def test_a_search_ends_at_its_knee(watch: ServerWatch) -> None:
    def run(profile: Profile) -> Ledger:
        ledger = filled(profile, GOOD)
        if (profile.stages[0].rate or 0) > 60:
            ledger.cut_short("aborted: p95_ms is 9000", aborted=True)
        return ledger

    outcome = searched(watch, run)
    assert outcome.exit_code in (KEPT, BROKEN)
    assert outcome.knee is not None
    assert 30 < outcome.knee <= 60
    assert outcome.ledger.trouble is None


def test_an_aborted_run_fails_whatever_came_in_afterwards(watch: ServerWatch) -> None:
    profile = Profile(
        about="x", name="x", stages=(Stage(rate=40, seconds=60),), gates={"error_share": 0.05}
    )
    ledger = filled(profile, GOOD)
    assert settle("u", ledger, watch, 0).exit_code == KEPT
    ledger.cut_short("aborted: error_share is 0.06, the limit is 0.05", aborted=True)
    outcome = settle("u", ledger, watch, 0)
    assert outcome.exit_code == BROKEN
    assert "\naborted: error_share" in summary(outcome, [])
