import io
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from resource import RUSAGE_SELF, getrusage

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reference_server.refusals import Refusal, UnreadablePhoto, WrongFileSize, WrongPixelSize
from reference_server.request.jpeg import MOST_SCANS, picture_of
from reference_server.request.photo import (
    ENOUGH_SIDE,
    Photo,
    read_photo,
)
from tests.support.memory import peak_memory
from verikit.contract import load_contract

STANDARDS = load_contract().photo_standards
KINDS = STANDARDS.formats
ANY_FILE_SIZE = replace(STANDARDS, max_file_bytes=2**30)
RAMP = Image.merge("RGB", [Image.linear_gradient("L").rotate(turn) for turn in (0, 90, 180)])

Draw = Callable[..., bytes]


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def distance(photo: Photo, image: Image.Image) -> float:
    """Mean difference of the pixels, in gray levels."""
    return float(np.abs(photo.pixels.astype(int) - np.asarray(image.convert("RGB"))).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_its_pixels(kind: str) -> None:
    photo = read_photo(saved(RAMP, kind), STANDARDS)
    assert photo.pixels.dtype == np.uint8
    assert photo.orientation == 1
    assert distance(photo, RAMP) < (8 if kind == "GIF" else 2)


@pytest.mark.parametrize("kind", sorted({"WEBP", "ICO", "PPM", "PDF"} - set(KINDS)))
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(UnreadablePhoto):
        read_photo(saved(RAMP, kind), STANDARDS)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("RGBA", "PNG"),
        ("P", "BMP"),
        ("CMYK", "TIFF"),
    ],
)
def test_every_kind_of_pixel_becomes_rgb(mode: str, kind: str) -> None:
    image = RAMP.convert(mode)
    assert distance(read_photo(saved(image, kind), STANDARDS), image) < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_brightness(kind: str) -> None:
    grey = RAMP.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    assert distance(read_photo(saved(deep, kind), STANDARDS), grey) < 1


def test_samples_of_32_bits_are_refused_because_nothing_says_which_is_white() -> None:
    deep = Image.fromarray(np.asarray(RAMP.convert("L")).astype(np.int32) * 257)
    standards = replace(STANDARDS, formats=("PPM",))
    assert distance(read_photo(saved(RAMP, "PPM"), standards), RAMP) == 0
    with pytest.raises(UnreadablePhoto):
        read_photo(saved(deep, "PPM"), standards)


def test_palette_with_transparency_is_read(recwarn: pytest.WarningsRecorder) -> None:
    file = saved(RAMP.convert("P"), "PNG", transparency=bytes(range(256)))
    assert read_photo(file, STANDARDS).pixels.shape == (256, 256, 3)
    assert not recwarn.list


def test_first_frame_of_an_animation_is_the_photo() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    file = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert distance(read_photo(file, STANDARDS), frames[0]) < 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_exif_orientation_is_told_and_not_applied(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = RAMP.resize((96, 64))
    photo = read_photo(saved(image, kind, exif=exif), STANDARDS)
    assert photo.orientation == orientation
    assert distance(photo, image) < 2


@pytest.mark.parametrize("orientation", [0, 9])
def test_senseless_orientation_is_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert read_photo(saved(RAMP, "JPEG", exif=exif), STANDARDS).orientation == 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("content", [b"II*\x00\xff\xff\xff\xff", b"no TIFF"])
def test_broken_exif_does_not_break_the_photo(content: bytes) -> None:
    file = saved(RAMP, "JPEG", exif=b"Exif\x00\x00" + content)
    assert read_photo(file, STANDARDS).orientation == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.98])
def test_truncated_file_is_damaged(kind: str, kept: float) -> None:
    file = saved(RAMP, kind)
    with pytest.raises(UnreadablePhoto):
        read_photo(file[: int(len(file) * kept)], STANDARDS)


