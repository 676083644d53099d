"""Faults in reading the four parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl

from reference_server.refusals import InvalidArgument, UnreadablePhoto
from tests.mutation.naming import ABOUT, FIRST, PHOTOS, QUALITY, ROTATE, SECOND, SWITCHES
from tests.mutation.parts import Crash, around, on_fields
from tests.mutation.registry import mutant
from tests.mutation.wire import CONTRACT, Ask, Fields, Reply, Serve

OTHER = {FIRST: SECOND, SECOND: FIRST}


def photo_optional(photo: str, fields: Fields) -> Fields:
    """A missing photo is taken for the other one."""
    given = dict(fields)
    if photo in given or OTHER[photo] not in given:
        return fields
    return [*fields, (photo, given[OTHER[photo]])]


def empty_photo_overlooked(photo: str, fields: Fields) -> Fields:
    """An empty photo is taken for the other one."""
    given = dict(fields)
    if given.get(photo) != b"" or OTHER[photo] not in given:
        return fields
    return [(name, given[OTHER[photo]] if name == photo else value) for name, value in fields]


for photo in PHOTOS:
    required = f"{ABOUT[photo]}-required"
    mutant(required, name=f"{ABOUT[photo]}_photo_optional")(
        on_fields(partial(photo_optional, photo))
    )
    mutant(required, name=f"empty_{ABOUT[photo]}_photo_overlooked")(
        on_fields(partial(empty_photo_overlooked, photo))
    )


@mutant("code-1200", "first-required", "second-required")
@on_fields
def missing_photo_answered_as_damaged(fields: Fields) -> Fields:
    if not set(PHOTOS) <= set(dict(fields)):
        raise UnreadablePhoto
    return fields


@mutant("status-500")
@on_fields
def missing_photo_crashes(fields: Fields) -> Fields:
    if not set(PHOTOS) <= set(dict(fields)):
        raise Crash
    return fields


@mutant("body-unknown-parameter")
@on_fields
def unknown_parameter_refused(fields: Fields) -> Fields:
    if unknown := set(dict(fields)) - set(CONTRACT.parameters):
        raise InvalidArgument(f"{', '.join(unknown)} is unknown")
    return fields


def query_string_read(body: str, ask: Ask, serve: Serve) -> Reply:
    """Beside a kind of body."""
    fields = ask.fields
    if fields is None or not ask.query or body not in ask.content_type:
        return serve(ask)
    more = [(name, value.encode()) for name, value in parse_qsl(ask.query)]
    return serve(ask.with_fields([*fields, *more]))


for body, name in (("", "query_string_read"), ("multipart", "query_string_read_beside_multipart")):
    mutant("body-query", name=name)(around(partial(query_string_read, body)))


def word_refused(switch: str, word: bytes, fields: Fields) -> Fields:
    """A documented spelling of a boolean is refused."""
    if dict(fields).get(switch) == word:
        raise InvalidArgument(f"{switch} must be 0 or 1")
    return fields


def switch_required(switch: str, fields: Fields) -> Fields:
    """The parameter must be given."""
    if switch not in dict(fields):
        raise InvalidArgument(f"{switch} is missing")
    return fields


def on_by_default(switch: str, fields: Fields) -> Fields:
    """The parameter is taken as true where it is missing."""
    return fields if switch in dict(fields) else [*fields, (switch, b"true")]


def on_when_given(switch: str, fields: Fields) -> Fields:
    """The parameter is on as soon as it is given, whatever it says."""
    return [(name, b"true" if name == switch else value) for name, value in fields]


def unreadable_taken_as_false(switch: str, fields: Fields) -> Fields:
    """A value that is no boolean switches the parameter off."""
    if dict(fields).get(switch, b"true").lower() in (b"true", b"false"):
        return fields
    return [(name, b"false" if name == switch else value) for name, value in fields]


def capitals_refused(switch: str, fields: Fields) -> Fields:
    """Only lower case is read."""
    value = dict(fields).get(switch, b"")
    if value != value.lower():
        raise InvalidArgument(f"{switch} must be true or false")
    return fields


def short_words_read(switch: str, fields: Fields) -> Fields:
    """Yes and no, on and off are booleans too."""
    words = {b"yes": b"true", b"on": b"true", b"no": b"false", b"off": b"false"}
    return [(n, words.get(v, v) if n == switch else v) for n, v in fields]


def digits_refused(switch: str, fields: Fields) -> Fields:
    """1 and 0 are no booleans."""
    if dict(fields).get(switch) in (b"1", b"0"):
        raise InvalidArgument(f"{switch} must be true or false")
    return fields


def empty_refused(switch: str, fields: Fields) -> Fields:
    """An empty value is no boolean."""
    return word_refused(switch, b"", fields)


def ignored(switch: str, fields: Fields) -> Fields:
    """A readable value of the parameter has no effect."""
    readable = (b"true", b"false")
    return [(name, v) for name, v in fields if name != switch or v.lower() not in readable]


def inverted(switch: str, fields: Fields) -> Fields:
    """True means false and false means true, which is also taken for the default."""
    words = {b"true": b"false", b"false": b"true"}
    given = fields if switch in dict(fields) else [*fields, (switch, b"false")]
    return [(n, words.get(v.lower(), v) if n == switch else v) for n, v in given]


for switch in SWITCHES:
    about = ABOUT[switch]
    called = about.replace("-", "_")
    for word in ("true", "false"):
        mutant(f"{about}-boolean", name=f"{called}_{word}_refused")(
            on_fields(partial(word_refused, switch, word.encode()))
        )
    for way, requirement in (
        (switch_required, f"{about}-default"),
        (on_by_default, f"{about}-default"),
        (unreadable_taken_as_false, "boolean-refused"),
        (capitals_refused, "boolean-spelling"),
        (short_words_read, "boolean-spelling"),
        (digits_refused, "boolean-spelling"),
        (empty_refused, "boolean-spelling"),
        (inverted, f"{about}-true"),
    ):
        mutant(requirement, name=f"{called}_{way.__name__.removeprefix('switch_')}")(
            on_fields(partial(way, switch))
        )

    without = ("code-4004",) if switch == QUALITY else ()
    mutant(f"{about}-true", *without, name=f"{called}_ignored")(on_fields(partial(ignored, switch)))
    mutant(f"{about}-false", f"{about}-default", name=f"{called}_on_when_given")(
        on_fields(partial(on_when_given, switch))
    )


@mutant("boolean-spelling")
@on_fields
def empty_check_quality_taken_as_true(fields: Fields) -> Fields:
    """As by a framework to which a flag that is there is on."""
    return [(n, b"true" if (n, v) == (QUALITY, b"") else v) for n, v in fields]


@mutant("boolean-spelling")
@on_fields
def digits_of_check_quality_taken_as_false(fields: Fields) -> Fields:
    """As by a parser that compares with the word true."""
    return [(n, b"false" if n == QUALITY and v in (b"1", b"0") else v) for n, v in fields]


@mutant("auto-rotate-true", "check-quality-true", "code-4004")
@on_fields
def options_swapped(fields: Fields) -> Fields:
    swap = {ROTATE: QUALITY, QUALITY: ROTATE}
    return [(swap.get(name, name), value) for name, value in fields]


@mutant("check-quality-default")
@on_fields
def auto_rotate_also_checks_quality(fields: Fields) -> Fields:
    given = dict(fields)
    if QUALITY in given or given.get(ROTATE, b"").lower() != b"true":
        return fields
    return [*fields, (QUALITY, b"true")]


@mutant("auto-rotate-default")
@on_fields
def check_quality_also_rotates(fields: Fields) -> Fields:
    given = dict(fields)
    if ROTATE in given or given.get(QUALITY, b"").lower() != b"true":
        return fields
    return [*fields, (ROTATE, b"true")]


@mutant("body-repeated-refused")
@on_fields
def same_value_twice_accepted(fields: Fields) -> Fields:
    return [pair for number, pair in enumerate(fields) if pair not in fields[:number]]


def renamed(holds: Callable[[str, str], bool], fields: Fields) -> Fields:
    """A parameter whose name is like a switch's is taken for it."""
    found = {n: switch for n, _ in fields for switch in SWITCHES if holds(n, switch)}
    return [(found.get(name, name), value) for name, value in fields]


