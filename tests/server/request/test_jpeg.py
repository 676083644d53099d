"""JPEG files that libjpeg decodes with at most a warning: which are damaged, and which are not."""

import struct
from itertools import pairwise

import numpy as np
import pytest
import simplejpeg

from reference_server.request.jpeg import picture_of
from reference_server.request.photo import read_photo
from tests.support.odd_photos import (
    PICTURE,
    SIDE,
    inserted,
    noise,
    one_component_a_scan,
    plain,
    rebuilt,
    saved,
    segment,
)
from tests.support.reading import is_read
from verikit.contract import load_contract

STANDARDS = load_contract().photo_standards
END = b"\xff\xd9"
FILE = plain()
CODED = FILE.index(b"\xff\xda") + 14
MCUS = (SIDE // 16) ** 2


def starts(file: bytes, markers: bytes) -> list[int]:
    places = range(file.index(b"\xff\xda"), len(file) - 1)
    return [place for place in places if file[place] == 0xFF and file[place + 1] in markers]


@pytest.mark.parametrize("interval", [1, 3, 7, 12, MCUS - 1])
def test_a_restart_interval_without_its_markers_is_damage(interval: int) -> None:
    assert not is_read(inserted(FILE, segment(0xDD, struct.pack(">H", interval)), 0xDA))


@pytest.mark.parametrize("interval", [MCUS, MCUS + 1, 60_000])
def test_a_restart_interval_longer_than_the_picture_is_harmless(interval: int) -> None:
    assert is_read(inserted(FILE, segment(0xDD, struct.pack(">H", interval)), 0xDA))


def test_a_restart_interval_that_is_lost_or_doubled_is_damage() -> None:
    file = plain(restart_marker_blocks=1)
    places = starts(file, bytes(range(0xD0, 0xD8)))
    assert is_read(file)
    assert len(places) == MCUS - 1
    for begin, end in [(3, 4), (3, 11), (3, 19), (20, 35)]:
        assert not is_read(file[: places[begin]] + file[places[min(end, MCUS - 2)] :])
    assert not is_read(file[: places[11]] + file[places[3] :])


@pytest.mark.parametrize("rest", [b"\0", b"\x5a", b"\x5a\x11\x22\x33", bytes(9), bytes(40_000)])
def test_a_few_bytes_or_zeros_behind_the_coded_data_are_harmless(rest: bytes) -> None:
    assert is_read(FILE[:-2] + rest + END)


@pytest.mark.parametrize("interval", [1, 7, MCUS, 60_000])
@pytest.mark.parametrize("rest", [b"\0", b"\x5a\x11", bytes(9000)], ids=len)
def test_so_are_they_behind_the_last_restart_interval(interval: int, rest: bytes) -> None:
    file = plain(restart_marker_blocks=interval) if interval < MCUS else FILE
    if interval >= MCUS:
        file = inserted(file, segment(0xDD, struct.pack(">H", interval)), 0xDA)
    pixels = read_photo(file, STANDARDS).pixels
    assert np.array_equal(read_photo(file[:-2] + rest + END, STANDARDS).pixels, pixels)


@pytest.mark.parametrize("side", [50, 65, 97])
def test_padding_of_which_libjpeg_has_read_some_is_harmless(side: int) -> None:
    file = saved(PICTURE.resize((side, side)), "JPEG", quality=75)
    pixels = read_photo(file, STANDARDS).pixels
    assert np.array_equal(read_photo(file[:-2] + bytes(9000) + END, STANDARDS).pixels, pixels)


@pytest.mark.parametrize("transform", [1, 2, 3, 4, 255])
def test_an_unknown_transform_of_adobe_stands_for_the_usual_one(transform: int) -> None:
    """As libjpeg and viewers have it; a JFIF header would tell the colours by itself."""
    bare = rebuilt(FILE, lambda marker, piece: b"" if marker == 0xE0 else piece)
    pixels = np.ascontiguousarray(255 - np.asarray(PICTURE.convert("CMYK")))
    ycck = simplejpeg.encode_jpeg(pixels, colorspace="CMYK", quality=90, colorsubsampling="444")
    plain_ycck = rebuilt(ycck, lambda marker, piece: b"" if marker == 0xEE else piece)
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))
    for file, usual in ((bare, FILE), (plain_ycck, ycck)):
        seen = read_photo(inserted(file, adobe, 0xDB), STANDARDS).pixels
        assert np.array_equal(seen, read_photo(usual, STANDARDS).pixels)


