"""PNG files with a mistake in their structure; checksums are mended, unless they are the point."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from struct import pack

from tests.hostile.files import whole
from tests.hostile.odds import flipped, garbage, odd_number, patched, rearranged

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STRANGE_NAMES = (
    *(b"iCCP", b"zTXt", b"tEXt", b"iTXt", b"eXIf", b"gAMA", b"cHRM", b"sBIT", b"sRGB", b"bKGD"),
    *(b"pHYs", b"tIME", b"hIST", b"sPLT", b"acTL", b"fcTL", b"fdAT", b"tRNS", b"PLTE", b"IDAT"),
    *(b"IEND", b"IHDR", b"CgBI", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"abCd", b"ABCD"),
)


@dataclass(frozen=True)
class Chunk:
    """``length`` and ``checksum``: false ones."""

    name: bytes
    body: bytes
    length: int | None = None
    checksum: int | None = None

    def __bytes__(self) -> bytes:
        length = len(self.body) if self.length is None else self.length
        right = zlib.crc32(self.name + self.body)
        checksum = right if self.checksum is None else self.checksum
        return pack(">I", length) + self.name + self.body + pack(">I", checksum)


Chunks = list[Chunk]
Mutate = Callable[[Random, Chunks], Chunks]


def split(file: bytes) -> Chunks:
    """The chunks of a whole file."""
    chunks, at = [], len(SIGNATURE)
    while at < len(file):
        end = at + 8 + int.from_bytes(file[at : at + 4])
        chunks.append(Chunk(file[at + 4 : at + 8], file[at + 8 : end]))
        at = end + 4
    return chunks


def join(chunks: Chunks) -> bytes:
    """The file that they make."""
    return SIGNATURE + b"".join(map(bytes, chunks))


def header(width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0) -> Chunk:
    """IHDR; colours: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA."""
    return Chunk(b"IHDR", pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def file(first: Chunk, rows: bytes) -> bytes:
    """A file of a header and of rows, each behind the number of its filter."""
    return join([first, Chunk(b"IDAT", zlib.compress(rows, 1)), Chunk(b"IEND", b"")])


def _with_pixels(chunks: Chunks, *bodies: bytes) -> Chunks:
    """With other IDAT chunks."""
    first = next((i for i, one in enumerate(chunks) if one.name == b"IDAT"), len(chunks))
    others = [one for one in chunks if one.name != b"IDAT"]
    return [*others[:first], *(Chunk(b"IDAT", body) for body in bodies), *others[first:]]


def _stream(chunks: Chunks) -> bytes:
    return b"".join(one.body for one in chunks if one.name == b"IDAT")


def _headers(dice: Random, chunks: Chunks) -> Chunks:
    body = chunks[0].body
    if dice.random() < 0.5:
        patch, at = pack(">I", odd_number(dice, 32)), dice.choice((0, 4))
    else:
        value = dice.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 255))
        patch, at = bytes([value]), dice.randrange(8, 13)
    return [Chunk(b"IHDR", patched(body, at, patch)), *chunks[1:]]


def _lengths(dice: Random, chunks: Chunks) -> Chunks:
    at = dice.randrange(len(chunks))
    length = dice.choice((odd_number(dice, 32), len(chunks[at].body) + dice.randint(1, 20)))
    return [*chunks[:at], replace(chunks[at], length=length), *chunks[at + 1 :]]


def _checksums(dice: Random, chunks: Chunks) -> Chunks:
    at = dice.randrange(len(chunks))
    return [*chunks[:at], replace(chunks[at], checksum=odd_number(dice, 32)), *chunks[at + 1 :]]


def _pixels(dice: Random, chunks: Chunks) -> Chunks:
    """Too few pixels, too many, senseless filters; compressed as they should be."""
    rows = zlib.decompress(_stream(chunks))
    rows = dice.choice(
        (rows[: dice.randint(0, len(rows))], rows * 3, flipped(dice, rows, 200), bytes(len(rows)))
    )
    return _with_pixels(chunks, zlib.compress(rows, dice.randint(0, 9)))


def _compression(dice: Random, chunks: Chunks) -> Chunks:
    stream = _stream(chunks)
    cut = dice.randint(0, len(stream))
    return _with_pixels(
        chunks, dice.choice((flipped(dice, stream), stream[:cut], garbage(dice, 300), stream * 2))
    )


def _splits(dice: Random, chunks: Chunks) -> Chunks:
    stream, size = _stream(chunks), dice.choice((1, 2, 7, 100))
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    empty = [b""] * dice.choice((0, 1, 2000))
    return _with_pixels(chunks, *empty, *pieces, *empty)


def _palettes(dice: Random, chunks: Chunks) -> Chunks:
    strange = [Chunk(dice.choice((b"PLTE", b"tRNS")), garbage(dice, 800))]
    others = [one for one in chunks if one.name != strange[0].name]
    colour = patched(others[0].body, 9, bytes([dice.choice((0, 2, 3, 3, 4, 6))]))
    return [Chunk(b"IHDR", colour), *strange, *others[1:]]


def _insertions(dice: Random, chunks: Chunks) -> Chunks:
    strange = Chunk(dice.choice(STRANGE_NAMES), garbage(dice, 300))
    at = dice.randint(0, len(chunks))
    return [*chunks[:at], *[strange] * dice.choice((1, 1, 2, 300)), *chunks[at:]]


def _photo(mutate: Mutate) -> Callable[[Random], bytes]:
    return lambda dice: join(mutate(dice, split(whole(dice, "PNG"))))


KINDS = {
    "png: header": _photo(_headers),
    "png: lengths": _photo(_lengths),
    "png: checksums": _photo(_checksums),
    "png: order": _photo(rearranged),
    "png: pixels": _photo(_pixels),
    "png: compression": _photo(_compression),
    "png: splits": _photo(_splits),
    "png: palettes": _photo(_palettes),
    "png: insertions": _photo(_insertions),
}
