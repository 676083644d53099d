"""What is right for a request in which several things are wrong, or none."""

from math import ceil
from typing import Any

import pytest

from conformance.judging.limits import LARGE, offences
from conformance.judging.oracle import right
from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import EncryptedPhoto, Encryption, Photo, Request, fitted
from conformance.requests.writing import FIRST, SECOND
from verikit.contract.profile import REFERENCE, Profile, Standards, load_profile

BOUND = load_profile(REFERENCE)


def outcomes(request: Request, *, is_open: bool) -> frozenset[str | int]:
    found = right(fitted(request, 400, "JPEG"), BOUND, lambda reading: is_open)
    assert found
    return found.outcomes


@pytest.mark.parametrize(
    ("text", "is_open", "accepted"),
    [
        ("maybe", False, False),
        ("maybe", True, True),
        ("TRUE", False, True),
        ("1", False, True),
        ("", False, True),
    ],
)
def test_what_is_no_boolean_is_refused_where_the_reading_binds(
    text: str, is_open: bool, accepted: bool
) -> None:
    found = outcomes(Request(auto_rotate=text), is_open=is_open)
    assert "INVALID_ARGUMENT" in found
    assert ("accepted" in found) is accepted


@pytest.mark.parametrize("content", ["text", "noise", "pdf", "jpeg-signature"])
def test_a_file_in_which_nobody_sees_a_photo_has_the_code_of_its_type(content: str) -> None:
    request = Request(first=EncryptedPhoto(photo=Photo(content=content)))
    assert outcomes(request, is_open=False) == {"INVALID_IMAGE_TYPE"}


def test_a_file_of_random_bytes_may_be_refused_for_its_sides() -> None:
    request = Request(first=EncryptedPhoto(photo=Photo(content="hex:ffd8")))
    assert {"INVALID_IMAGE_TYPE", "INVALID_IMAGE_SIZE"} <= outcomes(request, is_open=False)


@pytest.mark.parametrize(("side", "found"), [(250, False), (150, True)])
def test_a_face_may_be_overlooked_only_in_a_photo_that_is_small(side: int, found: bool) -> None:
    request = Request(first=EncryptedPhoto(photo=Photo(width=side, height=side)))
    assert ("DETECTION_FAILED" in outcomes(request, is_open=False)) is found


@pytest.mark.parametrize(
    ("change", "found"),
    [({}, False), ({"brightness": 0.5}, True), ({"quality": 20}, True), ({"quality": 60}, False)],
)
def test_a_face_may_be_overlooked_in_a_poor_photo(change: dict[str, float], found: bool) -> None:
    request = Request(second=EncryptedPhoto(photo=Photo(**change)))  # type: ignore[arg-type]
    assert ("DETECTION_FAILED" in outcomes(request, is_open=True)) is found


def test_a_large_body_may_be_refused_for_its_length_whatever_else_is_wrong() -> None:
    wide = Photo(format="PNG", width=1000, height=400)
    damaged = EncryptedPhoto(photo=wide, encryption=Encryption(flip="tag"))
    request = Request(first=damaged, second=EncryptedPhoto(photo=wide))
    found = right(fitted(request, 400, "JPEG"), Profile(), lambda _: True)
    assert found
    assert 413 in found.outcomes
    assert 413 not in outcomes(request, is_open=True)


@pytest.mark.parametrize(("side", "may"), [(299, True), (300, False), (1000, False), (1001, True)])
def test_unusual_sides_may_be_refused_where_no_limits_are_told(side: int, may: bool) -> None:
    request = Request(first=EncryptedPhoto(photo=Photo(width=side, height=400)))
    found = right(fitted(request, 400, "JPEG"), Profile(), lambda _: False)
    assert found
    assert ("INVALID_IMAGE_SIZE" in found.outcomes) is may


@pytest.mark.parametrize("is_open", [True, False])
def test_a_small_file_may_be_refused_where_no_least_length_is_told(is_open: bool) -> None:
    small = Photo(width=100, height=100, quality=10)
    request = fitted(Request(first=EncryptedPhoto(photo=small)), 400, "JPEG")
    found = right(request, Profile(), lambda _: is_open)
    assert found
    assert ("INVALID_CONTENT_LENGTH" in found.outcomes) is is_open


@pytest.mark.parametrize(("profile", "refused"), [(Profile(), True), (BOUND, False)])
def test_a_large_file_may_be_refused_where_no_most_length_is_told(
    profile: Profile, refused: bool
) -> None:
    for size, is_large in ((LARGE, False), (LARGE + 1, True)):
        request = Request(first=EncryptedPhoto(photo=Photo(pad_to=size)))
        found = right(fitted(request, 400, "JPEG"), profile, lambda _: False)
        assert found
        assert ("INVALID_CONTENT_LENGTH" in found.outcomes) is (refused and is_large)


@pytest.mark.parametrize(("is_open", "damaged"), [(True, True), (False, False)])
def test_an_empty_photo_may_count_as_one_that_does_not_decrypt(
    is_open: bool, damaged: bool
) -> None:
    found = outcomes(Request(second=""), is_open=is_open)
    assert ("INVALID_IMAGE_TYPE" in found) is damaged
    assert "accepted" not in found


@pytest.mark.parametrize("is_open", [True, False])
def test_blanks_in_place_of_plus_signs_may_be_refused_where_the_sample_does_not_bind(
    is_open: bool,
) -> None:
    found = outcomes(Request(body="raw"), is_open=is_open)
    assert "accepted" in found
    assert ("INVALID_ARGUMENT" in found) is is_open


FILE = Photo(format="PNG", width=120, height=100)
LENGTH = len(photo_file(FILE))


@pytest.mark.parametrize(
    ("known", "refusals"),
    [
        ({}, ()),
        ({"min_side": 100, "max_side": 120}, ()),
        ({"min_side": 101}, ("INVALID_IMAGE_SIZE",)),
        ({"max_side": 119}, ("INVALID_IMAGE_SIZE",)),
        ({"min_file_bytes": LENGTH, "max_file_bytes": LENGTH}, ()),
        ({"min_file_bytes": LENGTH + 1}, ("INVALID_CONTENT_LENGTH",)),
        ({"max_file_bytes": LENGTH - 1}, ("INVALID_CONTENT_LENGTH",)),
        ({"formats": ("JPEG", "PNG")}, ()),
        ({"formats": ("JPEG",)}, ("INVALID_IMAGE_TYPE",)),
        (
            {"formats": ("JPEG",), "max_side": 1, "max_file_bytes": 1},
            ("INVALID_CONTENT_LENGTH", "INVALID_IMAGE_TYPE", "INVALID_IMAGE_SIZE"),
        ),
    ],
)
def test_limits_are_exceeded_beyond_them_only(
    known: dict[str, Any], refusals: tuple[str, ...]
) -> None:
    both = Request(first=EncryptedPhoto(photo=FILE), second=EncryptedPhoto(photo=FILE))
    assert offences(both, Standards(**known)) == refusals


@pytest.mark.parametrize(("repeat", "times"), [("", 2), ("first", 3), ("second", 3)])
def test_a_body_is_as_long_as_the_base64_of_all_that_is_sent(repeat: str, times: int) -> None:
    """Each of its characters that a form escapes takes three."""
    names = {"first": FIRST, "second": SECOND}
    photo = EncryptedPhoto(photo=FILE)
    both = Request(first=photo, second=photo, repeat=names.get(repeat))
    length = ceil(times * LENGTH * 4 / 3 * 17 / 16)
    assert offences(both, Standards(max_body_bytes=length)) == ()
    assert offences(both, Standards(max_body_bytes=length - 1)) == (413,)
