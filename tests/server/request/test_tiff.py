"""TIFF files written sample by sample: each is read rightly or refused, and damage is seen."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from resource import RUSAGE_SELF, getrusage
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image, ImageCms

from reference_server.refusals import UnreadablePhoto
from reference_server.request.photo import read_photo
from tests.hostile import tiff_file as written
from tests.hostile.tiff_file import Tag
from tests.support.odd_photos import PICTURE as LARGE
from tests.support.odd_photos import saved
from tests.support.reading import is_read
from verikit.contract import load_contract

STANDARDS = load_contract().photo_standards
SIDE = 32
PICTURE = LARGE.resize((SIDE, SIDE))
GREY = PICTURE.convert("L")
NOT_COMPRESSED, OLD_JPEG, JPEG, DEFLATE, PACKBITS = 1, 6, 7, 8, 32773
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
FILL_ORDER = 266
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
REVERSED = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)


def tiff(strips: list[bytes], *tags: Tag, order: str = "<") -> bytes:
    """A TIFF of the side of the picture in RGB and one strip, unless the tags say otherwise."""
    offsets, place = [], 0
    for strip in strips:
        offsets.append(place)
        place += len(strip)
    numbers = {written.WIDTH: SIDE, written.LENGTH: SIDE, written.COMPRESSION: NOT_COMPRESSED}
    numbers |= {written.PHOTOMETRIC: RGB, written.SAMPLES: 3, written.ROWS: SIDE}
    all_tags = [Tag(number, (value,), 3) for number, value in numbers.items()]
    all_tags += [Tag(written.BITS, (8, 8, 8), 3)]
    all_tags += [Tag(written.BYTE_COUNTS, tuple(map(len, strips)))]
    laid_out = written.with_tags(all_tags, Tag(written.OFFSETS, tuple(offsets)), *tags)
    start = 8 + len(written.directory(laid_out, 8, order, following=0))
    placed = Tag(written.OFFSETS, tuple(start + offset for offset in offsets))
    return written.tiff(written.with_tags(laid_out, placed), b"".join(strips), order)


class Layout(NamedTuple):
    """How samples are stored; ``extra``: what further samples of a pixel are (TIFF 6.0, 338)."""

    photometric: int
    bits: int
    kind: int
    fill_order: int
    planar: int
    extra: tuple[int, ...]
    order: str
    predictor: int


def layouts() -> Iterator[Layout]:
    colours = (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB)
    bits, kinds, extras = (
        (1, 2, 4, 8, 12, 16, 32),
        (UNSIGNED, SIGNED, FLOAT),
        ((), (0,), (1,), (2,)),
    )
    for each in product(colours, bits, kinds, (1, 2), (1, 2), extras, "<>", (1, 2)):
        layout = Layout(*each)
        whole_bytes = layout.bits in (8, 16, 32)
        sensible = {
            PALETTE: layout.bits <= 8 and layout.kind == UNSIGNED and layout.predictor == 1
        }.get(layout.photometric, True)
        if layout.kind == SIGNED or layout.predictor != 1:
            sensible &= whole_bytes
        if layout.kind == FLOAT:
            sensible &= layout.bits in (16, 32) and layout.predictor == 1
        if layout.fill_order == 2 or layout.bits < 8:
            sensible &= (layout.extra, layout.order, layout.predictor) == ((), "<", 1)
        if sensible:
            yield layout


@cache
def shares(photometric: int, bits: int) -> tuple[np.ndarray, Image.Image, tuple[Tag, ...]]:
    """Samples from 0 to 1, what is to be seen, and tags of the colours."""
    most = 2**bits - 1
    match photometric:
        case 0 | 1:
            grey = np.round(np.asarray(GREY) / 255 * most) / most
            seen = Image.fromarray(np.round(grey * 255).astype(np.uint8))
            return (1 - grey if photometric == WHITE_IS_ZERO else grey)[..., None], seen, ()
        case 3:
            plate = PICTURE.quantize(2**bits)
            colours = np.zeros((2**bits, 3), int)
            held = np.reshape(plate.getpalette(), (-1, 3))
            colours[: len(held)] = held
            tag = Tag(written.COLOURS, tuple(int(each) * 257 for each in colours.T.ravel()), 3)
            return np.asarray(plate)[..., None] / most, plate, (tag,)
        case 5:
            inks = 255 - np.dstack([np.asarray(PICTURE), np.full((SIDE, SIDE), 255)])
            return inks / 255, PICTURE, ()
        case 6:
            ycc = np.asarray(PICTURE.convert("YCbCr")) / 255
            return ycc, PICTURE, (Tag(written.SUBSAMPLING, (1, 1), 3),)
        case 8:
            profiles = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
            lab = ImageCms.applyTransform(PICTURE, ImageCms.buildTransform(*profiles, "RGB", "LAB"))
            return np.asarray(lab) / 255, PICTURE, ()
    return np.asarray(PICTURE) / 255, PICTURE, ()


def stored(layout: Layout, compression: int) -> tuple[bytes, Image.Image]:
    values, seen, tags = shares(layout.photometric, layout.bits)
    most = 2**layout.bits - 1
    samples = np.round(values * most)
    for extra in layout.extra:
        if extra == 1:  # associated alpha
            samples = samples // 2
        alpha = np.full((SIDE, SIDE, 1), most / 2 if extra else most / 3) // 1
        samples = np.concatenate([samples, alpha], axis=2)
    count = samples.shape[2]
    planes = [samples] if layout.planar == 1 else np.split(samples, count, axis=2)
    strips = []
    for plane in planes:
        strip = coded(plane, layout)
        strip = zlib.compress(strip) if compression == DEFLATE else strip
        if layout.fill_order == 2:
            strip = REVERSED[np.frombuffer(strip, np.uint8)].tobytes()
        strips.append(strip)
    numbers = {written.PHOTOMETRIC: layout.photometric, written.COMPRESSION: compression}
    numbers |= {written.SAMPLES: count, FILL_ORDER: layout.fill_order}
    numbers |= {written.PLANAR: layout.planar, written.PREDICTOR: layout.predictor}
    tags += tuple(Tag(number, (value,), 3) for number, value in numbers.items())
    tags += (Tag(written.BITS, (layout.bits,) * count, 3),)
    if layout.kind != UNSIGNED:
        tags += (Tag(written.FORMAT, (layout.kind,) * count, 3),)
    if layout.extra:
        tags += (Tag(written.EXTRA, layout.extra, 3),)
    return tiff(strips, *tags, order=layout.order), seen


def coded(samples: np.ndarray, layout: Layout) -> bytes:
    bits, order = layout.bits, layout.order
    if layout.kind == FLOAT:
        return (samples / (2**bits - 1)).astype(f"{order}f{bits // 8}").tobytes()
    numbers = samples.astype(np.int64)
    if layout.kind == SIGNED:
        numbers -= 2 ** (bits - 1)
    if layout.predictor == 2:
        numbers[:, 1:] = numbers[:, 1:] - numbers[:, :-1]
    numbers &= 2**bits - 1
    if bits in (8, 16, 32):
        return numbers.astype(f"{order}u{bits // 8}").tobytes()
    digits = (numbers.reshape(SIDE, -1, 1) >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(digits.reshape(SIDE, -1).astype(np.uint8), axis=1).tobytes()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("photometric", range(9))
def test_no_layout_of_samples_gives_wrong_pixels(photometric: int) -> None:
    read, wrong = set(), []
    for layout in layouts():
        compression = DEFLATE if layout.predictor == 2 or layout.extra else NOT_COMPRESSED
        if layout.photometric != photometric:
            continue
        file, seen = stored(layout, compression)
        try:
            pixels = read_photo(file, STANDARDS).pixels
        except UnreadablePhoto:
            continue
        read.add((layout.bits, layout.extra) if layout.kind == UNSIGNED else "no number")
        if np.abs(pixels.astype(int) - np.asarray(seen.convert("RGB"))).mean() > 6:
            wrong.append(layout)
    assert not wrong
    common = {
        **{WHITE_IS_ZERO: {1, 2, 4, 8, 16}, BLACK_IS_ZERO: {1, 2, 4, 8, 16}, RGB: {8, 16}},
        **{PALETTE: {1, 2, 4, 8}, CMYK: {8, 16}, YCBCR: {8}, LAB: {8}},
    }.get(photometric, set())
    assert {(bits, ()) for bits in common} <= read
    assert "no number" not in read


def palette_of(colours: np.ndarray) -> bytes:
    one = [Tag(written.SAMPLES, (1,), 3), Tag(written.BITS, (8,), 3)]
    one += [Tag(written.PHOTOMETRIC, (PALETTE,), 3)]
    one += [Tag(written.COLOURS, tuple(int(each) for each in colours.T.ravel()), 3)]
    return tiff([np.asarray(PICTURE.quantize(256)).tobytes()], *one)


def test_a_palette_has_all_of_its_colours_in_16_bits() -> None:
    colours = np.reshape(PICTURE.quantize(256).getpalette(), (256, 3))
    assert is_read(palette_of(colours * 257))
    assert not is_read(palette_of(colours))
    assert not is_read(palette_of(colours[:200] * 257))


def packed(strip: bytes) -> bytes:
    return b"".join(
        bytes([len(strip[at : at + 96]) - 1]) + strip[at : at + 96]
        for at in range(0, len(strip), 96)
    )


COMPRESSIONS: dict[int, Callable[[bytes], bytes]] = {
    **{NOT_COMPRESSED: bytes, DEFLATE: zlib.compress, PACKBITS: packed}
}


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_strip_that_is_short_or_missing_is_damage(compression: int) -> None:
    compress = COMPRESSIONS[compression]
    rows = [np.asarray(PICTURE)[at : at + 8].tobytes() for at in range(0, SIDE, 8)]
    strips = [compress(each) for each in rows]

    def file(pieces: list[bytes]) -> bytes:
        tags = (written.ROWS, 8), (written.COMPRESSION, compression)
        return tiff(pieces, *(Tag(number, (value,), 3) for number, value in tags))

    assert is_read(file(strips))
    assert not is_read(file([*strips[:2], compress(rows[2][:500]), *strips[3:]]))
    assert not is_read(file(strips[:-1]))
    assert not is_read(file([*strips[:-1], strips[-1][: len(strips[-1]) // 2]]))
    assert not is_read(file(strips[:1]))


def parts_of(file: bytes) -> tuple[list[bytes], tuple[Tag, ...]]:
    """Strips of a TIFF that Pillow wrote, and the tags that they need."""
    tags = Image.open(io.BytesIO(file)).tag_v2  # type: ignore[attr-defined] # of a TIFF
    places = zip(tags[written.OFFSETS], tags[written.BYTE_COUNTS], strict=True)
    kept = [
        written.WIDTH,
        written.LENGTH,
        written.BITS,
        written.COMPRESSION,
        written.PHOTOMETRIC,
        written.SAMPLES,
        written.ROWS,
    ]
    numbers = [(each, tags.get(each, 1)) for each in kept]
    needed = [Tag(n, value if isinstance(value, tuple) else (value,), 3) for n, value in numbers]
    if written.JPEG_TABLES in tags:
        needed.append(Tag(written.JPEG_TABLES, tags[written.JPEG_TABLES], 7))
    return [file[place : place + length] for place, length in places], tuple(needed)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr"])
def test_damage_in_a_jpeg_of_a_tiff_is_seen(mode: str) -> None:
    image = LARGE.convert(mode)
    how = {"compression": "jpeg", "strip_size": image.width * len(mode) * 32}
    (first, *others), tags = parts_of(saved(image, "TIFF", **how))
    assert others
    assert is_read(tiff([first, *others], *tags))
    half = first[: len(first) // 2]
    assert not is_read(tiff([half, *others], *tags))
    assert not is_read(tiff([half + b"\xff\xd9", *others], *tags))
    assert not is_read(tiff([first[:-60] + b"\xaa" * 60, *others], *tags))
    assert not is_read(tiff([first, *others[:-1]], *tags))
    (short, *_), _ = parts_of(
        saved(image.crop((0, 0, image.width, 16)), "TIFF", compression="jpeg")
    )
    assert not is_read(tiff([short, *others], *tags))


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_fax_compressions_are_refused_because_their_damage_is_not_told(compression: str) -> None:
    assert not is_read(saved(PICTURE.convert("1"), "TIFF", compression=compression))


def test_a_jpeg_of_the_old_kind_is_refused() -> None:
    tags = (written.COMPRESSION, OLD_JPEG), (written.PHOTOMETRIC, YCBCR)
    file = tiff(
        [saved(PICTURE, "JPEG", subsampling=0)],
        *(Tag(number, (value,), 3) for number, value in tags),
    )
    assert not is_read(file)


def test_photometric_interpretation_is_not_guessed() -> None:
    file = tiff([GREY.tobytes()], *(Tag(n, (v,), 3) for n, v in ((258, 8), (262, 1), (277, 1))))
    assert is_read(file)
    place = file.index(b"\x06\x01\x03\x00")
    assert not is_read(file[:place] + b"\x07" + file[place + 1 :])


@pytest.mark.parametrize("step", [(1, 1), (2, 1), (2, 2), (4, 2)], ids=str)
def test_uncompressed_ycbcr_is_read_if_it_is_whole(step: tuple[int, int]) -> None:
    across, down = step
    samples = np.asarray(PICTURE.convert("YCbCr"))
    blocks = samples.reshape(SIDE // down, down, SIDE // across, across, 3).swapaxes(1, 2)
    luma = blocks[..., 0].reshape(*blocks.shape[:2], -1)
    rows = np.concatenate([luma, blocks[:, :, 0, 0, 1:]], axis=2)
    strips = [part.tobytes() for part in np.split(rows, 4)]

    def file(*pieces: bytes, compression: int = NOT_COMPRESSED) -> bytes:
        tags = (written.PHOTOMETRIC, YCBCR), (written.ROWS, 8), (written.COMPRESSION, compression)
        each = [Tag(number, (value,), 3) for number, value in tags]
        return tiff(list(pieces), *each, Tag(written.SUBSAMPLING, step, 3))

    pixels = read_photo(file(*strips), STANDARDS).pixels
    assert np.abs(pixels.astype(int) - np.asarray(PICTURE)).mean() < 14
    assert not is_read(file(strips[0], strips[1][:-9], *strips[2:]))
    assert not is_read(file(*strips[:3]))
    assert not is_read(file(*map(zlib.compress, strips), compression=DEFLATE))


@cache
def deflated_zeros(size: int) -> bytes:
    return zlib.compress(bytes(size))


def tiled(side: int, *, kind: int = 4, also_strips: bool = False) -> bytes:
    """A gray picture in one tile, whose type of number libtiff reads and Pillow may not."""
    written.CODES.setdefault(kind, "Q")
    data = deflated_zeros(side * side)
    tags = written.with_tags(written.grey(SIDE, SIDE), Tag(written.COMPRESSION, (DEFLATE,)))
    if not also_strips:
        tags = [tag for tag in tags if tag.number not in (written.OFFSETS, written.BYTE_COUNTS)]
    sides = Tag(written.TILE_WIDTH, (side,), kind), Tag(written.TILE_LENGTH, (side,), kind)
    places = Tag(written.TILE_OFFSETS, (written.DATA,)), Tag(written.TILE_COUNTS, (len(data),))
    return written.tiff(written.with_tags(tags, *sides, *places), data)


def test_a_tile_may_be_larger_than_its_picture_but_not_without_limit() -> None:
    for side in (32, 64, 512, 1024):
        assert is_read(tiled(side))
    before = getrusage(RUSAGE_SELF).ru_maxrss
    for kind in (4, 16, 17, 18):
        assert not is_read(tiled(12_000, kind=kind, also_strips=True))
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 100_000


def in_tiles(tiles: list[bytes], compression: int) -> bytes:
    """The picture in tiles of YCbCr."""
    numbers = {written.WIDTH: SIDE, written.LENGTH: SIDE, written.COMPRESSION: compression}
    numbers |= {written.PHOTOMETRIC: YCBCR, written.SAMPLES: 3}
    numbers |= {written.TILE_WIDTH: SIDE // 2, written.TILE_LENGTH: SIDE // 2}
    tags = [Tag(number, (value,), 3) for number, value in numbers.items()]
    tags += [Tag(written.BITS, (8, 8, 8), 3), Tag(written.SUBSAMPLING, (1, 1), 3)]
    lengths = tuple(map(len, tiles))

    def laid_out(start: int) -> list[Tag]:
        places = tuple(start + sum(lengths[:tile]) for tile in range(len(tiles)))
        each = Tag(written.TILE_OFFSETS, places), Tag(written.TILE_COUNTS, lengths)
        return written.with_tags(tags, *each)

    start = len(written.tiff(laid_out(0)))
    return written.tiff(laid_out(start), b"".join(tiles))


def jpeg_tile(corner: Image.Image) -> bytes:
    return saved(corner, "JPEG", subsampling=0, quality=95)


@pytest.mark.parametrize(
    ("compression", "coded"),
    [(JPEG, jpeg_tile), (NOT_COMPRESSED, lambda corner: corner.convert("YCbCr").tobytes())],
    ids=["JPEG", "not compressed"],
)
def test_tiles_are_read_if_each_of_them_is_whole(
    compression: int, coded: Callable[[Image.Image], bytes]
) -> None:
    half = SIDE // 2
    boxes = [(x, y, x + half, y + half) for y in (0, half) for x in (0, half)]
    tiles = [coded(PICTURE.crop(box)) for box in boxes]
    pixels = read_photo(in_tiles(tiles, compression), STANDARDS).pixels
    assert np.abs(pixels.astype(int) - np.asarray(PICTURE)).mean() < 3
    for cut in range(4):
        tile = tiles[cut][: len(tiles[cut]) * 2 // 3]
        assert not is_read(in_tiles([*tiles[:cut], tile, *tiles[cut + 1 :]], compression))
    low = coded(PICTURE.crop((0, 0, half, half // 2)))
    assert not is_read(in_tiles([*tiles[:3], low], compression))
    assert not is_read(in_tiles(tiles[:3], compression))


def test_a_bigtiff_is_read_and_its_types_are_looked_at() -> None:
    file = saved(PICTURE, "TIFF", big_tiff=True)
    assert np.array_equal(read_photo(file, STANDARDS).pixels, np.asarray(PICTURE))
    head = struct.pack("<H", written.ROWS)
    place = next(at for at in range(24, len(file), 20) if file[at : at + 2] == head)
    assert not is_read(file[: place + 2] + struct.pack("<H", 17) + file[place + 4 :])


@pytest.mark.parametrize("layout", [{}, {"strip_size": SIDE * 3 * 5}], ids=str)
@pytest.mark.parametrize("kind", ["tiff_deflate", "tiff_adobe_deflate"])
def test_a_change_in_a_zlib_stream_is_damage(kind: str, layout: dict[str, object]) -> None:
    file = saved(PICTURE, "TIFF", compression=kind, **layout)
    strips, tags = parts_of(file)
    assert is_read(tiff(strips, *tags))
    assert is_read(tiff([strips[0] + b"padding", *strips[1:]], *tags))
    for place in (-1, -4, -6, len(strips[0]) // 2, len(strips[0]) // 3, 5):
        damaged = bytearray(strips[0])
        damaged[place] ^= 0x10
        assert not is_read(tiff([bytes(damaged), *strips[1:]], *tags)), place


def test_a_zlib_stream_of_more_pixels_than_its_strip_is_not_inflated() -> None:
    pixels = np.asarray(PICTURE).tobytes()
    deflate = Tag(written.COMPRESSION, (DEFLATE,), 3)
    assert is_read(tiff([zlib.compress(pixels)], deflate))
    assert not is_read(tiff([zlib.compress(pixels + b"x")], deflate))
    assert not is_read(tiff([zlib.compress(pixels[:-1])], deflate))


def test_strips_of_jpeg_do_not_lie_one_upon_the_other() -> None:
    image = LARGE.resize((SIDE, 400))
    (first, *others), tags = parts_of(
        saved(image, "TIFF", compression="jpeg", strip_size=SIDE * 3 * 8)
    )
    assert len(others) == 49
    file = tiff([first, *others], *tags)
    assert is_read(file)
    offsets = Tag(written.OFFSETS, (8,) * 50), Tag(written.BYTE_COUNTS, (len(file) - 8,) * 50)
    assert not is_read(tiff([first, *others], *tags, *offsets))


def test_a_jpeg_larger_than_its_strip_is_not_decoded() -> None:
    strips, tags = parts_of(saved(LARGE, "TIFF", compression="jpeg"))
    assert len(strips) == 1
    frame = strips[0].index(b"\xff\xc0") + 5
    vast = strips[0][:frame] + b"\xfd\xe8\xfd\xe8" + strips[0][frame + 4 :]
    assert is_read(tiff(strips, *tags))
    assert not is_read(tiff([vast], *tags))
