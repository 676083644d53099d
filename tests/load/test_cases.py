from __future__ import annotations

import base64
import io
from collections import Counter
from itertools import islice
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image

from loadtests.generator.cases import Case, build_cases, deal
from loadtests.generator.photos import covered_portrait, portrait
from loadtests.profile import COMPARISON
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.portraits import PEOPLE

CONTRACT = load_contract()
FIRST, SECOND = (each.name for each in CONTRACT.parameters.values() if each.required)


def form(case: Case) -> dict[str, str]:
    return {
        name: value
        for name, (value,) in parse_qs(case.request.body.decode(), strict_parsing=True).items()
    }


def opened(sealed: str) -> bytes:
    encryption = CONTRACT.encryption
    cipher = AESGCM(encryption.default_key.encode())
    return cipher.decrypt(
        encryption.default_iv.encode(), base64.b64decode(sealed, validate=True), None
    )


def test_comparisons_are_photos_of_the_sizes_asked_for() -> None:
    cases = build_cases(CONTRACT, {COMPARISON: 1}, (64, 128), Secrets.of())[COMPARISON]
    assert len({case.request.body for case in cases}) == len(cases) == 6
    sides = Counter()
    for case in cases:
        for name in (FIRST, SECOND):
            photo = Image.open(io.BytesIO(opened(form(case)[name])))
            sides.update([photo.size])
            assert photo.format == "JPEG"
        assert case.expected == CONTRACT.success_code
    assert sides == {(64, 64): 6, (128, 128): 6}


@pytest.mark.parametrize("kind", [COMPARISON, "INVALID_IMAGE_TYPE"])
def test_no_file_is_shorter_than_the_server_takes(kind: str) -> None:
    built = build_cases(CONTRACT, {kind: 1}, (64,), Secrets.of(), least_bytes=70_000)
    files = [opened(form(case)[name]) for case in built[kind] for name in (FIRST, SECOND)]
    assert {len(file) for file in files} == {70_000}
    if kind == COMPARISON:
        assert {Image.open(io.BytesIO(file)).size for file in files} == {(64, 64)}


@pytest.mark.parametrize("kind", CONTRACT.codes)
@pytest.mark.parametrize("place", [0, 1])
def test_a_wrong_request_is_wrong_in_one_place(kind: str, place: int) -> None:
    case = build_cases(CONTRACT, {kind: 1}, (128,), Secrets.of())[kind][place]
    fields = form(case)
    wrong, good = (FIRST, SECOND)[place], (SECOND, FIRST)[place]
    assert case.expected == CONTRACT.codes[kind].code
    assert opened(fields[good]) == portrait(PEOPLE[0], 128)
    assert is_wrong(kind, fields, wrong)


def is_wrong(kind: str, fields: dict[str, str], name: str) -> bool:
    """Whether the photo is wrong in the way the code documents, and in no earlier way."""
    standards = CONTRACT.photo_standards
    if kind == "INVALID_ARGUMENT":
        return "!" in fields[name]
    photo = opened(fields[name])
    if kind == "INVALID_CONTENT_LENGTH":
        return len(photo) > standards.max_file_bytes
    assert len(photo) <= standards.max_file_bytes
    if kind == "INVALID_IMAGE_TYPE":
        with pytest.raises(OSError, match="cannot identify"):
            Image.open(io.BytesIO(photo))
        return True
    width = Image.open(io.BytesIO(photo)).width
    if kind == "INVALID_IMAGE_SIZE":
        return width < standards.min_side
    assert standards.min_side <= width <= standards.max_side
    if kind == "FACE_OCCLUSION":
        return fields["check_quality"] == "true" and photo != portrait(PEOPLE[0], 128)
    return photo not in {portrait(person, 128) for person in PEOPLE}


def test_requests_keep_the_mix_and_repeats_for_a_seed() -> None:
    mix = {COMPARISON: 3, "INVALID_ARGUMENT": 1}
    cases = build_cases(CONTRACT, mix, (64,), Secrets.of())
    first, again, other = (
        [case.name for case in islice(deal(cases, mix, seed), 1000)] for seed in (1, 1, 2)
    )
    assert first == again != other
    kinds = Counter(case.kind for case in islice(deal(cases, mix, 1), 1000))
    assert kinds == {COMPARISON: 750, "INVALID_ARGUMENT": 250}


@pytest.mark.parametrize("person", PEOPLE)
def test_a_covered_face_differs_in_the_lower_face_alone(person: str) -> None:
    plain, covered = (
        Image.open(io.BytesIO(make(person, 250))).convert("L")
        for make in (portrait, covered_portrait)
    )
    upper, whole = (0, 0, 250, 105), (0, 0, 250, 250)
    assert most_different(plain, covered, upper) < 20
    assert most_different(plain, covered, whole) > 80


def most_different(one: Image.Image, other: Image.Image, box: tuple[int, ...]) -> int:
    pixels = zip(one.crop(box).tobytes(), other.crop(box).tobytes(), strict=True)
    return max(abs(a - b) for a, b in pixels)
