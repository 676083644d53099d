"""Cases as data: one request, and its right outcomes. The tables are tables/*.yaml.

A row::

    - id: "{photo}-tag-bit-flipped"            # an id never changes its meaning
      since: 1.8.0                             # the release that introduced it
      each: {photo: [first, second]}           # one case for each value of {photo}
      title: One bit of the tag is flipped
      requires: [encryption-tag]
      send: {"{photo}": {encryption: {flip: tag}}}   # a recipe, see requests/recipe.py
      expect: [INVALID_ARGUMENT]               # accepted, a code's name, or an HTTP status
      or: {undecryptable-code: [INVALID_IMAGE_TYPE]}   # right as well, unless that reading binds

A number may refer to a limit of the photo standards, such as ``max_side + 1``; the row then needs
a profile that gives this limit. ``without: max_side`` marks a row for profiles that do not.
The outcome ``format`` means accepted if the photo standards list the photo's format, else refused.
The score of an accepted request must agree with whom the recipe's photos show (``of``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.case import Case, CaseContext
from conformance.cases.people import wrong_side
from conformance.errors import CouldNotJudge, NotApplicable
from conformance.judging.limits import TOO_LONG, is_large, is_small, offences
from conformance.judging.outcome import (
    ACCEPTED,
    Outcome,
    describe_actual,
    describe_expected,
    outcome,
)
from conformance.judging.verdicts import Finding
from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import Photo, Request, build
from verikit.contract.plain_yaml import read_own
from verikit.contract.profile import REFERENCE, Standards, load_profile

_LIMIT = re.compile(
    r"(?:(?P<times>\d+) \* )?(?P<name>min_side|max_side|min_file_bytes|max_file_bytes"
    r"|max_body_bytes)"
    r"(?: // (?P<part>\d+))?(?: (?P<shift>[+-] \d+))?"
)
_KEYS = {"id", "since", "each", "title", "requires", "send", "expect", "or", "without"}
FORMAT = "format"
_TYPE = "INVALID_IMAGE_TYPE"
_LENGTH = "INVALID_CONTENT_LENGTH"
_JUDGED = {ACCEPTED, FORMAT, _TYPE}
"""Outcomes of cases whose photo may have a format that is refused."""
LEAST_SIZE = "file-length-least"
_MOST_PIXELS = 100_000_000
"""What a maximum of a profile may cost this machine."""


@dataclass(frozen=True, kw_only=True)
class OneRequest:
    """Send a recipe and check its outcome.

    ``legal``: for each reading, more outcomes that are right unless it binds. ``without``: a limit
    that must be unknown.
    """

    send: Mapping[str, Any]
    expect: tuple[str | int, ...]
    legal: Mapping[str, tuple[str | int, ...]]
    without: str = ""

    def __call__(self, context: CaseContext) -> Iterable[Finding]:
        """Send the request and judge the answer."""
        standards = context.profile.standards
        if self.without and getattr(standards, self.without) is not None:
            raise NotApplicable("the profile's exact limits are judged instead")
        request = build(Request, resolved(self.send, standards))
        if any((p.width or 0) * (p.height or 0) > _MOST_PIXELS for p in request.photos):
            raise NotApplicable("the suite makes no photo of so many pixels")
        if any(_too_long(photo, standards.min_file_bytes or 0) for photo in request.photos):
            raise NotApplicable("the suite makes no photo of so few bytes")
        right = self._right(context.fitted(request), context)
        one = context.ask(request)
        got = outcome(one.answer)
        if got not in right and not (one.answer and one.answer.status in right):
            expected = " or ".join(describe_expected(word) for word in right)
            return context.finding(expected, one, breaks=self._broken(got))
        if got == context.ordinary_outcome != ACCEPTED:
            raise CouldNotJudge(
                f"two ordinary photos get the same response: {describe_actual(one)}"
            )
        return wrong_side(context, one) if got == ACCEPTED else []

    def _right(self, request: Request, context: CaseContext) -> tuple[str | int, ...]:
        """The outcomes that are right for this server.

        Raises:
            NotApplicable: the photos should be accepted, but the profile excludes such photos.
        """
        words = dict.fromkeys(self.expect)
        for reading, outcomes in self.legal.items():
            if context.environment.binds(reading) is None:
                words |= dict.fromkeys(outcomes)
        standards = context.profile.standards
        refusals = offences(request, standards)
        unwanted_type = _TYPE in refusals and not words.keys() & _JUDGED
        if unwanted_type or (refusals and set(self.expect) == {ACCEPTED}):
            raise NotApplicable("the profile's photo standards do not allow such a photo")
        if ACCEPTED in words:
            words |= dict.fromkeys(refusals)
        if _LENGTH in refusals:
            words[_LENGTH] = None
        if FORMAT in words:
            del words[FORMAT]
            unknown = standards.formats is None and not _ordinary(request)
            words |= dict.fromkeys(refusals or ((ACCEPTED, _TYPE) if unknown else (ACCEPTED,)))
        if ACCEPTED in words and standards.max_file_bytes is None and is_large(request):
            binds = context.environment.binds("photo-limits")
            words |= dict.fromkeys((_LENGTH, TOO_LONG) if binds is None else ())
        if standards.min_file_bytes is None and is_small(request):
            words |= {_LENGTH: None} if context.environment.binds(LEAST_SIZE) is None else {}
        return tuple(words)

    def _broken(self, got: Outcome) -> str | None:
        """The reading that forbids an otherwise legal outcome."""
        return next((reading for reading, words in self.legal.items() if got in words), None)


def _too_long(photo: Photo, least: int) -> bool:
    """Whether a file that should be as small as is allowed, or smaller, cannot be made so."""
    size = photo.pad_to
    return size is not None and size <= least and len(photo_file(photo)) > size


def _ordinary(request: Request) -> bool:
    """Whether every server must accept photos of this format."""
    return all(photo.format == "JPEG" for photo in request.photos)


def resolved(value: Any, standards: Standards) -> Any:
    """The recipe with the limits of the photo standards filled in.

    Raises:
        NotApplicable: one of them is unknown.
    """
    if isinstance(value, Mapping):
        return {name: resolved(entry, standards) for name, entry in value.items()}
    if isinstance(value, str) and (found := _LIMIT.fullmatch(value)):
        limit: int | None = getattr(standards, found["name"])
        if limit is None:
            raise NotApplicable(f"judged only with a profile that gives {found['name']}")
        shift = int((found["shift"] or "0").replace(" ", ""))
        return int(found["times"] or 1) * limit // int(found["part"] or 1) + shift
    return value


def read_table(path: Path) -> Iterator[Case]:
    """The cases of one file; its name is their group."""
    for row in read_own(path):
        if unknown := set(row) - _KEYS:
            raise ValueError(f"{path.name}: {row.get('id')} has no {unknown}")
        for filled in _expanded(row):
            yield _case(filled, path.stem)


def _case(row: Mapping[str, Any], group: str) -> Case:
    build(Request, resolved(row["send"], load_profile(REFERENCE).standards))
    legal = {reading: tuple(words) for reading, words in row.get("or", {}).items()}
    return Case(
        id=row["id"],
        since=row["since"],
        title=row["title"],
        requires=tuple(row["requires"]),
        play=OneRequest(
            send=row["send"],
            expect=tuple(row["expect"]),
            legal=legal,
            without=row.get("without", ""),
        ),
        group=group,
        readings=tuple(legal),
    )


def _expanded(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    each: Mapping[str, Sequence[Any]] = row.get("each", {})
    rest = {name: entry for name, entry in row.items() if name != "each"}
    for values in itertools.product(*each.values()):
        yield _filled(rest, dict(zip(each, values, strict=True)))


def _filled(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {_filled(name, names): _filled(entry, names) for name, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, names) for entry in value]
    if not isinstance(value, str):
        return value
    if value[:1] == "{" and value[1:-1] in names:
        return names[value[1:-1]]
    for name, entry in names.items():
        value = value.replace("{" + name + "}", str(entry))
    return value
