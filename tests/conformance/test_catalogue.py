"""Requirements, cases, contract and frozen releases belong together."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import conformance
from conformance.cases.table import OneRequest
from conformance.catalogue import load_catalogue
from conformance.reports.sarif import line_of
from conformance.requests.writing import FIRST
from verikit.contract import load_contract
from verikit.errors import WrongUse

REQUIREMENTS = load_catalogue().requirements
CASES = load_catalogue().cases
RELEASES = yaml.safe_load((Path(conformance.__file__).parent / "releases.yaml").read_text())
OPERATION = "/paths/~1identity~1image_verification~1stateless/post"
SCHEMAS = "/components/schemas"


def elements(document: Any) -> Iterator[str]:
    """What binds a server in the contract, as JSON pointers."""
    operation = document["paths"][load_contract().path]["post"]
    schemas = document["components"]["schemas"]
    yield OPERATION
    for media_type in operation["requestBody"]["content"]:
        yield f"{OPERATION}/requestBody/content/{media_type.replace('/', '~1')}"
    yield from (f"{OPERATION}/responses/{status}" for status in operation["responses"])
    for name, entry in schemas["VerificationRequest"]["properties"].items():
        yield f"{SCHEMAS}/VerificationRequest/properties/{name}"
        if "default" in entry:
            yield f"{SCHEMAS}/VerificationRequest/properties/{name}/default"
    for shape in ("VerificationResult", "AbnormalResponse"):
        yield from (f"{SCHEMAS}/{shape}/properties/{name}" for name in schemas[shape]["properties"])
    score = f"{SCHEMAS}/VerificationResult/properties/verification_score"
    yield from (f"{score}/{name}" for name in ("type", "minimum", "maximum"))
    rates = schemas["VerificationResult"]["properties"]["verification_score"]["x-error-rates"]
    yield f"{score}/x-error-rates/recommended_above"
    yield from (f"{score}/x-error-rates/rows/{row}" for row in range(len(rates["rows"])))
    for index in range(len(schemas["SystemCode"]["oneOf"])):
        yield f"{SCHEMAS}/SystemCode/oneOf/{index}"
        yield f"{SCHEMAS}/SystemCode/oneOf/{index}/title"
    yield f"{SCHEMAS}/SystemCode/x-check-order"
    yield f"{SCHEMAS}/EncryptedPhoto/contentEncoding"
    scheme = schemas["EncryptedPhoto"]["x-encryption"]
    yield from (f"{SCHEMAS}/EncryptedPhoto/x-encryption/{name}" for name in scheme)
    standards = document["x-photo-standards"]
    yield from (f"/x-photo-standards/{name}" for name in standards if name != "heading")


def uncovered(document: Any) -> set[str]:
    covered = {pointer for requirement in REQUIREMENTS.values() for pointer in requirement.covers}
    return set(elements(document)) - covered


def test_every_contract_element_has_a_requirement() -> None:
    assert uncovered(load_contract().document) == set()


def test_new_code_without_requirement_is_noticed() -> None:
    document = load_contract().document
    codes = document["components"]["schemas"]["SystemCode"]["oneOf"]
    codes.append({"const": 4005, "title": "new"})
    try:
        assert f"{SCHEMAS}/SystemCode/oneOf/{len(codes) - 1}" in uncovered(document)
    finally:
        codes.pop()


@pytest.mark.parametrize(
    "pointer", [pointer for requirement in REQUIREMENTS.values() for pointer in requirement.covers]
)
def test_pointer_is_in_contract(pointer: str) -> None:
    assert line_of(pointer) > 1


def test_pointer_to_nothing_is_noticed() -> None:
    with pytest.raises(LookupError):
        line_of("/components/schemas/Nothing")


def test_line_is_where_the_entry_begins() -> None:
    source = load_contract().source.read_text(encoding="utf-8").splitlines()
    line = line_of(f"{SCHEMAS}/VerificationRequest/properties/{FIRST}")
    assert source[line - 1].strip() == f"{FIRST}:"


def test_every_requirement_has_a_case_or_says_why_not() -> None:
    required = {id for case in CASES for id in (*case.requires, *case.readings)}
    untestable = {id for id, requirement in REQUIREMENTS.items() if requirement.untestable}
    assert required | untestable == set(REQUIREMENTS)
    assert required & untestable == set()


def test_ids_are_unique_and_speak() -> None:
    assert [id for id, times in Counter(case.id for case in CASES).items() if times > 1] == []
    speaking = re.compile(r"[A-Za-z][\w.\[\]-]*")
    assert [case.id for case in CASES if not speaking.fullmatch(case.id)] == []


@pytest.mark.parametrize("release", RELEASES)
def test_what_was_released_is_frozen(release: str) -> None:
    """A change of a released row fails servers that passed it: give the new row a new id.

    As long as the release is not out, write the digests that this prints into releases.yaml.
    """
    assert load_catalogue().digests(release) == RELEASES[release]


def test_every_release_is_frozen() -> None:
    assert {entry.since for entry in (*REQUIREMENTS.values(), *CASES)} == set(RELEASES)


@pytest.mark.parametrize("change", [{"requires": ("code-1200",)}, {"needs": ("standards",)}])
def test_a_changed_case_changes_the_digest_of_its_group(change: dict[str, Any]) -> None:
    catalogue = load_catalogue()
    changed = replace(CASES[0], **change)
    other = replace(catalogue, cases=(changed, *CASES[1:])).digests(changed.since)
    before = catalogue.digests(changed.since)
    assert {group for group in before if before[group] != other[group]} == {changed.group}


def test_a_changed_expectation_changes_the_digest() -> None:
    row = next(case for case in CASES if case.id == "first-missing")
    assert isinstance(row.play, OneRequest)
    changed = replace(row, play=replace(row.play, expect=("accepted",)))
    assert changed.frozen_content() != row.frozen_content()
    assert replace(row, title="Reworded").frozen_content() == row.frozen_content()


def test_unknown_release_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match="There is no release 0"):
        load_catalogue("0")
