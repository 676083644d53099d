"""Odd photo files that are as phones, cameras and programs write them, and a few that are damaged.

Each has the picture that a viewer shows, or None where the server is to refuse it.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import simplejpeg
from PIL import Image

SIDE = 96
PICTURE = Image.merge(
    "RGB", [Image.linear_gradient("L").resize((SIDE, SIDE)).rotate(t) for t in (0, 90, 180)]
)
OTHER = PICTURE.transpose(Image.Transpose.ROTATE_180)


class Odd(NamedTuple):
    """A file; ``shown`` is what is to be seen in it, None if it is to be refused.

    ``within``: how far the pixels may be from it on the average, in gray levels.
    """

    name: str
    file: bytes
    shown: Image.Image | None
    within: float = 3.0


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    """Copies, because Pillow keeps settings of one format on the picture for the next."""
    further = [each.copy() for each in how.pop("append_images", ())]
    file = io.BytesIO()
    image.copy().save(file, kind, **how, **({"append_images": further} if further else {}))
    return file.getvalue()


def odd_photos() -> Iterator[Odd]:
    """All of them."""
    for make in (_jpegs, _several_in_one, _damaged_jpegs, _colours, _pngs, _gifs, _tiffs, _bmps):
        yield from make()


@cache
def plain(**how: Any) -> bytes:
    return saved(PICTURE, "JPEG", quality=90, **how)


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def segments(file: bytes) -> list[tuple[int, bytes]]:
    """Those of a JPEG before its first scan, by marker."""
    found, place = [], 2
    while (marker := file[place + 1]) != 0xDA:
        length = struct.unpack_from(">H", file, place + 2)[0]
        found.append((marker, file[place : place + 2 + length]))
        place += 2 + length
    return [*found, (0xDA, file[place:])]


def rebuilt(file: bytes, change: Callable[[int, bytes], bytes]) -> bytes:
    """A JPEG whose segments are changed."""
    return file[:2] + b"".join(change(marker, each) for marker, each in segments(file))


def inserted(file: bytes, piece: bytes, before: int) -> bytes:
    return rebuilt(file, lambda marker, each: (piece if marker == before else b"") + each)


def revision(major: int, minor: int) -> bytes:
    return plain().replace(b"JFIF\0\1\1", b"JFIF\0" + bytes((major, minor)), 1)


def noise(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


def _jpegs() -> Iterator[Odd]:
    file = plain()
    quirks = {
        "plain": file,
        "JFIF revision 0.9": revision(0, 9),
        "JFIF revision 2.0": revision(2, 0),
        "JFIF revision 1.99": revision(1, 99),
        "no JFIF header": rebuilt(file, lambda m, s: b"" if m == 0xE0 else s),
        "no end-of-image marker": file[:-2],
        "no end-of-image marker, progressive": plain(progressive=True)[:-2],
        "no end-of-image marker, then zeros": file[:-2] + bytes(512),
        "half an end-of-image marker": file[:-1],
        "zeros behind its end": file + bytes(4096),
        "a line break behind its end": file + b"\r\n",
        "random bytes behind its end": file + noise(3_400_000),
        "4 MiB of random bytes behind its end": file + noise(4 << 20),
        "start-of-scan markers behind its end": file + b"\xff\xda" * 5000,
        "a comment": inserted(file, segment(0xFE, b"made by a camera"), 0xDB),
        "an empty comment": inserted(file, segment(0xFE, b""), 0xDB),
        "long notes of a maker": inserted(file, segment(0xED, noise(60_000)) * 20, 0xDB),
        "scan markers in notes": inserted(file, segment(0xED, b"\xff\xda" * 30_000), 0xDB),
        "an image's end in notes": inserted(file, segment(0xED, b"\xff\xd9" * 9), 0xDB),
        "a broken colour profile": inserted(file, segment(0xE2, b"ICC_PROFILE\0\2\1x"), 0xDB),
        "two colour profiles": inserted(file, segment(0xE2, b"ICC_PROFILE\0\1\1x") * 2, 0xDB),
        "fill bytes before a marker": inserted(file, b"\xff" * 20, 0xC0),
        "bytes between segments": inserted(file, b"\x00\x01\x02", 0xC0),
        "fill bytes before its end": file[:-2] + b"\xff" * 8 + b"\xff\xd9",
        "zeros before its end": file[:-2] + bytes(8) + b"\xff\xd9",
        "Exif alone": rebuilt(
            plain(exif=Image.Exif().tobytes()), lambda m, s: b"" if m == 0xE0 else s
        ),
        "Exif cut short": inserted(file, segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\xff"), 0xDB),
        "a thumbnail in Exif": inserted(
            file,
            segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + saved(OTHER, "JPEG")),
            0xDB,
        ),
        "an unknown Adobe transform": inserted(
            file, segment(0xEE, b"Adobe\0\x64\0\0\0\0\x07"), 0xDB
        ),
        "restart markers": plain(restart_marker_blocks=2),
        "restart markers, row by row": plain(restart_marker_rows=1),
        "progressive": plain(progressive=True),
        "optimised": plain(optimize=True),
        "a scan's parameters of a progressive file": _odd_scan(file),
        "scans of single components": one_component_a_scan(),
        "no Huffman tables, a frame of Motion JPEG": rebuilt(
            file, lambda m, s: b"" if m == 0xC4 else s
        ),
        "4:4:4": plain(subsampling=0),
        "4:2:2": plain(subsampling=1),
        "grey, as three equal components": saved(PICTURE.convert("L").convert("RGB"), "JPEG"),
    }
    shown = {"grey, as three equal components": PICTURE.convert("L")}
    for name, content in quirks.items():
        yield Odd(f"JPEG: {name}", content, shown.get(name, PICTURE))


def _odd_scan(file: bytes) -> bytes:
    """The scan of a sequential file says Ss = 0, Se = 0, as some cameras have it."""
    start = file.index(b"\xff\xda")
    length = struct.unpack_from(">H", file, start + 2)[0]
    return file[: start + length - 1] + b"\0\0\0" + file[start + 2 + length :]


def one_component_a_scan() -> bytes:
    """As a scanner writes it: the three components one after the other."""
    planes = PICTURE.convert("YCbCr").split()
    files = [saved(plane, "JPEG", quality=90) for plane in planes]
    tables = [each for marker, each in segments(files[0]) if marker in (0xDB, 0xC4)]
    frame = struct.pack(">BHHB", 8, SIDE, SIDE, 3) + b"".join(
        bytes((number, 0x11, 0)) for number in (1, 2, 3)
    )
    scans = []
    for number, file in enumerate(files, 1):
        coded = file[file.index(b"\xff\xda") + 2 + 8 : -2]
        scans.append(segment(0xDA, bytes((1, number, 0, 0, 63, 0))) + coded)
    head = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    return b"".join([b"\xff\xd8", head, *tables, segment(0xC0, frame), *scans, b"\xff\xd9"])


def _several_in_one() -> Iterator[Odd]:
    """The first picture counts."""
    file, video = plain(), struct.pack(">I", 24) + b"ftypmp42" + noise(900_000)
    gain = inserted(
        file, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta hdrgm:Version='1.0'/>"), 0xDB
    )
    yield Odd("motion photo: a video behind the picture", file + video, PICTURE)
    yield Odd("motion photo with Samsung's trailer", file + video + b"SEFT" * 9, PICTURE)
    yield Odd("MPO of two pictures", _mpo(), PICTURE)
    yield Odd("MPO cut within its second picture", _mpo()[:-900], PICTURE)
    yield Odd("a gain map behind the picture", gain + saved(OTHER.convert("L"), "JPEG"), PICTURE)
    yield Odd(
        "a progressive preview behind", file + saved(OTHER, "JPEG", progressive=True), PICTURE
    )
    yield Odd("an archive behind the picture", file + b"PK\3\4" + noise(1000), PICTURE)


def _mpo() -> bytes:
    return saved(PICTURE, "MPO", save_all=True, append_images=[OTHER], quality=90)


def _damaged_jpegs() -> Iterator[Odd]:
    file, progressive = plain(), plain(progressive=True)
    last_scan = progressive.rindex(b"\xff\xda")
    restarts = plain(restart_marker_blocks=1)
    middle = restarts.index(b"\xff\xd3", restarts.index(b"\xff\xda"))
    damage = {
        "cut in half": file[: len(file) // 2],
        "cut in half and closed again": file[: len(file) // 2] + b"\xff\xd9",
        "cut in half, JFIF revision 2": revision(2, 0)[: len(file) // 2] + b"\xff\xd9",
        "its last hundred bytes missing": file[:-100],
        "progressive without its last scan and end": progressive[:last_scan],
        "restart markers in disorder": restarts[:middle] + b"\xff\xd6" + restarts[middle + 2 :],
        "the end before any scan": file[: file.index(b"\xff\xda")] + b"\xff\xd9",
        "a header alone": file[:20],
        "twelve bits": file.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c", 1),
        "lossless": file.replace(b"\xff\xc0\0\x11", b"\xff\xc3\0\x11", 1),
        "height to be told later": rebuilt(
            file, lambda m, s: s[:5] + b"\0\0" + s[7:] if m == 0xC0 else s
        ),
        "two starts": file[:2] + file,
        "an unknown marker": inserted(file, segment(0x9F, b"x"), 0xC0),
        "JPEG 2000's first bytes": b"\xff\x4f\xff\x51" + noise(500),
    }
    for name, content in damage.items():
        yield Odd(f"damaged JPEG: {name}", content, None)


def _colours() -> Iterator[Odd]:
    cmyk = PICTURE.convert("CMYK")
    adobe = saved(cmyk, "JPEG", quality=95)
    pixels = np.ascontiguousarray(255 - np.asarray(cmyk))
    ycck = simplejpeg.encode_jpeg(pixels, colorspace="CMYK", quality=95, colorsubsampling="444")
    yield Odd("JPEG: CMYK", adobe, PICTURE, 6)
    yield Odd("JPEG: CMYK without its end", adobe[:-2], PICTURE, 6)
    yield Odd("JPEG: CMYK, bytes behind its end", adobe + noise(1 << 20), PICTURE, 6)
    yield Odd("JPEG: YCCK", ycck, PICTURE, 8)
    yield Odd("damaged JPEG: CMYK cut", adobe[: len(adobe) // 2], None)
    yield Odd("damaged JPEG: CMYK cut and closed", adobe[: len(adobe) // 2] + b"\xff\xd9", None)
    yield Odd("JPEG: grey", saved(PICTURE.convert("L"), "JPEG"), PICTURE.convert("L"))


def _pngs() -> Iterator[Odd]:
    grey = PICTURE.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    file = saved(PICTURE, "PNG")
    yield Odd("PNG: 16-bit grey", saved(deep, "PNG"), grey)
    yield Odd("PNG: 16-bit colour", _png(16, 2, _rows(np.asarray(PICTURE).repeat(2, 2))), PICTURE)
    yield Odd("PNG: palette", saved(PICTURE.quantize(256), "PNG"), PICTURE, 8)
    yield Odd("PNG: palette of 16", saved(PICTURE.quantize(16), "PNG"), PICTURE, 20)
    yield Odd("PNG: one bit", saved(PICTURE.convert("1"), "PNG"), PICTURE.convert("1"))
    yield Odd("PNG: grey with alpha", saved(PICTURE.convert("LA"), "PNG"), grey)
    yield Odd("PNG: alpha", saved(PICTURE.convert("RGBA"), "PNG"), PICTURE)
    animated = saved(PICTURE, "PNG", save_all=True, append_images=[OTHER])
    yield Odd("PNG: animated", animated, PICTURE)
    yield Odd("PNG: bytes behind its end", file + noise(100_000), PICTURE)
    yield Odd("PNG: unknown chunk", file[:33] + _chunk(b"caNv", b"x" * 99) + file[33:], PICTURE)
    yield Odd("damaged PNG: cut", file[: len(file) // 2], None)


def _png(bits: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", SIDE, SIDE, bits, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


def _rows(samples: Any) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in samples)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _gifs() -> Iterator[Odd]:
    plate = PICTURE.quantize(256)
    animated = saved(plate, "GIF", save_all=True, append_images=[OTHER.quantize(256)])
    yield Odd("GIF: animated", animated, PICTURE, 8)
    yield Odd("GIF: interlaced", saved(plate, "GIF", interlace=1), PICTURE, 8)
    yield Odd("GIF: bytes behind its end", saved(plate, "GIF") + noise(9999), PICTURE, 8)
    small = bytearray(saved(plate.resize((40, 40)), "GIF"))
    small[6:10] = struct.pack("<HH", SIDE, SIDE)  # the screen; its frame stays 40 x 40
    place = small.index(b"\x2c\0\0\0\0\x28\0\x28\0")
    small[place + 1 : place + 5] = struct.pack("<HH", 20, 30)
    canvas = Image.new("RGB", (SIDE, SIDE), plate.convert("RGB").getpixel((0, 0)))
    canvas.paste(plate.resize((40, 40)).convert("RGB"), (20, 30))
    yield Odd("GIF: a frame at an offset", bytes(small), canvas, 255)
    for interlace in (0, 1):
        short = saved(plate.crop((0, 0, SIDE, SIDE - 1)), "GIF", interlace=interlace)
        rows = b"\x00\x00\x00\x00" + struct.pack("<HH", SIDE, SIDE - 1)
        claimed = short.replace(rows, rows[:6] + struct.pack("<H", SIDE), 1)
        yield Odd(f"damaged GIF: fewer rows than it says, {interlace}", claimed, None)


def _tiffs() -> Iterator[Odd]:
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        file = saved(PICTURE, "TIFF", compression=compression)
        yield Odd(f"TIFF: {compression}", file, PICTURE, 4)
    pages = saved(PICTURE, "TIFF", save_all=True, append_images=[OTHER])
    yield Odd("TIFF: two pages", pages, PICTURE)
    yield Odd("TIFF: tiles", _tiles(), PICTURE)
    yield Odd("TIFF: big-endian", _tiles(">"), PICTURE)
    deep = Image.fromarray(np.asarray(PICTURE.convert("L")).astype(np.uint16) * 257)
    yield Odd("TIFF: 16-bit grey", saved(deep, "TIFF"), PICTURE.convert("L"))
    yield Odd("TIFF: many strips of JPEG", _jpeg_strips(), PICTURE, 4)
    floats = Image.fromarray(np.asarray(PICTURE.convert("L")).astype(np.float32))
    yield Odd("TIFF: floating point", saved(floats, "TIFF"), None)
    yield Odd("damaged TIFF: cut", saved(PICTURE, "TIFF")[:9000], None)


def _jpeg_strips() -> bytes:
    """A TIFF of 96 strips, each a JPEG."""
    tall = PICTURE.resize((SIDE, SIDE * 8))
    return saved(tall, "TIFF", compression="jpeg", strip_size=SIDE * 3 * 8)


def _tiles(order: str = "<") -> bytes:
    """Nine tiles of 32 x 32 pixels, not compressed."""
    pixels, length = np.asarray(PICTURE), 32 * 32 * 3
    tiles = b"".join(
        pixels[y : y + 32, x : x + 32].tobytes() for y in range(0, SIDE, 32) for x in (0, 32, 64)
    )
    offsets = 8 + len(tiles)
    counts, bits = offsets + 36, offsets + 72
    entries = [(256, 3, 1, SIDE), (257, 3, 1, SIDE), (258, 3, 3, bits), (259, 3, 1, 1)]
    entries += [(262, 3, 1, 2), (277, 3, 1, 3), (284, 3, 1, 1), (322, 3, 1, 32), (323, 3, 1, 32)]
    entries += [(324, 4, 9, offsets), (325, 4, 9, counts)]
    directory = struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in entries:
        short = kind == 3 and count == 1
        held = struct.pack(
            f"{order}HH" if short else f"{order}I", *((value, 0) if short else (value,))
        )
        directory += struct.pack(f"{order}HHI", tag, kind, count) + held
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, bits + 6)
    places = struct.pack(f"{order}9I", *(8 + length * n for n in range(9)))
    sizes = struct.pack(f"{order}9I", *[length] * 9)
    return head + tiles + places + sizes + struct.pack(f"{order}3H", 8, 8, 8) + directory + bytes(4)


def _bmps() -> Iterator[Odd]:
    file = saved(PICTURE, "BMP")
    yield Odd("BMP: 24 bits", file, PICTURE)
    yield Odd("damaged BMP: cut", file[: len(file) // 2], None)
    yield Odd("BMP: palette", saved(PICTURE.quantize(256), "BMP"), PICTURE, 8)
    yield Odd("BMP: one bit", saved(PICTURE.convert("1"), "BMP"), PICTURE.convert("1"))
    yield Odd("BMP: 32 bits", saved(PICTURE.convert("RGBA"), "BMP"), PICTURE)
    yield Odd("BMP: bytes behind its end", file + noise(9999), PICTURE)
    yield Odd("BMP: top row first", _top_down(), PICTURE)
    yield Odd("BMP: OS/2's header", _os2(), PICTURE)
    grey = PICTURE.convert("L")
    runs = [b"".join(b"\1" + bytes([level]) for level in row) for row in np.asarray(grey)[::-1]]
    whole, early = b"\0\0".join(runs), b"\0\0".join(runs[:50])
    yield Odd("BMP: run-length encoded", _bmp(8, 1, whole + b"\0\1"), grey)
    yield Odd("damaged BMP: runs that end early", _bmp(8, 1, early + b"\0\1"), None)
    wide = np.dstack([np.asarray(PICTURE)[::-1], np.zeros((SIDE, SIDE, 1), np.uint8)]).tobytes()
    masks = 0xFF, 0xFF00, 0xFF0000
    yield Odd("BMP: masks with red first", _bmp(32, 3, wide, struct.pack("<3I", *masks)), None)
    blue = np.asarray(PICTURE)[::-1, :, ::-1]
    wide = np.dstack([blue, np.zeros((SIDE, SIDE, 1), np.uint8)]).tobytes()
    file = _bmp(32, 3, wide, struct.pack("<3I", *masks[::-1]))
    yield Odd("BMP: masks with blue first", file, PICTURE)


def _bmp(bits: int, compression: int, data: bytes, masks: bytes = b"") -> bytes:
    """With a gray palette where there are at most 8 bits."""
    levels = range(256 if bits <= 8 else 0)
    colours = b"".join(bytes([level] * 3 + [0]) for level in levels)
    head = struct.pack("<IiiHHI", 40, SIDE, SIDE, 1, bits, compression)
    head += struct.pack("<IiiII", len(data), 2835, 2835, len(levels), 0) + masks + colours
    place = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", place + len(data), 0, 0, place) + head + data


def _top_down() -> bytes:
    rows = np.asarray(PICTURE)[:, :, ::-1].tobytes()
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, -SIDE, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + head + rows


def _os2() -> bytes:
    rows = np.asarray(PICTURE)[::-1, :, ::-1].tobytes()
    head = struct.pack("<IHHHH", 12, SIDE, SIDE, 1, 24)
    return b"BM" + struct.pack("<IHHI", 26 + len(rows), 0, 0, 26) + head + rows
