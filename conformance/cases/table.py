"""Cases as data: one request, and the outcomes that are right. The tables are cases/*.yaml.

A row::

    - id: "{photo}-tag-bit-flipped"            # an id never changes its meaning
      since: 1.8.0                             # the release that it came with
      each: {photo: [first, second]}           # one case for each value, {photo} filled in
      title: One bit of the tag is flipped
      requires: [encryption-tag]
      send: {"{photo}": {encryption: {flip: tag}}}   # a recipe, see requests/recipe.py
      expect: [INVALID_ARGUMENT]               # accepted, a code's name, or an HTTP status
      or: [accepted]                           # right as well unless the readings bind

A number may be written with a limit of the photo standards, such as ``max_side + 1``; such a row
needs a profile. ``without_standards: true`` marks a row that a profile's exact limits replace.
The outcome ``format`` is accepted or refused as the photo standards list the photo's format.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from conformance.case import Case, CaseContext
from conformance.errors import CouldNotJudge, NotApplicable
from conformance.judging.limits import offences
from conformance.judging.outcome import ACCEPTED, describe_actual, describe_expected, outcome
from conformance.judging.verdicts import Finding
from conformance.requests.recipe import Request, build
from verikit.contract import PhotoStandards, load_contract

_LIMIT = re.compile(
    r"(?:(?P<times>\d+) \* )?(?P<name>min_side|max_side|max_file_bytes|max_body_bytes)"
    r"(?: // (?P<part>\d+))?(?: (?P<shift>[+-] \d+))?"
)
_KEYS = {"id", "since", "each", "title", "requires", "send", "expect", "or", "without_standards"}
FORMAT = "format"
_ORDINARY = ("JPEG", "PNG")
_CERTAIN = (ACCEPTED,)
_TYPE = "INVALID_IMAGE_TYPE"
_EITHER = (ACCEPTED, _TYPE)
_JUDGED = {ACCEPTED, FORMAT, _TYPE}
"""Outcomes of cases in which the photo's format may be one that is refused."""


@dataclass(frozen=True, kw_only=True)
class OneRequest:
    """Send a recipe; the outcome must be one of those that are right."""

    send: Mapping[str, Any]
    expect: tuple[str | int, ...]
    legal: tuple[str | int, ...]

    def __call__(self, context: CaseContext) -> Iterable[Finding]:
        """Play it."""
        standards = context.profile.standards
        request = build(Request, resolved(self.send, standards))
        right = self._right(context.fitted(request), context)
        one = context.ask(request)
        got = outcome(one.answer)
        if got not in right and not (one.answer and one.answer.status in right):
            return context.finding(" or ".join(describe_expected(word) for word in right), one)
        if got == context.ordinary_outcome != ACCEPTED:
            raise CouldNotJudge(f"two ordinary photos get the same answer: {describe_actual(one)}")
        return []

    def _right(self, request: Request, context: CaseContext) -> tuple[str | int, ...]:
        """The outcomes that are right for this server.

        Raises:
            NotApplicable: the photos are to be accepted, but the profile refuses such photos.
        """
        words = dict.fromkeys(self.expect if context.profile.readings else self.expect + self.legal)
        standards = context.profile.standards
        refusals = offences(request, standards) if standards else ()
        unwanted_type = _TYPE in refusals and not words.keys() & _JUDGED
        if unwanted_type or (refusals and set(words) == {ACCEPTED}):
            raise NotApplicable("the profile's photo standards do not allow such a photo")
        if ACCEPTED in words:
            words |= dict.fromkeys(refusals)
        if FORMAT in words:
            del words[FORMAT]
            open_question = standards is None and not _ordinary(request)
            words |= dict.fromkeys(refusals or (_EITHER if open_question else _CERTAIN))
        return tuple(words)


def _ordinary(request: Request) -> bool:
    """Whether every server has to take photos of these formats."""
    return all(photo.format in _ORDINARY for photo in request.photos)


def resolved(value: Any, standards: PhotoStandards | None) -> Any:
    """The recipe with the limits of the photo standards filled in."""
    if isinstance(value, Mapping):
        return {name: resolved(entry, standards) for name, entry in value.items()}
    if isinstance(value, str) and standards and (found := _LIMIT.fullmatch(value)):
        limit: int = getattr(standards, found["name"])
        shift = int((found["shift"] or "0").replace(" ", ""))
        return int(found["times"] or 1) * limit // int(found["part"] or 1) + shift
    return value


def read_table(path: Path) -> Iterator[Case]:
    """The cases of one file; its name is their group."""
    for row in yaml.safe_load(path.read_text(encoding="utf-8")):
        if unknown := set(row) - _KEYS:
            raise ValueError(f"{path.name}: {row.get('id')} has no {unknown}")
        for filled in _expanded(row):
            yield _case(filled, path.stem)


def _case(row: Mapping[str, Any], group: str) -> Case:
    needs = ["no-standards"] if row.get("without_standards") else []
    if _mentions_limit(row["send"]):
        needs.append("standards")
    build(Request, resolved(row["send"], load_contract().photo_standards))
    play = OneRequest(send=row["send"], expect=tuple(row["expect"]), legal=tuple(row.get("or", ())))
    return Case(
        id=row["id"],
        since=row["since"],
        title=row["title"],
        requires=tuple(row["requires"]),
        play=play,
        group=group,
        needs=tuple(needs),
    )


def _mentions_limit(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_mentions_limit(entry) for entry in value.values())
    return isinstance(value, str) and _LIMIT.fullmatch(value) is not None


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
