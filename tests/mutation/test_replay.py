"""Every kind of line that plays a failure again shows the fault that caused it."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.catalogue import load_catalogue
from conformance.reports.evidence import evidence
from conformance.reports.json_lines import read_lines
from conformance.requests.exchange import Target
from conformance.run import run
from conformance.runner import Options
from reference_server.settings import Settings
from tests.mutation.mock_faces import MockFaces
from tests.mutation.mutants import MUTANTS
from tests.mutation.parts import Parts
from tests.mutation.registry import MODEST, STANDARDS, Candidate
from tests.mutation.remembering import Remembering
from tests.support.needs import needs
from verikit.cli import main
from verikit.contract import load_contract
from verikit.contract.profile import load_profile

SCHEME = load_contract().encryption
PARTS = Parts(
    settings=Settings.from_environment({}, STANDARDS),
    engine=Remembering(MockFaces()),
)
CURL = {
    "a url-encoded form": ("second-photo-optional", "second-missing"),
    "a body of 4 MB": ("large-body-crashes", "body-above-most"),
    "an empty body": ("empty-body-crashes", "body-empty"),
    "no length": ("missing-length-taken-for-none", "length-missing"),
    "chunks": ("chunked-body-read", "length-chunked"),
    "HEAD": ("head-answered-200", "method-HEAD-not-found"),
    "GET": ("get-compares", "method-GET"),
    "Expect": ("expectation-refused", "crossed-impostor-raw-*-continue"),
    "crossed": ("two-photos-without-a-face-crash", "crossed-thing-both-*"),
    "multipart": ("multipart-scores-zero", "crossed-mated-multipart-*"),
    "fuzzing": ("bad-tag-crashes", "fuzz-recipes"),
    "all answers": ("code-stands-twice", "every-answer-members-once"),
}
"""Kind of request -> a mutant, and a case that kills it by a request that shows the fault."""


@pytest.mark.live
@needs("curl")
@pytest.mark.parametrize(("mutant", "case"), CURL.values(), ids=CURL)
def test_curl_line_gets_the_answer_that_was_found(mutant: str, case: str, tmp_path: Path) -> None:
    with MUTANTS[mutant].start(PARTS) as url:
        chosen = load_catalogue().select(case, "ordinary")
        done = run(
            Target.of(url),
            chosen,
            profile=load_profile(MODEST),
            options=Options(jobs=2, examples=20),
        )
        killed = [id for id, proof in evidence(done, tmp_path).items() if id != "ordinary"]
        proof = evidence(done, tmp_path)[killed[0]]
        proof.replay.save()
        assert proof.replay.line.startswith("curl ")
        said = subprocess.run(  # noqa: S603 - our own line
            [*shlex.split(proof.replay.line), "--silent", "--show-error", "--max-time", "20"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    one = proof.finding.exchange
    assert one is not None
    assert one.answer is not None
    head, _, body = said.rpartition("HTTP/1.1 ")[2].partition("\n\n")
    assert head.split()[0] == str(one.answer.status)
    fields = json.loads(body) if body else {}
    assert without_id(fields) == without_id(one.answer.fields)


def without_id(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name != "request_id"}


@dataclass(frozen=True)
class Again:
    """A mutant, the case that kills it, and what the user says on the way."""

    mutant: str
    case: str
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


PRIVATE = {SCHEME.key_variable: "K" * 32, SCHEME.iv_variable: "V" * 12}
CHECK = {
    "a private key": Again("multipart-scores-zero", "crossed-mated-multipart-*", (), PRIVATE),
    "several requests": Again(
        "score-depends-on-the-order", "score-symmetric", ("--profile", MODEST)
    ),
    "one after the other": Again(
        # Which case finds this one first is a matter of their order.
        *("score-of-the-previous-request", "score-repeatable"),
        ("--jobs", "1", "--seed", "1"),
    ),
    "many at once": Again("request-id-always-the-same", "concurrent-request-ids"),
    "the ids of several cases": Again("request-id-always-the-same", "every-request-id-unique"),
    "a profile": Again(
        "max-side-one-too-low", "first-width-at-most", ("--profile", MODEST), PRIVATE
    ),
    "an answer that is no HTTP": Again("two-content-lengths", "ordinary"),
    "a lost connection": Again("chunked-body-ends-the-connection", "length-chunked-harmless"),
    "a seed and a depth": Again(
        "bad-tag-crashes", "fuzz-recipes", ("--fuzz-examples", "12", "--seed", "7"), PRIVATE
    ),
    "all answers under a private key": Again(
        "code-stands-twice", "every-answer-members-once", (), PRIVATE
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.live
@pytest.mark.parametrize("kind", CHECK.values(), ids=CHECK)
def test_check_line_finds_the_fault_again(kind: Again, folder: Path) -> None:
    one: Candidate = MUTANTS[kind.mutant]
    secrets = {variable: kind.environment.get(variable) for variable in PRIVATE}
    parts = PARTS
    if kind.environment:
        parts = Parts(
            settings=Settings.from_environment(kind.environment, STANDARDS), engine=PARTS.engine
        )
    with one.start(parts) as url:
        words = [
            "check",
            url,
            "-k",
            kind.case,
            "-k",
            "ordinary",
            "-k",
            "first-missing",
            *kind.options,
        ]
        first = called(words, secrets)
        line = line_of(first.output, kind.case)
        again = called(shlex.split(line, comments=True)[1:], secrets)
        assert again.exit_code == 1
        assert set(shlex.split(line)) & set(failed_cases(folder))


def called(words: list[str], environment: dict[str, str | None]) -> Result:
    return CliRunner(env=environment).invoke(main, [*words, "--json=lines.jsonl"])


def failed_cases(folder: Path) -> list[str]:
    lines = read_lines(folder / "lines.jsonl")
    return [line["case"] for line in lines if line.get("verdict") == "failed"]


def line_of(output: str, pattern: str) -> str:
    """The replay line of a case that the pattern chooses."""
    lines = [
        line.split("replay ")[-1] for line in output.splitlines() if "  verikit check " in line
    ]
    cases = [case.id for case in load_catalogue().select(pattern)]
    return next(line for line in lines if set(cases) & set(shlex.split(line)))
