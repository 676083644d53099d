"""Failures are grouped by cause, MUST first."""

from dataclasses import replace

import pytest

from conformance.catalogue import load_catalogue
from conformance.mock.faults import FAULTS
from conformance.mock.server import Answer, serving
from conformance.reports.causes import causes
from conformance.reports.summary import sentence
from conformance.requests.exchange import Target
from conformance.run import Run, run
from conformance.runner import Options
from verikit.contract.profile import load_profile

pytestmark = pytest.mark.live


def checked(fault: str, *patterns: str) -> Run:
    with serving(FAULTS[fault].judge, reply=FAULTS[fault].reply) as url:
        cases = load_catalogue().select(*patterns)
        options = Options(examples=3)
        return run(Target.of(url), cases, profile=load_profile("reference"), options=options)


def test_one_fault_is_one_cause_with_its_cases_counted() -> None:
    found = causes(checked("tag-not-verified", "*-bit-flipped-*", "ordinary"))
    cause = found[0]
    assert (cause.level, cause.requirement) == ("MUST", "encryption-tag")
    assert len(cause.cases) >= 8
    assert len(cause.request_id) == 32


@pytest.mark.parametrize(
    ("fault", "requirement", "least"),
    [("score-in-percent", "score-range", 3), ("score-as-text", "score-type", 1)],
)
def test_a_score_that_is_none_is_the_cause_of_all_that_follows(
    fault: str, requirement: str, least: int
) -> None:
    done = checked(fault, "first-200-px-stranger", "score-different-people", "every-score-")
    (cause,) = causes(done)
    assert cause.requirement == cause.example.requirement == requirement
    assert len(cause.cases) >= least


def test_what_stands_before_the_server_is_named() -> None:
    def refuses(answer: Answer) -> Answer:
        return Answer(413, {}, "<html>413 Request Entity Too Large</html>")

    with serving(reply=refuses) as url:
        done = run(Target.of(url), load_catalogue().select("first-2000-px", "ordinary"))
    assert any("in front of the server" in cause.text for cause in causes(done))


def test_a_response_without_a_body_to_head_does_not_lack_json() -> None:
    def not_allowed(answer: Answer) -> Answer:
        return replace(answer, status=405) if answer.status == 404 else answer

    with serving(reply=not_allowed) as url:
        cases = load_catalogue().select("method")
        done = run(Target.of(url), cases, profile=load_profile("reference"))
    assert done.exit_code == 1
    assert "answer-json" not in {cause.requirement for cause in causes(done)}


def test_refusals_in_html_are_one_cause() -> None:
    photos = (
        "!crossed-",
        "!-px",
        "!-most",
        "!bomb",
        "!megabytes",
        "!format-",
        "!covered",
        "!-file-",
    )
    done = checked("refusals-as-html", "first-", "parameters", "path-", "every-", "!fuzz", *photos)
    found = [cause for cause in causes(done) if "HTML pages" in cause.text]
    assert [cause.requirement for cause in found] == ["answer-json"]
    assert found == causes(done)
    assert "HTTP 400, 404" in found[0].text


def test_a_page_of_an_internal_error_is_a_cause_of_its_own() -> None:
    def crashes(answer: Answer) -> Answer:
        refused = answer.status != 200
        return Answer(500, {}, "<h1>Internal Server Error</h1>") if refused else answer

    with serving(reply=crashes) as url:
        cases = load_catalogue().select("first-missing", "ordinary", "every-status-500")
        done = run(Target.of(url), cases)
    assert {cause.requirement for cause in causes(done)} == {"answer-json", "status-500"}


def test_a_failed_case_breaks_a_requirement_in_the_sentence_too() -> None:
    done = checked("everybody-the-same", "crossed-impostor-*")
    assert "0 requirements" not in sentence(done)


def test_patterns_choose_and_leave_out() -> None:
    chosen = [case.id for case in load_catalogue().select("first-missing", "body-", "!json")]
    assert "first-missing" in chosen
    assert "body-text" in chosen
    assert "body-json" not in chosen
