"""Large whole pictures in which the face detectors have much to look at."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
from PIL import Image

from tests.hostile.files import saved
from tests.hostile.pictures import noise
from verikit.portraits import head

SIDE = 1990
"""The most that is not halved while it is decoded."""


@cache
def _tiled(side: int, turns: int) -> bytes:
    """The same face all over."""
    tile = np.rot90(np.asarray(head("collins", side)), turns)
    times = SIDE // side + 1
    picture = np.tile(tile, (times, times, 1))[:SIDE, :SIDE]
    return saved(Image.fromarray(picture), "JPEG", quality=60)


@cache
def _noisy(side: int) -> bytes:
    return saved(noise(side).resize((SIDE, SIDE)), "JPEG", quality=30)


@cache
def _checked(side: int) -> bytes:
    board = np.indices((SIDE, SIDE)).sum(axis=0) // side % 2 * 255
    return saved(Image.fromarray(board.astype(np.uint8)), "PNG", compress_level=1)


@cache
def _hidden(turns: int) -> bytes:
    """One face, turned and half covered, in the noise: found late, if at all."""
    picture = np.array(noise(199).resize((SIDE, SIDE)))
    face = np.array(head("collins", 400))
    face[240:] = 128
    picture[800:1200, 800:1200] = np.rot90(face, turns)
    return saved(Image.fromarray(picture), "JPEG", quality=60)


@cache
def low_confidence(turns: int) -> bytes:
    """A face without eyes in the noise, turned: found by the last detector that is asked."""
    picture = np.array(noise(199).resize((SIDE, SIDE)))
    face = np.array(head("collins", 1200))
    face[348:552, 60:972] = (122, 57, 140)
    picture[395:1595, 395:1595] = np.rot90(face, turns)
    return saved(Image.fromarray(picture), "JPEG", quality=60)


def _busy(dice: Random) -> bytes:
    make, arguments = dice.choice(
        (
            (_tiled, (dice.choice((20, 40, 64, 100, 160)), dice.randrange(4))),
            (_noisy, (dice.choice((50, 199, 500)),)),
            (_checked, (dice.choice((3, 10, 40)),)),
            (_hidden, (dice.randrange(4),)),
            (low_confidence, (dice.choice((0, 1, 3)),)),
        )
    )
    return make(*arguments)


KINDS = {"busy: pictures": _busy}
