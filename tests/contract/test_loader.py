import math
from dataclasses import fields
from pathlib import Path
from textwrap import indent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from verikit.contract import ContractError, ErrorRates, PhotoStandards, load_contract
from verikit.contract.profile import REFERENCE, load_profile
from verikit.errors import WrongUse

CONTRACT = load_contract()


def test_document_is_valid_openapi() -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415 - slow to import

    assert not list(OpenAPIV31SpecValidator(CONTRACT.document).iter_errors())


def test_parameters_follow_the_page() -> None:
    assert [(p.name, p.type, p.required, p.default) for p in CONTRACT.parameters.values()] == [
        ("first_encrypted_image", "string", True, None),
        ("second_encrypted_image", "string", True, None),
        ("auto_rotate", "boolean", False, False),
        ("check_quality", "boolean", False, False),
    ]


def test_codes_follow_the_page() -> None:
    assert {c.code: c.message for c in CONTRACT.codes.values()} == {
        1200: "invalid argument",
        2003: "invalid image size",
        2004: "invalid content length",
        2005: "invalid image type or corrupted",
        4000: "detection failed",
        4004: "face occlusion",
    }


def test_every_code_is_told_in_a_sentence() -> None:
    assert all(code.description.endswith(".") for code in CONTRACT.codes.values())


def test_statuses_follow_the_page() -> None:
    reasons = {s.status: s.reason for s in CONTRACT.statuses.values() if s.status != 200}
    assert reasons == {
        400: "BAD_REQUEST",
        404: "NOT_FOUND",
        411: "LENGTH_REQUIRED",
        413: "PAYLOAD_TOO_LARGE",
        500: "INTERNAL_ERROR",
    }


def test_every_code_has_its_place_in_the_order_of_checks() -> None:
    assert sorted(CONTRACT.check_order) == sorted(CONTRACT.codes)


def test_every_code_travels_with_a_documented_status() -> None:
    assert {code.status for code in CONTRACT.codes.values()} <= set(CONTRACT.statuses)


def test_every_element_names_its_heading() -> None:
    page_elements = [
        *CONTRACT.document["components"]["schemas"]["VerificationRequest"]["properties"].values(),
        *next(iter(CONTRACT.document["paths"].values()))["post"]["responses"].values(),
        CONTRACT.document["components"]["schemas"]["SystemCode"],
    ]
    assert all(element["x-heading"] for element in page_elements)


def test_the_reference_profile_has_the_contract_s_limits_and_takes_any_file_that_is_not_empty() -> (
    None
):
    known, documented = load_profile(REFERENCE).standards, CONTRACT.photo_standards
    for limit in fields(documented):
        assert getattr(known, limit.name) == getattr(documented, limit.name)
    assert known.min_file_bytes == 1


@pytest.mark.parametrize("row", CONTRACT.error_rates.rows)
def test_rate_curve_meets_every_row(row: tuple[float, float]) -> None:
    threshold, rate = row
    assert math.isclose(CONTRACT.error_rates.rate_at(threshold), rate)
    assert math.isclose(CONTRACT.error_rates.threshold_at(math.log10(rate)), threshold)


@given(st.floats(0, 1))
def test_rate_curve_is_the_pure_power_of_ten(threshold: float) -> None:
    expected = 10 ** -(10 * threshold - 3)
    assert math.isclose(CONTRACT.error_rates.rate_at(threshold), expected, rel_tol=1e-9)


def test_between_two_rows_only_these_count_and_beyond_the_ends_the_last_two() -> None:
    rates = ErrorRates(
        rows=((0.2, 1e-1), (0.4, 1e-2), (0.5, 1e-4), (0.6, 1e-5)), recommended_above=0
    )
    curve = {
        0.1: -0.5,
        0.2: -1,
        0.3: -1.5,
        0.4: -2,
        0.45: -3,
        0.5: -4,
        0.55: -4.5,
        0.6: -5,
        0.8: -7,
    }
    for threshold, log10_rate in curve.items():
        assert math.isclose(rates.rate_at(threshold), 10**log10_rate)
        assert math.isclose(rates.threshold_at(log10_rate), threshold)


def test_a_new_code_appears_everywhere_by_one_entry(tmp_path: Path) -> None:
    document = yaml.safe_load(CONTRACT.source.read_text())
    entry = {
        "const": 4010,
        "title": "face too small",
        "description": "The face has too few pixels.",
        "x-name": "FACE_TOO_SMALL",
        "x-status": 400,
    }
    document["components"]["schemas"]["SystemCode"]["oneOf"].append(entry)
    changed = tmp_path / "openapi.yaml"
    changed.write_text(yaml.safe_dump(document))
    assert load_contract(changed).codes["FACE_TOO_SMALL"].code == 4010


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "cannot be read"),
        ("[]", "is not a complete contract"),
        ("paths: {}", "is not a complete contract"),
    ],
)
def test_broken_contract_is_refused_in_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    broken = tmp_path / "openapi.yaml"
    broken.write_text(text)
    with pytest.raises(ContractError, match=why):
        load_contract(broken)


FLAT = (
    "formats: [jpeg]\nside_px: {minimum: 64, maximum: 2000}\n"
    "file_bytes: {maximum: 1000}\nbody_bytes: {maximum: 4000}\n"
)


@pytest.mark.parametrize(
    "text", [FLAT, "photo_standards:\n" + indent(FLAT, "  ") + "statuses: contract\n"]
)
def test_photo_standards_come_from_a_profile(tmp_path: Path, text: str) -> None:
    file = tmp_path / "standards.yaml"
    file.write_text(text)
    assert load_profile(str(file)).standards.filled(CONTRACT.photo_standards) == PhotoStandards(
        formats=("JPEG",), min_side=64, max_side=2000, max_file_bytes=1000, max_body_bytes=4000
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"formats": []}, "at least one format"),
        ({"side_px": {"minimum": 0, "maximum": 10}}, "min_side must be a positive integer"),
        ({"side_px": {"minimum": 20, "maximum": 10}}, "smallest side is above the largest"),
        ({"file_bytes": {"maximum": True}}, "max_file_bytes must be a positive integer"),
        ({"file_bytes": {}}, "missing or malformed"),
    ],
)
def test_senseless_photo_standards_are_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(ContractError, match=why):
        PhotoStandards.from_mapping(CONTRACT.document["x-photo-standards"] | change)


def test_a_photo_may_be_of_one_pixel() -> None:
    change = {"side_px": {"minimum": 1, "maximum": 1}}
    standards = PhotoStandards.from_mapping(CONTRACT.document["x-photo-standards"] | change)
    assert (standards.min_side, standards.max_side) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("[1]", "{", "\x00", "photo_standard: {}", "formats: [JPEG]\nphoto_standards: {}"),
        *("score_tolerance: 0.5", "score_tolerance: true", "known_flaky: [ordinary]"),
        *("photo_standards: {side_px: {least: 3}}", "statuses: {NO_SUCH_CODE: 400}"),
    ],
)
def test_what_no_profile_can_say_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "standards.yaml"
    file.write_text(text)
    with pytest.raises(WrongUse, match=r"standards\.yaml"):
        load_profile(str(file))
