"""Files that are several things at once."""

from __future__ import annotations

from io import BytesIO
from random import Random
from zipfile import ZipFile, ZipInfo

from tests.hostile import gif, jpeg, png
from tests.hostile.files import whole
from tests.hostile.tiff_file import grey, tiff

SCRIPT = b"<html><script>alert(1)</script><?php system($_GET[0]); ?>"


def _zip(dice: Random) -> bytes:
    """A photo and an archive behind it, which zip tools read from the end."""
    archive = BytesIO()
    with ZipFile(archive, "w") as file:
        file.writestr(ZipInfo("../../etc/passwd"), bytes(dice.randint(0, 500)))
    return whole(dice) + archive.getvalue()


def _in_a_comment(dice: Random) -> bytes:
    """A photo, a script or a document in the comment of another."""
    inner = dice.choice((whole(dice), SCRIPT, b"%PDF-1.7\n1 0 obj\n", tiff(grey(), bytes(1600))))
    match dice.randrange(3):
        case 0:
            segments = jpeg.split(whole(dice, "JPEG"))
            return jpeg.join([jpeg.Segment(0xFE, inner[:65000]), *segments])
        case 1:
            chunks = png.split(whole(dice, "PNG"))
            return png.join([chunks[0], png.Chunk(b"tEXt", b"Comment\0" + inner), *chunks[1:]])
        case _:
            file = whole(dice, "GIF")
            place = gif.after_palette(file)
            return file[:place] + b"!\xfe" + gif.blocks(inner) + file[place:]


def _gif_script(dice: Random) -> bytes:
    """A GIF whose width opens a comment of JavaScript."""
    return b"GIF89a/*" + whole(dice, "GIF")[8:] + b"*/=1;" + SCRIPT


def _two_magics(dice: Random) -> bytes:
    """The head of one format in front of a whole file of another."""
    head = whole(dice)[: dice.choice((2, 4, 8, 16, 64))]
    return head + whole(dice)


KINDS = {
    "polyglots: zip behind": _zip,
    "polyglots: in a comment": _in_a_comment,
    "polyglots: gif and script": _gif_script,
    "polyglots: two heads": _two_magics,
}
