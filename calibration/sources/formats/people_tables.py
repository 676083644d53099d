"""Tables about people: who is on each photo, and of which group each person is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from calibration.counting import naming
from calibration.counting.groups import ACROSS, group_name, one_group_each
from calibration.objections import Effect, Objection, listed
from calibration.sources.formats.opening import open_table
from calibration.sources.formats.table import Table
from calibration.sources.formats.values import words_of
from verikit.errors import WrongUse
from verikit.foreign_text import shown
from verikit.plural import counted

UNKNOWN = "unknown people"
"""The kind of objection that a table names people who are not here."""


def photo_people(path: Path) -> dict[str, str]:
    """The person of each photo, from a table with the columns photo and person.

    Raises:
        WrongUse: it is no such table.
    """
    table = open_table(
        path, {"first": "photo", "first_person": "person"}, ("first", "first_person")
    )
    people: dict[str, str] = {}
    for piece in table.pieces():
        for photo, written in _text_rows(piece, "first", "first_person"):
            name, person = naming.normal(photo), naming.person(written)
            if not name or not person:
                raise table.refusal("it has rows without a photo or a person.")
            if people.setdefault(name, person) != person:
                raise WrongUse(f"{path} gives {photo} to {people[name]} and to {person}.")
    return people


def person_groups(path: Path) -> dict[str, str]:
    """The group of each person, from a table with the columns person and group.

    Raises:
        WrongUse: it is no such table.
    """
    table = open_table(path, {"first_person": "person"}, ("first_person", "group"))
    return one_group_each(_grouped(table), path)


def _grouped(table: Table) -> Iterator[tuple[str, str]]:
    for piece in table.pieces():
        for name, label in _text_rows(piece, "first_person", "group"):
            person, group = naming.person(name), group_name(label)
            if not person or not group:
                raise table.refusal("it has rows without a person or a group.")
            if ACROSS in group:
                raise table.refusal(f"a group's name holds no {ACROSS!r}: {shown(group)}.")
            yield person, group


def groups_of(path: Path, people: Iterable[str]) -> tuple[dict[str, str], list[Objection]]:
    """The group of each of some people, and what is to be known of those whom the table misses.

    Raises:
        WrongUse: it is no such table, or is about none of them.
    """
    groups, every = person_groups(path), sorted(set(people))
    found = {name: groups[naming.person(name)] for name in every if naming.person(name) in groups}
    if not found:
        raise WrongUse(
            f"{path} names nobody of those on the photos, such as {listed(every[:1]) or 'nobody'}."
        )
    told = []
    if nobody := sorted(groups.keys() - {naming.person(name) for name in found}):
        text = (
            f"{len(nobody):,} of {counted(len(groups), 'name')} in {path.name} "
            f"{'is' if len(nobody) == 1 else 'are'} nobody's here: {listed(nobody)}."
        )
        told.append(Objection(kind=UNKNOWN, effect=Effect.SHOWN, text=text))
    if missed := [name for name in every if name not in found]:
        text = (
            f"{len(missed):,} of {counted(len(every), 'person', 'people')} "
            f"{'is' if len(missed) == 1 else 'are'} in no group of {path.name}: {listed(missed)}."
        )
        told.append(Objection(kind="no group", effect=Effect.SHOWN, text=text))
    return found, told


def _text_rows(piece: pa.RecordBatch, *names: str) -> Iterator[tuple[str, str]]:
    columns = []
    for name in names:
        words, places = words_of(piece[name])
        columns.append([words[place] for place in places.tolist()])
    yield from zip(*columns, strict=True)