def test_a_marker_that_stands_alone_is_harmless() -> None:
    assert is_read(inserted(FILE, b"\xff\xd3", 0xDB))
    file = plain(progressive=True)
    scan = starts(file, b"\xda")[1]
    assert is_read(file[:scan] + b"\xff\x01" + file[scan:])


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (FILE[:2] + segment(0xFE, b"") * 100_001 + FILE[2:], "too many segments"),
        (FILE[: CODED - 12] + b"\0\x0c", "a scan without its parameters"),
        (FILE[: CODED - 12] + b"\0\x0c\3" + bytes(8), "a scan without its parameters"),
        (FILE[: CODED - 13], "before its picture does"),
        (FILE[1:], "no JPEG"),
        (FILE[:20] + FILE, "two starts"),
        (FILE[:2] + b"\xff\xfe\0", "a segment without a length"),
    ],
)
def test_what_is_no_whole_jpeg_has_no_picture(file: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        picture_of(file)


def test_coded_data_that_are_left_over_are_damage() -> None:
    stuffed = noise(300).replace(b"\xff", b"\xff\0")
    assert not is_read(FILE[:-2] + stuffed + END)
    frame = FILE.index(b"\xff\xc0")
    for height in (SIDE - 16, SIDE // 2):
        lower = FILE[: frame + 5] + struct.pack(">H", height) + FILE[frame + 7 :]
        assert not is_read(lower)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("end", [b"", END], ids=["open", "closed"])
@pytest.mark.parametrize("optimize", [False, True])
def test_a_rest_that_was_filled_with_zeros_is_damage(
    kept: float, end: bytes, *, optimize: bool
) -> None:
    file = plain(optimize=optimize)
    start = file.index(b"\xff\xda") + 14
    cut = start + int((len(file) - start) * kept)
    for zeros in (len(file) - cut, 9000, 90_000):
        assert not is_read(file[:cut] + bytes(zeros) + end)


def test_damage_behind_a_harmless_place_is_seen() -> None:
    file = plain(restart_marker_blocks=1)
    places = starts(file, bytes(range(0xD0, 0xD8)))
    padded = file[: places[3]] + bytes(9) + file[places[3] : places[30]] + END
    assert not is_read(padded)
    assert not is_read(file[: places[30]] + bytes(9) + END)


def test_every_component_has_its_scan() -> None:
    file = one_component_a_scan()
    places = [*starts(file, b"\xda"), len(file) - 2]
    head, scans = file[: places[0]], [file[begin:end] for begin, end in pairwise(places)]
    assert is_read(head + b"".join(scans) + END)
    for missing in range(3):
        others = scans[:missing] + scans[missing + 1 :]
        assert not is_read(head + b"".join(others) + END)
        assert not is_read(head + b"".join([*others, others[0]]) + END)


def test_a_jpeg_has_fifty_scans_at_most() -> None:
    scan = FILE[CODED - 14 : -2]
    picture_of(FILE[:-2] + scan * 49 + END)
    with pytest.raises(ValueError, match="too many scans"):
        picture_of(FILE[:-2] + scan * 50 + END)


def test_a_progressive_jpeg_may_end_before_its_finest_scans_if_it_says_so() -> None:
    file = plain(progressive=True)
    places = starts(file, b"\xda")
    for place in places[1:]:
        assert is_read(file[:place] + END)
        assert not is_read(file[:place])
    assert not is_read(file[: places[0]] + END)


@pytest.mark.parametrize("frame", [0xC9, 0xCA, 0xCD, 0xCE])
def test_arithmetic_coding_is_refused_because_a_missing_rest_is_not_told(frame: int) -> None:
    assert not is_read(FILE.replace(b"\xff\xc0", bytes((0xFF, frame)), 1))


def test_most_changes_that_spoil_a_picture_are_seen() -> None:
    """Not all can be: coded data have no checksum, and most changes give other valid data."""
    file = saved(PICTURE.resize((640, 640)).effect_spread(8), "JPEG", quality=90)
    start = file.index(b"\xff\xda") + 14
    spoiled = [
        file[:place] + bytes(200) + file[place + 200 :]
        for place in range(start, len(file) - 400, len(file) // 20)
    ]
    assert sum(map(is_read, spoiled)) <= len(spoiled) // 4
