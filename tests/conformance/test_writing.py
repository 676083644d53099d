"""Recipes become the bytes that they say."""

import base64
import io
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageOps

from conformance.cases.rotation import UPRIGHT
from conformance.cases.table import resolved
from conformance.requests.encryption import encrypt
from conformance.requests.photos.files import photo_file
from conformance.requests.photos.odd import ODD, png
from conformance.requests.recipe import (
    EncryptedPhoto,
    Encryption,
    Photo,
    Request,
    Writing,
    build,
    fitted,
)
from conformance.requests.writing import FIRST, SECOND, wire
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.errors import WrongUse

SECRETS = Secrets.of()
SMALL = EncryptedPhoto(photo=Photo(of="blank", width=40, height=40, format="JPEG"))


def opened(value: str) -> bytes:
    cipher = AESGCM(SECRETS.key.encode())
    return cipher.decrypt(SECRETS.iv.encode(), base64.b64decode(value), None)


def sent(request: Request) -> dict[str, list[str]]:
    return parse_qs(wire(request, SECRETS).body.decode(), keep_blank_values=True)


def test_form_holds_both_encrypted_photos() -> None:
    form = sent(Request(first=SMALL, second=SMALL, auto_rotate="true"))
    assert opened(form[FIRST][0]) == opened(form[SECOND][0]) == photo_file(SMALL.photo)
    assert form["auto_rotate"] == ["true"]


@pytest.mark.parametrize("body", ["lower-case-escapes", "all-escaped"])
def test_another_spelling_of_a_form_means_the_same(body: str) -> None:
    photo = Photo(of="blank", width=41, height=40, format="JPEG")
    plain = Request(first=EncryptedPhoto(photo=photo), second=SMALL, auto_rotate="true")
    other = replace(plain, body=body)
    assert sent(other) == sent(plain)
    assert wire(other, SECRETS).body != wire(plain, SECRETS).body


def test_same_request_is_the_same_bytes() -> None:
    request = fitted(Request(), 400, "JPEG")
    assert wire(request, SECRETS) == wire(request, SECRETS)


@pytest.mark.parametrize(
    "how",
    [
        Encryption(key="wrong"),
        Encryption(iv="wrong"),
        Encryption(flip="first"),
        Encryption(flip="middle"),
        Encryption(flip="tag"),
        Encryption(flip="tag-reversed"),
        Encryption(drop="tag"),
        Encryption(drop="tag-byte"),
        Encryption(drop="half"),
        Encryption(drop="all-but-tag"),
    ],
)
def test_damaged_ciphertext_does_not_decrypt(how: Encryption) -> None:
    with pytest.raises(InvalidTag):
        AESGCM(SECRETS.key.encode()).decrypt(
            SECRETS.iv.encode(), encrypt(b"photo" * 9, SECRETS, how), None
        )


def test_key_of_wrong_length_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match="The key must be 32 ASCII characters, but has 5"):
        Secrets.of(key="short")


def test_secrets_are_not_shown() -> None:
    assert SECRETS.key not in repr(SECRETS)


@settings(deadline=None)
@given(st.sampled_from(("JPEG", "PNG")), st.integers(120_000, 400_000))
def test_padded_file_has_just_that_size(kind: str, size: int) -> None:
    data = photo_file(Photo(width=200, height=200, format=kind, pad_to=size))
    assert len(data) == size
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()


@pytest.mark.parametrize("more", [0, 1, 2, 3, 4, 65_536, 65_537, 65_538, 65_540, 65_541])
def test_jpeg_is_padded_by_any_number_of_bytes(more: int) -> None:
    photo = Photo(of="blank", width=40, height=40, format="JPEG")
    size = len(photo_file(photo)) + more
    data = photo_file(replace(photo, pad_to=size))
    assert len(data) == size
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()


@pytest.mark.parametrize("size", [10_000, 10_001, 75_540])
def test_padded_body_has_just_that_size(size: int) -> None:
    assert len(wire(Request(first=SMALL, second=SMALL, pad_to=size), SECRETS).body) == size


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_sets_stored_pixels_upright(orientation: int) -> None:
    upright = Photo(width=64, height=64, format="PNG")
    stored = UPRIGHT[orientation]
    data = photo_file(
        Photo(
            width=64,
            height=64,
            format="PNG",
            exif=stored.exif,
            turn=stored.turn,
            mirror=stored.mirror,
        )
    )
    with (
        Image.open(io.BytesIO(data)) as picture,
        Image.open(io.BytesIO(photo_file(upright))) as wanted,
    ):
        apart = ImageChops.difference(ImageOps.exif_transpose(picture), wanted)
    assert max(high for _, high in apart.getextrema()) <= 40  # resampling after turning


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_photo_of_a_camera_has_little_endian_exif_and_a_thumbnail(orientation: int) -> None:
    data = photo_file(
        Photo(width=200, height=200, format="JPEG", camera=True, exif=orientation, quality=80)
    )
    assert data.startswith(b"\xff\xd8\xff\xe1")
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        exif = picture.getexif()
        assert picture.size == (200, 200)
    assert exif.endian == "<"
    assert (exif[ExifTags.Base.Make], exif[ExifTags.Base.Orientation]) == (
        "Camera maker",
        orientation,
    )
    small = exif.get_ifd(ExifTags.IFD.IFD1)
    start = data.index(b"II*\0") + small[ExifTags.Base.JpegIFOffset]
    with Image.open(
        io.BytesIO(data[start : start + small[ExifTags.Base.JpegIFByteCount]])
    ) as found:
        assert found.size == (160, 120)


def test_a_photo_does_not_tell_when_it_was_made() -> None:
    """Two processes, whatever their clocks say, write the same bytes."""
    with Image.open(io.BytesIO(photo_file(Photo(format="JPEG", camera=True)))) as photo:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(photo.info["icc_profile"])).profile
    assert profile.creation_date == datetime(2020, 1, 1)
    assert b"Date" not in photo_file(Photo(format="PDF"))


def test_png_of_few_bytes_is_as_large_as_it_says() -> None:
    with Image.open(io.BytesIO(png(300, 200, 200))) as picture:
        picture.load()
        assert picture.size == (300, 200)


@pytest.mark.parametrize("kind", ["png-bomb", "bmp-bomb", "gif-bomb", "tiff-bomb", "jpeg-bomb"])
def test_bomb_claims_a_huge_size_in_few_bytes(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    data = ODD[kind]()
    assert len(data) < 10_000
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (50_000, 50_000)


def test_blanks_stand_for_plus_signs() -> None:
    value = sent(
        Request(first=SMALL, second=EncryptedPhoto(photo=SMALL.photo, write=Writing(blanks=True)))
    )
    assert value[SECOND][0] == value[FIRST][0].replace("+", " ")


@pytest.mark.parametrize(
    ("text", "number"),
    [("max_side + 1", 4097), ("2 * max_side", 8192), ("min_side // 2", 16), ("min_side - 1", 31)],
)
def test_limits_are_filled_in(text: str, number: int) -> None:
    assert resolved({"a": text}, load_contract().photo_standards) == {"a": number}


def test_unknown_key_of_a_recipe_is_refused() -> None:
    with pytest.raises(WrongUse, match="Photo has no colour"):
        build(Request, {"first": {"photo": {"colour": "red"}}})
