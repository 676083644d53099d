"""Whole runs against small servers: verdicts, exit codes, and the sentence that says why."""

import html
import io
import itertools
import json
import socket
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from conformance.case import Case, CaseContext
from conformance.catalogue import load_catalogue
from conformance.errors import CouldNotJudge
from conformance.judging.known_failures import Waiver
from conformance.judging.verdicts import Finding, Result, Verdict
from conformance.mock import server
from conformance.mock.faults import second_photo_ignored
from conformance.mock.server import serving
from conformance.mock.verifier import Form, Refused, verify
from conformance.reports.causes import causes
from conformance.reports.console import report
from conformance.reports.evidence import evidence
from conformance.reports.json_lines import Lines
from conformance.reports.junit import write_junit
from conformance.reports.page import page
from conformance.reports.sarif import write_sarif
from conformance.reports.summary import requirement_verdicts, sentence
from conformance.requests.exchange import Exchange, Target
from conformance.requests.recipe import Photo, Request
from conformance.requests.writing import FIRST, SECOND
from conformance.run import Run, run
from conformance.runner import Options
from verikit.contract.profile import load_profile
from verikit.errors import TimedOut, Unreachable, WrongUse
from verikit.transport.endpoint import Access

pytestmark = [pytest.mark.live, pytest.mark.waits]
ALL = load_catalogue().cases
LATER = date(9999, 1, 1)


def some(*ids: str) -> list[Case]:
    return [case for case in ALL if case.id in ids]


def checked(
    url: str, cases: list[Case], profile: str | None = "reference", **options: object
) -> Run:
    given = Options(**{"jobs": 2, "examples": 3, **options})  # type: ignore[arg-type]
    return run(Target.of(url), cases, profile=load_profile(profile), options=given)


def made(play: object) -> Case:
    return replace(some("ordinary")[0], id="made", play=play)


def verdict(done: Run, case: str) -> Verdict:
    return next(result.verdict for result in done.results if result.case == case)


@pytest.mark.parametrize("profile", ["reference", None])
def test_server_that_keeps_the_contract_passes_everything(good_url: str, profile: str) -> None:
    """All; without a profile, which judges none stricter, a tenth of the combinations, and of
    cases of either photo that of the first."""
    crossed = [case for case in ALL if case.id.startswith("crossed-")]
    mirrored = some(
        *(case.id.replace("first-", "second-", 1) for case in ALL if "first-" in case.id)
    )
    left_out = [] if profile else [c for c in crossed + mirrored if c not in crossed[::10]]
    lighter = [case for case in ALL if "60-megabytes" not in case.id and case not in left_out]
    done = checked(good_url, lighter, profile)
    bad = [
        result for result in done.results if result.findings or result.reason.startswith("Trace")
    ]
    assert bad == []
    assert done.exit_code == 0
    assert sentence(done).startswith("Passed: ")


def test_server_that_ignores_the_second_photo_fails() -> None:
    with serving(second_photo_ignored) as url:
        done = checked(url, some("second-empty", "score-different-people", "first-empty"))
    assert [verdict(done, id) for id in ("first-empty", "second-empty")] == [
        Verdict.PASSED,
        Verdict.FAILED,
    ]
    assert verdict(done, "score-different-people") is Verdict.FAILED
    assert done.exit_code == 1
    assert requirement_verdicts(done)["second-required"] is Verdict.FAILED


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(
        Unreachable, match=r"No server answers at http://127\.0\.0\.1:9 .*started\?"
    ):
        checked("http://127.0.0.1:9", some("ordinary"))


def test_wrong_url_is_unreachable(good_url: str) -> None:
    with pytest.raises(Unreachable, match=r"does not know the operation \(HTTP 404\)"):
        checked(f"{good_url}/elsewhere", some("ordinary"))


def test_operation_may_be_part_of_the_url(good_url: str) -> None:
    path = "/identity/image_verification/stateless"
    assert checked(good_url + path, some("ordinary")).exit_code == 0


def test_wrong_key_fails_and_says_so(good_url: str) -> None:
    cases = some("ordinary", "first-missing", "first-bit-flipped-tag")
    done = run(Target.of(good_url, key="k" * 32), cases)
    assert done.exit_code == 1
    assert "probably has a different key or IV" in sentence(done)
    assert verdict(done, "first-bit-flipped-tag") is Verdict.COULD_NOT_JUDGE


def test_silence_of_the_page_is_not_judged_without_profile(good_url: str) -> None:
    done = checked(
        good_url, some("path-trailing-slash", "first-width-at-least", "first-1-px"), None
    )
    assert verdict(done, "path-trailing-slash") is Verdict.NOT_APPLICABLE
    assert verdict(done, "first-width-at-least") is Verdict.NOT_APPLICABLE
    assert verdict(done, "first-1-px") is Verdict.PASSED


