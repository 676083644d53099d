"""Every kind of hostile body, and how often it comes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.hostile import (
    bad_forms,
    blind,
    bmp,
    bombs,
    busy,
    gif,
    jpeg,
    metadata,
    nonsense,
    png,
    polyglots,
    tiff,
    unusual,
)
from tests.hostile.body import Body, post, with_all_work, with_photo, with_photo_twice
from tests.hostile.form import Form
from tests.hostile.odds import dice_for

MakeForm = Callable[[Random], Form]

PHOTOS = (jpeg, png, bmp, gif, tiff, blind, polyglots, metadata, unusual)
SHARES = {"blind": 6, "http": 4, "forms": 3, "jpeg": 4, "png": 4, "bmp": 4, "gif": 4, "tiff": 3}
"""How often a kind of a family comes in each round; the others come once."""


def _around(make: Callable[[Random], bytes], form: Callable[[Random, bytes], Form]) -> MakeForm:
    return lambda dice: form(dice, make(dice))


FORMS: dict[str, MakeForm] = {
    **{name: _around(make, with_photo) for one in PHOTOS for name, make in one.KINDS.items()},
    **{name: _around(make, with_photo_twice) for name, make in bombs.KINDS.items()},
    **{name: _around(make, with_all_work) for name, make in busy.KINDS.items()},
    **bad_forms.KINDS,
}
RAW = nonsense.KINDS
KINDS = (*FORMS, *RAW)


def _round() -> tuple[str, ...]:
    """The kinds of one round, well mixed, so that a short run meets all of them."""
    kinds = [name for name in KINDS for _ in range(SHARES.get(name.partition(":")[0], 1))]
    dice_for(0, 0).shuffle(kinds)
    return tuple(kinds)


ROUND = _round()


def body(seed: int, number: int) -> Body:
    """The body of a number; the same whenever it is asked for."""
    kind, dice = ROUND[number % len(ROUND)], dice_for(seed, number)
    if kind in RAW:
        return Body(number, kind, RAW[kind](dice))
    form = FORMS[kind](dice)
    return Body(number, kind, post(form), form)
