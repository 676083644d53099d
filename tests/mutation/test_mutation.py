"""A taste of the whole measurement, which ``python -m tests.mutation`` makes.

Each server is judged only by the cases about what it breaks, and none of the faults is one of
faces: those of the mock will do. The whole measurement and `verikit demo` take the models.
"""

from dataclasses import replace

import pytest

from tests.mutation.mutants import MUTANTS
from tests.mutation.parts import Compare, Pair, on_compare
from tests.mutation.registry import MODEST, Candidate
from tests.mutation.serving import served
from tests.mutation.trial import cases_about, try_out
from tests.mutation.variants import VARIANTS

SUBTLE = (
    "tag-verified-only-on-the-first-photo",
    "half-of-the-tag-verified",
    "first-character-of-the-iv-ignored",
    "score-just-above-one",
    "score-depends-on-the-order",
    "answers-cached-by-first-photo",
    "requests-at-the-same-time-mixed-up",
    "request-id-is-the-second",
    "code-1000-with-a-message",
    "codes-2003-and-2004-swapped",
    "tag-measured-with-the-file",
    "auto-rotate-inverted",
    "json-cut-short-under-load",
)


def with_few_combinations(cases: tuple[str, ...]) -> tuple[str, ...]:
    """All but most of the combinations, every one of which `verikit demo` plays."""
    crossed = [case for case in cases if case.startswith("crossed-")]
    left_out = set(crossed) - set(crossed[::30])
    return tuple(case for case in cases if case not in left_out)


@pytest.mark.live
@pytest.mark.parametrize("name", SUBTLE)
def test_subtle_mutant_is_killed(name):
    one: Candidate = replace(MUTANTS[name], models=False)
    cases = with_few_combinations(cases_about(*one.breaks))
    assert try_out(one, cases=cases).problem == ""


@pytest.mark.live
def test_the_same_cases_leave_the_reference_alone():
    """But for the second photo's like of a case of the first's, which `verikit demo` plays too."""
    broken = {requirement for name in SUBTLE for requirement in MUTANTS[name].breaks}
    cases = with_few_combinations(cases_about(*sorted(broken)))
    mirrored = {f"second-{case.removeprefix('first-')}" for case in cases}
    control = replace(VARIANTS["the reference held to the readings"], models=False)
    assert control.profile == MODEST
    assert try_out(control, cases=tuple(c for c in cases if c not in mirrored)).problem == ""


def mistaken(_: Compare, pair: Pair) -> float:
    return pair.nothing  # type: ignore[attr-defined,no-any-return]


@pytest.mark.live
def test_a_mistake_in_a_specimen_is_no_kill():
    build = on_compare(mistaken)
    one = Candidate(
        name="mistaken",
        start=lambda parts: served(build(parts)),
        breaks=("status-500",),
        profile=MODEST,
    )
    trial = try_out(one, cases=("ordinary", "every-status-500"))
    assert trial.problem.startswith("mistaken is no server to judge by: it broke with Attribute")