def test_nothing_judged_is_incomplete(good_url: str) -> None:
    done = checked(good_url, some("path-trailing-slash"), None)
    assert done.exit_code == 3
    assert "no case was judged" in sentence(done)


def test_no_cases_are_incomplete(good_url: str) -> None:
    assert checked(good_url, []).exit_code == 3


def test_broken_case_is_our_fault(good_url: str) -> None:
    def breaks(_: CaseContext) -> Iterable[Finding]:
        raise ZeroDivisionError

    done = checked(good_url, [*some("ordinary"), made(breaks)])
    assert verdict(done, "made") is Verdict.TOOL_ERROR
    assert done.exit_code == 3
    assert "bug in verikit" in sentence(done)


def test_missing_prerequisite_is_incomplete(good_url: str) -> None:
    def lacks(_: CaseContext) -> Iterable[Finding]:
        raise CouldNotJudge("no baseline")

    done = checked(good_url, [*some("ordinary"), made(lacks)])
    assert verdict(done, "made") is Verdict.COULD_NOT_JUDGE
    assert done.exit_code == 3


def the_same_refused(form: Form) -> float:
    if form.get(FIRST) == form.get(SECOND):
        raise Refused("INVALID_ARGUMENT")
    return verify(form)


def test_a_refusal_that_no_reading_allows_is_a_finding_wherever_a_score_was_needed() -> None:
    with serving(the_same_refused) as url:
        done = checked(url, some("ordinary", "score-same-photo", "score-ranks-people"), None)
    assert {finding.requirement for one in done.results for finding in one.findings} == {
        "photo-ordinary"
    }
    assert verdict(done, "score-same-photo") is Verdict.FAILED
    assert done.exit_code == 1


def test_a_score_of_few_steps_is_not_graded() -> None:
    with serving(lambda form: round(4 * verify(form)) / 4) as url:
        cases = some("score-same-person", "score-different-people", "every-score-graded")
        done = checked(url, [*cases, made(dark_strangers)], None)
    assert verdict(done, "every-score-graded") is Verdict.FAILED


def test_the_very_first_request_is_judged_as_well() -> None:
    asked: list[Form] = []

    def slow_to_start(answer: server.Answer) -> server.Answer:
        asked.append(answer.fields)
        return replace(answer, status=500, fields={"code": 500}) if len(asked) == 1 else answer

    with serving(reply=slow_to_start) as url:
        done = checked(url, some("ordinary", "every-status-500"), None)
    assert verdict(done, "ordinary") is Verdict.PASSED
    assert verdict(done, "every-status-500") is Verdict.FAILED


def dark_strangers(context: CaseContext) -> Iterable[Finding]:
    for side in (300, 310, 320):
        context.compare(Photo(width=side, height=side), Photo(of="hopper"))
    return ()


def lower_with_options(form: Form) -> float:
    return verify(form) * (0.99 if form.get("auto_rotate") else 1)


def test_photos_that_score_differently_in_another_form_are_noticed() -> None:
    with serving(lower_with_options) as url:
        done = checked(url, some("ordinary", "auto-rotate-false", "every-score-repeated"), None)
    found = {finding.requirement for one in done.results for finding in one.findings}
    assert found == {"operation-compares"}
    assert verdict(done, "every-score-repeated") is Verdict.FAILED


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.42, 0.96, Verdict.PASSED), (0.0, 1.0, Verdict.FAILED)]
)
def test_scores_of_two_digits_may_fall_together(low: float, high: float, expected: Verdict) -> None:
    """The same people score a little otherwise in a photo of another format and size."""
    plain = itertools.cycle([0.96, 0.40, 0.45, 0.93])  # the first is asked before all cases

    def rounded(form: Form) -> float:
        if form.get("auto_rotate"):
            return low if verify(form) < 0.7 else high
        return next(plain)

    case = "score-graded-urlencoded-rotate"
    with serving(rounded) as url:
        assert verdict(checked(url, some(case), None, jobs=1), case) is expected


def test_ctrl_c_keeps_what_was_done(good_url: str) -> None:
    def stop(_: Result) -> None:
        raise KeyboardInterrupt

    cases = some("ordinary", "first-missing", "every-request-id")
    done = run(Target.of(good_url), cases, options=Options(jobs=1), watch=stop)
    assert done.count(Verdict.NOT_RUN) >= 1
    assert done.count(Verdict.PASSED) >= 1
    assert done.exit_code == 3
    assert "stopped" in sentence(done)