def test_jpeg_cut_and_closed_again_is_damaged() -> None:
    file = saved(RAMP, "JPEG")
    with pytest.raises(UnreadablePhoto):
        read_photo(file[: len(file) // 2] + b"\xff\xd9", STANDARDS)


def test_png_with_a_wrong_checksum_is_damaged() -> None:
    file = bytearray(saved(RAMP, "PNG"))
    file[-16] ^= 1
    with pytest.raises(UnreadablePhoto):
        read_photo(bytes(file), STANDARDS)


def test_jpeg_with_bytes_between_its_segments_is_accepted() -> None:
    file = saved(RAMP, "JPEG")
    frame = file.index(b"\xff\xc0")
    photo = read_photo(file[:frame] + b"\x00\x01" + file[frame:], STANDARDS)
    assert distance(photo, RAMP) < 2


@pytest.mark.parametrize("length", range(2, 17))
def test_jpeg_whose_frame_header_is_short_is_damaged(length: int) -> None:
    file = saved(RAMP, "JPEG")
    frame = file.index(b"\xff\xc0") + 2
    short = struct.pack(">H", length) + file[frame + 2 : frame + length]
    damaged = file[:frame] + short + file[frame + 17 :]
    with suppress(ValueError):
        picture_of(damaged)
    with pytest.raises(UnreadablePhoto):
        read_photo(damaged, STANDARDS)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_many_scans_is_refused(mode: str, progressive: bool) -> None:
    file = saved(RAMP.convert(mode), "JPEG", progressive=progressive)
    scan = file[file.rindex(b"\xff\xda") : -2]
    with pytest.raises(UnreadablePhoto):
        read_photo(file[:-2] + scan * MOST_SCANS + b"\xff\xd9", STANDARDS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_large_photo_is_scaled_down_but_not_too_far(kind: str) -> None:
    image = RAMP.resize((2100, 1500))
    pixels = read_photo(saved(image, kind, quality=90), ANY_FILE_SIZE).pixels
    assert pixels.shape == (750, 1050, 3)
    assert pixels.shape[1] >= ENOUGH_SIDE


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_vast_photo_is_scaled_down_eightfold_at_most(kind: str) -> None:
    file = saved(Image.new("L", (16_384, 32)), kind)
    assert read_photo(file, replace(STANDARDS, max_side=20_000)).pixels.shape == (4, 2048, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_sides_are_limited_inclusively(kind: str, draw: Draw) -> None:
    for size in [(32, 40), (40, 32), (4096, 32), (32, 4096)]:
        read_photo(draw(size=size, kind=kind), ANY_FILE_SIZE)
    for size in [(31, 40), (40, 31), (4097, 32), (32, 4097)]:
        with pytest.raises(WrongPixelSize, match="INVALID_IMAGE_SIZE") as refused:
            read_photo(draw(size=size, kind=kind), ANY_FILE_SIZE)
        assert f"{size[0]} x {size[1]} pixels" in refused.value.message


def chunk(name: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def test_a_header_alone_is_enough_to_refuse_a_bomb() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"never inflated")
    with pytest.raises(WrongPixelSize, match="INVALID_IMAGE_SIZE"):
        read_photo(bomb, STANDARDS)


@pytest.mark.parametrize("disposal", [0, 4, 8, 12])
def test_a_gif_that_grows_in_its_first_frame_takes_no_memory(disposal: int) -> None:
    def gif(width: int, height: int) -> bytes:
        control = b"!\xf9\x04" + bytes([disposal | 1, 0, 0, 0, 0])
        frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00;"
        return b"GIF89a" + struct.pack("<HHBBB", 40, 40, 0x80, 0, 0) + bytes(6) + control + frame

    before = getrusage(RUSAGE_SELF).ru_maxrss
    with pytest.raises(WrongPixelSize) as refused:
        read_photo(gif(65_535, 32_000), STANDARDS)
    assert "each side must have" in refused.value.message
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 200_000


def test_pixels_are_limited_by_the_standards_alone() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 19_000, 19_000, 8, 2, 0, 0, 0))
    vast = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"never inflated")
    with pytest.raises(WrongPixelSize):
        read_photo(vast, STANDARDS)
    with pytest.raises(UnreadablePhoto):
        read_photo(vast, replace(STANDARDS, max_side=20_000))


def test_damage_wins_over_size_where_decoding_is_affordable(draw: Draw) -> None:
    with pytest.raises(UnreadablePhoto):
        read_photo(draw(size=(5000, 40), kind="PNG")[:-30], STANDARDS)


def test_file_size_wins_over_everything_and_is_inclusive(draw: Draw) -> None:
    file = draw()
    read_photo(file, replace(STANDARDS, max_file_bytes=len(file)))
    with pytest.raises(WrongFileSize):
        read_photo(b"x" * len(file), replace(STANDARDS, max_file_bytes=len(file) - 1))


def test_limits_are_the_ones_handed_in(draw: Draw) -> None:
    only_gif = replace(STANDARDS, formats=("GIF",), max_side=50)
    with pytest.raises(UnreadablePhoto):
        read_photo(draw(kind="PNG"), only_gif)
    with pytest.raises(WrongPixelSize):
        read_photo(draw(kind="GIF"), only_gif)


@pytest.mark.parametrize(
    ("kind", "place", "piece"),
    [
        ("JPEG", 2, b"\xff"),
        ("JPEG", 2, b"\xff\xe1\x00\x02"),
        ("PNG", 33, chunk(b"none", b"")),
        ("PNG", -12, chunk(b"none", b"")),
        ("GIF", 13 + 768, b"!\xfe\x01a\x00"),
    ],
    ids=["fill bytes", "segments", "chunks before the pixels", "chunks behind them", "extensions"],
)
def test_a_header_of_countless_pieces_is_refused(kind: str, place: int, piece: bytes) -> None:
    file = saved(RAMP.quantize() if kind == "GIF" else RAMP, kind)
    few, many = (file[:place] + piece * times + file[place:] for times in (50, 400_000))
    read_photo(few, STANDARDS)
    with pytest.raises(UnreadablePhoto):
        read_photo(many, STANDARDS)


def tiff_in_strips(height: int, strips: int) -> bytes:
    """A gray TIFF, 64 pixels wide, whose strips all hold the same row."""
    numbers = [(256, 64), (257, height), (258, 8), (259, 1), (262, 1), (277, 1), (278, 1)]
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in numbers]
    end = 8 + 2 + 12 * 9 + 4
    tables = [(273, 8, end), (279, 64, end + 4 * strips)]
    entries += [struct.pack("<HHII", tag, 4, strips, place) for tag, _, place in tables]
    directory = struct.pack("<H", 9) + b"".join(sorted(entries)) + bytes(4)
    return (
        b"II*\x00\x08\x00\x00\x00"
        + directory
        + b"".join(struct.pack("<I", value) * strips for _, value, _ in tables)
    )


def test_countless_strips_of_a_tiff_take_no_memory() -> None:
    assert read_photo(tiff_in_strips(64, 64), STANDARDS).pixels.shape == (64, 64, 3)
    file = tiff_in_strips(4096, 600_000)
    assert peak_memory(lambda: read_photo(file, STANDARDS)) < 4 * len(file)


def test_libtiff_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnreadablePhoto):
        read_photo(saved(RAMP, "TIFF", compression="tiff_lzw")[:-3000], STANDARDS)
    assert capfd.readouterr() == ("", "")


SAMPLES = [saved(RAMP.resize((40, 40)), kind) for kind in KINDS]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(
    st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0), st.binary(max_size=8)), max_size=5)
)
def test_mutated_files_are_photos_or_refused(
    file: bytes, mutations: list[tuple[int, bytes]]
) -> None:
    mutated = bytearray(file)
    for place, patch in mutations:
        start = place % len(mutated)
        mutated[start : start + len(patch)] = patch
    try:
        photo = read_photo(bytes(mutated), STANDARDS)
    except Refusal:
        return
    assert photo.pixels.shape[2] == 3
    assert photo.orientation in range(1, 9)
