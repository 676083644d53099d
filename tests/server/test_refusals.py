import gc
from contextlib import suppress
from io import BytesIO
from weakref import ref

import pytest

from reference_server.refusals import (
    FaceCovered,
    InvalidArgument,
    NoFaceFound,
    Refusal,
    UnreadablePhoto,
    WrongFileSize,
    WrongPixelSize,
    judge_each,
)
from verikit.contract import load_contract

CONTRACT = load_contract()


def test_every_code_of_the_contract_has_one_refusal_and_no_other() -> None:
    assert sorted(kind.code for kind in Refusal.__subclasses__()) == sorted(CONTRACT.codes)


@pytest.mark.parametrize("kind", Refusal.__subclasses__(), ids=lambda kind: kind.__name__)
def test_message_starts_with_the_documented_one(kind: type[Refusal]) -> None:
    refusal = kind("detail") if kind is InvalidArgument else kind(1)  # type: ignore[arg-type]
    assert refusal.message.startswith(CONTRACT.codes[kind.code].message + ": ")


def test_message_names_the_photo_and_the_covered_regions() -> None:
    refusal = FaceCovered(1, ("nose", "mouth"))
    assert refusal.message == "face occlusion: nose, mouth of second_encrypted_image"


def test_the_earlier_check_wins_whichever_photo_fails_it() -> None:
    findings = [NoFaceFound(), UnreadablePhoto(detail="JPEG")]
    with pytest.raises(UnreadablePhoto) as refused:
        judge_each(_raise, findings)
    assert refused.value.photo == 1


def test_within_one_check_the_first_photo_wins() -> None:
    with pytest.raises(WrongFileSize) as refused:
        judge_each(_raise, [WrongFileSize(detail="1"), WrongFileSize(detail="2")])
    assert refused.value.detail == "1"


def test_size_in_pixels_is_checked_after_type() -> None:
    with pytest.raises(UnreadablePhoto):
        judge_each(_raise, [WrongPixelSize(detail=""), UnreadablePhoto(detail="")])


def test_a_refused_photo_is_forgotten_at_once() -> None:
    image = BytesIO()
    trace = ref(image)

    def judge(image: BytesIO) -> None:
        try:
            image.write("no bytes")  # type: ignore[arg-type]
        except TypeError as error:
            raise UnreadablePhoto(detail="") from error

    gc.disable()
    try:
        with suppress(Refusal):
            judge_each(judge, [image])
        del image
        assert trace() is None
    finally:
        gc.enable()


def _raise(finding: Refusal) -> None:
    raise finding