def test_ctrl_c_after_a_failure_does_not_accuse_the_server(
    ignorant_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(_: Result) -> None:
        raise KeyboardInterrupt

    cases = some("score-different-people", "every-request-id")
    done = run(Target.of(ignorant_url), cases, options=Options(jobs=1), watch=stop)
    report(done, evidence(done, None), None, Console(width=200))
    text = capsys.readouterr().out
    assert done.exit_code == 1
    assert sentence(done).endswith("The run was stopped; 1 case not run.")
    assert "stopped answering" not in text
    assert "every-request-id" not in text, "what Ctrl-C left out is a number, not a list"


def test_server_that_goes_away_fails_and_ends_the_run(good_url: str) -> None:
    def unplugged(context: CaseContext) -> Iterable[Finding]:
        nowhere = Target.of("http://127.0.0.1:9")
        object.__setattr__(context.environment, "target", nowhere)
        one = context.ask(Request())
        return context.finding("an answer", one)

    done = checked(good_url, [made(unplugged), *some("first-missing")], jobs=1)
    assert verdict(done, "made") is Verdict.FAILED
    assert verdict(done, "first-missing") is Verdict.NOT_RUN
    assert done.exit_code == 1
    assert "stopped answering" in sentence(done)


def test_a_server_that_hangs_ends_the_run_and_one_that_drops_a_request_does_not(
    good_url: str,
) -> None:
    def dropped(context: CaseContext) -> Iterable[Finding]:
        late = Exchange(case="made", request=Request(), answer=None, error=TimedOut("too late"))
        return context.finding("an answer", late)

    def hung(context: CaseContext) -> Iterable[Finding]:
        silent = Target.of(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=1)
        object.__setattr__(context.environment, "target", silent)
        return dropped(context)

    cases = [made(dropped), *some("ordinary"), replace(made(hung), id="hung"), *some("first-empty")]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = checked(good_url, cases, jobs=1)
    assert [result.verdict for result in done.results] == [
        Verdict.FAILED,
        Verdict.PASSED,
        Verdict.FAILED,
        Verdict.NOT_RUN,
    ]
    assert "stopped answering" in sentence(done)


def test_an_internal_error_now_and_then_is_the_cause_even_of_the_request_sent_alone(
    good_url: str,
) -> None:
    def flaky(context: CaseContext) -> Iterable[Finding]:
        good = context.ask(Request())
        assert good.answer
        fields = {"code": 500, "message": "INTERNAL_ERROR", "request_id": "a"}
        bad = replace(
            good, answer=replace(good.answer, status=500, body=json.dumps(fields).encode())
        )
        return [*context.differs(bad, good), *context.differs(good, bad)]

    done = checked(good_url, [made(flaky)])
    findings = done.results[0].findings
    assert ["HTTP 200" in found.expected for found in findings] == [True, True]
    assert ["HTTP 500" in found.actual for found in findings] == [True, True]
    assert [cause.requirement for cause in causes(done)] == ["status-500"]


def test_every_report_says_that_a_certificate_was_not_verified(
    good_url: str, tmp_path: Path
) -> None:
    remark = "The server's certificate was not verified (--insecure)."
    done = checked(good_url, some("first-missing"))
    insecure = Target.of("https://faces.example", access=Access.of(insecure=True))
    proofs = evidence(done, None)
    for target, times in ((done.target, 0), (insecure, 1)):
        one = replace(done, target=target)
        lines = io.StringIO()
        Lines(lines).header(target, "reference", "1.8.0", 1, [])
        write_junit(one, proofs, tmp_path / "j")
        write_sarif(one, tmp_path / "s")
        written = [(tmp_path / name).read_text() for name in "js"]
        for text in (html.unescape(page(one, proofs)), lines.getvalue(), *written):
            assert text.count(remark) == times


def test_repeat_says_k_of_n() -> None:
    asked = iter(range(1000))

    def moody(form: Form) -> float:
        if next(asked) == 2:
            raise Refused("DETECTION_FAILED")
        return verify(form)

    with serving(moody) as url:
        done = checked(url, some("ordinary"), repeat=4)
    (result,) = done.results
    assert (result.failed_runs, result.runs, result.verdict) == (1, 4, Verdict.FAILED)


@pytest.fixture(scope="module")
def ignorant_url() -> Iterable[str]:
    with serving(second_photo_ignored) as url:
        yield url


def test_waiver_excuses_a_failure(ignorant_url: str) -> None:
    waiver = Waiver(case="second-empty", reason="known", until=LATER)
    done = checked(ignorant_url, some("second-empty", "first-empty"), waivers=(waiver,))
    assert verdict(done, "second-empty") is Verdict.WAIVED
    assert done.exit_code == 0
    assert "1 waived" in sentence(done)


def test_waiver_that_no_longer_applies_fails_the_run(ignorant_url: str) -> None:
    waiver = Waiver(case="first-empty", reason="known", until=LATER)
    done = checked(ignorant_url, some("first-empty"), waivers=(waiver,))
    assert done.exit_code == 1
    assert "no longer applies" in sentence(done)


def test_waiver_out_of_date_excuses_nothing(ignorant_url: str) -> None:
    waiver = Waiver(case="second-empty", reason="known", until=date(2020, 1, 1))
    done = checked(ignorant_url, some("second-empty"), waivers=(waiver,))
    assert verdict(done, "second-empty") is Verdict.FAILED
    assert "ended on 2020-01-01" in sentence(done)


def test_photos_outside_a_profile_are_not_applicable(good_url: str, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "photo_standards: {formats: [JPEG], side_px: {minimum: 100, maximum: 900},"
        " file_bytes: {maximum: 300000}, body_bytes: {maximum: 900000}}"
    )
    done = checked(good_url, some("first-2000-px", "first-format-PNG", "ordinary"), str(path))
    assert verdict(done, "first-2000-px") is Verdict.NOT_APPLICABLE
    assert verdict(done, "first-format-PNG") is Verdict.FAILED  # the server takes PNG all the same
    assert verdict(done, "ordinary") is Verdict.PASSED


def test_fuzzing_finds_and_shrinks_a_tag_that_is_not_verified() -> None:
    def lenient(form: Form) -> float:
        try:
            return verify(form)
        except Refused as refused:
            if str(refused) == "INVALID_ARGUMENT":
                return 0.5
            raise

    with serving(lenient) as url:
        options = Options(examples=30)
        done = run(Target.of(url), some("fuzz-recipes"), options=options)
    (finding,) = done.results[0].findings
    assert finding.requirement in (
        "encryption-tag",
        "encryption-base64",
        "first-required",
        "second-required",
    )
    assert finding.exchange is not None
    assert finding.exchange.request.extra == ()


def test_same_seed_draws_the_same_requests(good_url: str) -> None:
    drawn: list[list[Request]] = []
    for _ in range(2):
        asked: list[Request] = []

        def noting(context: CaseContext, asked: list[Request] = asked) -> Iterable[Finding]:
            findings = list(some("fuzz-files")[0].play(context))
            asked += [entry.exchange.request for entry in context.environment.log.all()]
            return findings

        run(Target.of(good_url), [made(noting)], options=Options(seed=7, examples=4))
        drawn.append(asked)
    assert drawn[0] == drawn[1] != []


def test_bad_url_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match="is not a URL"):
        Target.of("localhost:3000")


