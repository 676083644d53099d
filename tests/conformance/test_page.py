"""The HTML report of a check, and what its requirements are said to have come to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from conformance.catalogue import load_catalogue
from conformance.judging.known_failures import Waiver, with_known_failure
from conformance.judging.verdicts import Verdict
from conformance.reports.comparison import Comparison, compare
from conformance.reports.console import report
from conformance.reports.evidence import evidence
from conformance.reports.page import AREA_OF, page
from conformance.reports.summary import NOT_CHECKED, UNTESTABLE, WORDS, requirement_verdicts
from conformance.requests.exchange import Target
from conformance.run import Run, run
from conformance.runner import Options
from verikit.contract.profile import load_profile


def checked(url: str, *patterns: str, profile: str | None = None) -> Run:
    cases = load_catalogue().select(*patterns)
    return run(Target.of(url), cases, profile=load_profile(profile), options=Options(examples=2))


def test_every_case_has_an_area() -> None:
    assert {case.group for case in load_catalogue().cases} == set(AREA_OF)


def test_every_verdict_has_a_word_in_the_legend() -> None:
    assert {word.word for word in WORDS} >= set(Verdict)


def test_what_no_case_was_played_of_is_not_checked(good_url: str) -> None:
    verdicts = requirement_verdicts(checked(good_url, "first-missing"))
    assert verdicts["first-required"] == Verdict.PASSED
    assert verdicts["second-required"] == NOT_CHECKED
    assert verdicts["operation-port"] == UNTESTABLE
    assert verdicts["photo-modes"] == Verdict.NOT_APPLICABLE


def test_a_reading_that_binds_is_checked_by_the_cases_that_follow_it(good_url: str) -> None:
    bound = [case.id for case in load_catalogue().cases if "truncated-code" in case.readings]
    verdicts = requirement_verdicts(checked(good_url, *bound[:3], profile="reference"))
    assert verdicts["truncated-code"] == Verdict.PASSED
    assert verdicts["photo-modes"] == NOT_CHECKED


def test_what_is_broken_stands_before_all_cases(bad_url: str, tmp_path: Path) -> None:
    done = checked(bad_url, "second-*-wrong", "first-missing")
    text = page(done, evidence(done, tmp_path))
    broken, areas = text.index("What is broken"), text.index("By area")
    assert broken < text.index('id="cause-1"') < areas < text.index('id="case-first-missing"')
    folded = re.findall(r'<details class="(?:area|row)"[^>]*>', text)
    assert [tag for tag in folded if " open" in tag] == [folded[0]]


def earlier(url: str, **verdicts: str) -> list[dict[str, object]]:
    header = {"kind": "header", "url": url, "profile": "", "release": "1.8.0"}
    results = [
        {"kind": "result", "case": case.replace("_", "-"), "verdict": verdict}
        for case, verdict in verdicts.items()
    ]
    return [header, *results, {"kind": "footer"}]


def test_a_run_is_compared_with_an_earlier_one(bad_url: str) -> None:
    done = checked(bad_url, "first-missing", "second-key-wrong", "second-iv-wrong")
    before = earlier(
        bad_url,
        first_missing="failed",
        second_missing="failed",
        second_key_wrong="passed",
        second_iv_wrong="failed",
    )
    assert compare(done, before) == Comparison(
        new=("second-key-wrong",),
        fixed=("first-missing",),
        still_failing=("second-iv-wrong",),
        known=(),
        no_longer_judged=(),
        remarks=("Cases that failed then and are not part of this run: 1.",),
    )
    assert "1 new</span>" in page(done, {}, compare(done, before))


def test_what_failed_before_and_is_not_judged_now_is_told_from_what_was_left_out(
    bad_url: str,
) -> None:
    done = checked(bad_url, "first-missing")
    undecided = replace(done.results[0], verdict=Verdict.COULD_NOT_JUDGE)
    before = earlier(bad_url, first_missing="failed", second_missing="failed")
    since = compare(replace(done, results=(undecided,)), before)
    assert since.no_longer_judged == ("first-missing",)
    assert since.fixed == since.still_failing == ()
    assert "1 no longer judged" in since.sentence


def test_a_failure_that_is_only_waived_is_not_fixed(bad_url: str) -> None:
    done = checked(bad_url, "first-missing", "second-key-wrong", "second-iv-wrong")
    waiver, today = (
        Waiver(case="second-*", reason="known", until=date.max),
        datetime.now(UTC).date(),
    )
    known = [with_known_failure(one, [waiver], {}, today) for one in done.results]
    declared = [with_known_failure(one, [], {"second-*": "x"}, today) for one in done.results]
    before = earlier(bad_url, second_key_wrong="failed", second_iv_wrong="failed")
    for results in (known, declared):
        since = compare(replace(done, results=tuple(results)), before)
        assert since.fixed == since.no_longer_judged == ()
        assert set(since.known) == {"second-key-wrong", "second-iv-wrong"}
        assert "2 known to fail" in since.sentence


def test_long_lists_are_cut_on_the_terminal(good_url: str) -> None:
    done = checked(good_url, "first-missing")
    cases = {case.id: case for case in load_catalogue().cases[:45]}
    warned = tuple(
        replace(done.results[0], case=case, verdict=Verdict.WARNING, reason="slow")
        for case in cases
    )
    done = replace(done, cases=cases, results=warned)
    since = Comparison(
        new=(*cases,), fixed=(), still_failing=(), known=(), no_longer_judged=(), remarks=()
    )
    console = Console(file=StringIO(), width=200)
    report(done, {}, since, console)
    told = console.file.getvalue()
    assert told.count("\n  slow ") == 40
    assert "\n... and 5 more in the report.\n" in told
    assert "\n    ... and 5 more\n" in told


def test_a_comparison_says_what_else_differs(good_url: str) -> None:
    done = checked(good_url, "first-missing", profile="reference")
    since = compare(done, earlier("http://elsewhere\x1b[2J")[:-1])
    assert since.sentence.endswith("nothing failed then, and nothing fails now.")
    assert since.remarks == (
        "The earlier run's server was different: http://elsewhere\\x1b[2J.",
        "The earlier run's profile was different: none.",
        "The earlier run is incomplete.",
        "Cases that the earlier run did not include: 1.",
    )
