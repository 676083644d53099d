"""Whether a score agrees with the people on the photos."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.case import CaseContext, score_of
from conformance.judging.verdicts import Finding
from conformance.requests.exchange import Exchange
from conformance.requests.photos.portraits import FACES
from conformance.requests.recipe import Photo, Request
from verikit.contract import load_contract

RECOMMENDED = load_contract().error_rates.recommended_above
_LEAST_SIDE = 200
"""Pixels below which a portrait may be too small to tell people apart."""


def wrong_side(context: CaseContext, one: Exchange) -> Iterable[Finding]:
    """A finding if the score of a comparison contradicts the photos.

    Photos for which the page promises nothing, such as covered or tiny faces, are skipped.
    """
    request = one.request
    if not (len(request.photos) == 2 and all(_plain(p, request) for p in request.photos)):
        return []
    score = score_of(one)
    if request.photos[0].of == request.photos[1].of:
        if score < RECOMMENDED:
            expected = f"the photos show one person: a score of {RECOMMENDED} or more"
            return context.finding(expected, one, breaks="operation-compares")
    elif score >= RECOMMENDED:
        expected = f"the photos show two people: a score below {RECOMMENDED}"
        return context.finding(expected, one, breaks="operation-compares")
    return []


def _plain(photo: Photo, request: Request) -> bool:
    """Whether the photo shows an upright, uncovered face that is large enough."""
    upright = photo.exif is None and (photo.turn == 0 or request.auto_rotate == "true")
    whole = photo.content == "image" and photo.percent == 100 and not photo.edits
    sides = (photo.width, photo.height)
    large = all(side is None or side >= _LEAST_SIDE for side in sides)
    return photo.of in FACES and photo.cover is None and upright and whole and large