def test_connection_that_loses_its_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that leaves a refused body in the connection reads it as the next request."""

    def refuse_and_go_on(self: Any, status: int) -> None:
        self._answer(status, {"code": status, "message": "refused"})

    monkeypatch.setattr(server._Handler, "_refuse", refuse_and_go_on)
    with serving(verify) as url:
        done = checked(url, some("connection-reused"))
    assert done.exit_code == 1


def alternating(*bad: bool) -> object:
    """A case that fails in the runs that are bad."""
    runs = iter(bad)

    def play(context: CaseContext) -> Iterable[Finding]:
        return context.finding("always the same") if next(runs) else []

    return play


@pytest.mark.parametrize(
    ("bad", "becomes", "runs"),
    [
        ([True, False, False, True, False], Verdict.WARNING, 5),
        ([True] * 5, Verdict.FAILED, 5),
        ([False], Verdict.PASSED, 1),
    ],
)
def test_known_flaky_case_fails_only_if_it_fails_every_time(
    good_url: str, bad: list[bool], becomes: Verdict, runs: int, tmp_path: Path
) -> None:
    profile = tmp_path / "p.yaml"
    profile.write_text("known_flaky: {ordinary: the cache warms up}")
    case = replace(made(alternating(*bad)), id="ordinary")
    (result,) = checked(good_url, [case], str(profile)).results
    assert (result.verdict, result.runs) == (becomes, runs)
    if becomes is Verdict.WARNING:
        assert result.reason == "known to be flaky: the cache warms up (2 of 5 runs failed)"


def test_case_that_is_not_known_to_be_flaky_fails_at_once(good_url: str) -> None:
    (result,) = checked(good_url, [made(alternating(True))], None).results
    assert (result.verdict, result.runs) == (Verdict.FAILED, 1)


@pytest.mark.parametrize("pattern", ["every-status-500", "no-such-*"])
def test_flaky_pattern_without_a_case_to_repeat_is_wrong_use(
    good_url: str, pattern: str, tmp_path: Path
) -> None:
    profile = tmp_path / "p.yaml"
    profile.write_text(f"known_flaky: {{'{pattern}': none}}")
    with pytest.raises(WrongUse, match="no case that can be played again"):
        checked(good_url, some("ordinary"), str(profile))
