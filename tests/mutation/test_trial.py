"""What a trial says of the suite."""

import json
from dataclasses import replace

import pytest

from tests.mutation.matrix import Matrix
from tests.mutation.trial import Failure, Trial

FAILURE = Failure(
    case="first-bit-flipped-tag",
    requirement="encryption-tag",
    about=("encryption-tag", "code-1200"),
    expected="code 1200",
    actual="HTTP 200",
)
FAULT = Trial(candidate="tag-not-verified", breaks=("encryption-tag",))
VARIANT = Trial(candidate="more-headers", breaks=())


def test_a_mutant_is_killed_by_a_case_about_what_it_breaks():
    trial = replace(FAULT, failures=(FAILURE,))
    assert trial.killers == (FAILURE,)
    assert trial.problem == ""


def test_a_survivor_is_named():
    assert FAULT.problem == ("tag-not-verified survived: no case about encryption-tag failed.")


def test_a_mutant_noticed_for_the_wrong_reason_is_named():
    stray = replace(FAILURE, requirement="answer-json", about=("answer-json",))
    trial = replace(FAULT, failures=(stray,))
    assert trial.problem == (
        "tag-not-verified breaks encryption-tag, but only cases about answer-json noticed it."
    )


def test_a_false_alarm_is_named_with_its_case():
    trial = replace(VARIANT, failures=(FAILURE,))
    assert trial.problem == (
        "more-headers is legal, but 1 cases failed: first-bit-flipped-tag (encryption-tag) "
        "expected code 1200 and got HTTP 200."
    )


@pytest.mark.parametrize(
    "corrupted",
    [
        replace(VARIANT, undecided=("score-symmetric",)),
        replace(VARIANT, unreachable="No server answers."),
        replace(VARIANT, broken=("score-symmetric",)),
        replace(FAULT, failures=(FAILURE,), slip="KeyError('code')"),
        replace(FAULT, failures=(FAILURE,), broken=("score-symmetric",)),
    ],
    ids=[
        "undecided",
        "unreachable",
        "suite broken on a variant",
        "candidate broken",
        "suite broken on a mutant",
    ],
)
def test_what_was_not_judged_is_no_success(corrupted):
    assert corrupted.problem


def test_a_whole_run_names_requirements_that_nothing_proved():
    matrix = Matrix(trials=(replace(FAULT, failures=(FAILURE,)),), whole=True, seconds=1.0)
    unproved = "No mutant was killed by a case about {}, which every server must keep."
    assert unproved.format("score-range") in matrix.problems
    assert unproved.format("encryption-tag") not in matrix.problems
    assert replace(matrix, whole=False).problems == ()


def test_kills_are_told_by_requirement_and_mutant():
    matrix = Matrix(trials=(replace(FAULT, failures=(FAILURE, FAILURE)),), whole=False, seconds=1.0)
    assert matrix.kills == {"encryption-tag": {"tag-not-verified": ("first-bit-flipped-tag",)}}


def test_the_matrix_is_written_as_data(tmp_path):
    missed = replace(FAULT, candidate="tag-ignored", failures=())
    killed = replace(FAULT, failures=(FAILURE, replace(FAILURE, case="short")))
    Matrix(trials=(killed, missed, VARIANT), whole=False, seconds=60.0).write_data(tmp_path)
    assert (tmp_path / "mutation.csv").read_text().splitlines() == [
        "requirement,mutant,killed,cases,examples",
        "encryption-tag,tag-ignored,0,0,",
        "encryption-tag,tag-not-verified,1,2,short first-bit-flipped-tag",
    ]
    summary = json.loads((tmp_path / "mutation-summary.json").read_text())
    assert summary["requirements"] == {"encryption-tag": {"mutants": 2, "killed": 1, "score": 0.5}}
    assert (summary["mutants"], summary["killed"], summary["legal_variants"]) == (2, 1, 1)