for name, holds in (
    ("switches-found-by-the-end-of-a-name", lambda name, switch: name.endswith(switch)),
    ("switches-found-by-the-start-of-a-name", lambda name, switch: name.startswith(switch)),
    ("brackets-behind-a-name-dropped", lambda name, switch: name == f"{switch}[]"),
    ("names-of-switches-in-any-case", lambda name, switch: name.lower() == switch),
):
    mutant("body-unknown-parameter", name=name)(on_fields(partial(renamed, holds)))


@mutant("boolean-refused")
@on_fields
def switches_end_at_a_nul(fields: Fields) -> Fields:
    return [(n, v.partition(b"\0")[0] if n in SWITCHES else v) for n, v in fields]


@mutant("boolean-refused")
@on_fields
def switches_trimmed(fields: Fields) -> Fields:
    return [(n, v.strip() if n in SWITCHES else v) for n, v in fields]


@mutant("check-order")
@around
def switches_judged_last(ask: Ask, serve: Serve) -> Reply:
    fields = ask.fields
    if fields is None:
        return serve(ask)
    given = serve(ask)
    without = serve(ask.with_fields([pair for pair in fields if pair[0] not in SWITCHES]))
    # A turned photo has no face without its switch: what is answered with it stands.
    return without if given.refused and without.refused else given
