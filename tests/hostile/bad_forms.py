"""Forms that are wrong: fields, encodings, lengths, numbers."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from random import Random

from conformance.requests.encryption import encrypt
from conformance.requests.recipe import Encryption
from tests.hostile.files import whole
from tests.hostile.form import (
    BOUNDARY,
    CONTRACT,
    FIRST,
    MULTIPART,
    QUALITY,
    ROTATE,
    SECOND,
    SECRETS,
    URL_ENCODED,
    WRITINGS,
    Form,
    Pairs,
    all_escaped,
    encrypted,
    multipart,
    percent_encoded,
    raw,
    switches,
)
from tests.hostile.odds import flipped, garbage, rearranged

MOST_BYTES = CONTRACT.photo_standards.max_body_bytes
ODD_VALUES = (
    *("", " ", "0", "1", "yes", "tru", "true ", "truetrue", "null", "None", "[]", "NaN", "-1"),
    *(
        "\u0000",
        "\u202e",
        "\ufeff",
        "\u0661",
        "\U0001f600",
        "'; DROP TABLE photos; --",
        "${jndi:x}",
    ),
    *("../../../etc/passwd", "%s%s%s%n", "A" * 100_000, "=" * 1000, "%", "%2", "%zz", "%00"),
)
ODD_NAMES = (FIRST.upper(), f"{FIRST}[]", f"{FIRST}\0", f" {FIRST}", "", "__proto__", "a" * 70_000)
ODD_TYPES = (
    *("", "x", "/", "text/plain", "application/json", "application/xml", "image/jpeg", "multipart"),
    *(f"{URL_ENCODED}; charset=utf-16", f"{URL_ENCODED}; charset=nonsense", f"{URL_ENCODED};" * 50),
    *(
        MULTIPART,
        f"{MULTIPART}; boundary=",
        f'{MULTIPART}; boundary="',
        f"{MULTIPART}; boundary=\xe9",
    ),
    *(
        f"{MULTIPART}; boundary={'x' * 5000}",
        f"{MULTIPART}; boundary=-",
        "multipart/mixed; boundary=x",
    ),
    *(f"{MULTIPART}; boundary*0=a; boundary*1=b", f"{MULTIPART}; boundary*=utf-8''%ff", "; a=b"),
)
ENCRYPTIONS = (
    *(Encryption(key="wrong"), Encryption(iv="wrong")),
    *(Encryption(flip=place) for place in ("tag", "first")),
    *(Encryption(drop=part) for part in ("tag", "tag-byte", "all-but-tag", "half")),
    Encryption(off=True),
)


def _photos(dice: Random) -> Pairs:
    return [(FIRST, encrypted(whole(dice))), (SECOND, encrypted(whole(dice)))]


def _written(dice: Random, pairs: Pairs) -> Form:
    return dice.choice(WRITINGS)(pairs)


def _missing(dice: Random) -> Form:
    """Fields dropped, doubled, swapped, empty."""
    pairs = rearranged(dice, _photos(dice) + switches(dice))
    if dice.random() < 0.3:
        pairs = [(name, "") if dice.random() < 0.5 else (name, value) for name, value in pairs]
    return _written(dice, pairs)


def _values(dice: Random) -> Form:
    name = dice.choice((FIRST, SECOND, ROTATE, QUALITY))
    others = [pair for pair in _photos(dice) if pair[0] != name]
    return _written(dice, [*others, (name, dice.choice(ODD_VALUES))])


def _names(dice: Random) -> Form:
    return _written(dice, [*_photos(dice), (dice.choice(ODD_NAMES), dice.choice(ODD_VALUES))])


def _base64(dice: Random) -> Form:
    """Other alphabets, padding that is wrong, strange characters, lines."""
    photo = encrypt(whole(dice), SECRETS)
    text = base64.b64encode(photo).decode()
    place = dice.randrange(len(text))
    damaged = dice.choice(
        (
            base64.urlsafe_b64encode(photo).decode(),
            base64.b32encode(photo).decode(),
            photo.hex(),
            text.rstrip("=") + "=" * dice.choice((0, 1, 2, 3, 50)),
            text[:place] + dice.choice("=*-_\n\t\0\u00e9 ") + text[place:],
            text[:place],
            base64.encodebytes(photo).decode(),
            f"data:image/png;base64,{text}",
        )
    )
    return _written(dice, [(FIRST, damaged), (SECOND, encrypted(whole(dice)))])


def _ciphertexts(dice: Random) -> Form:
    """Base64 of what does not decrypt."""
    photo = dice.choice(
        (encrypt(whole(dice), SECRETS, dice.choice(ENCRYPTIONS)), garbage(dice, 100))
    )
    pairs = [(SECOND, base64.b64encode(photo).decode()), (FIRST, encrypted(whole(dice)))]
    return _written(dice, pairs)


def _types(dice: Random) -> Form:
    content = _written(dice, _photos(dice)).content
    return Form(dice.choice(ODD_TYPES), dice.choice((content, garbage(dice, 300))))


def _flips(dice: Random) -> Form:
    """A right form with bytes changed anywhere."""
    form = _written(dice, _photos(dice))
    return Form(form.content_type, flipped(dice, form.content, dice.choice((1, 8, 200))))


def _cuts(dice: Random) -> Form:
    form = _written(dice, _photos(dice))
    return Form(form.content_type, form.content[: dice.randint(0, len(form.content))])


def _other_formats(dice: Random) -> Form:
    """JSON, gzip, UTF-16 under the name of a form."""
    pairs = _photos(dice)
    content = dice.choice(
        (
            json.dumps(dict(pairs)).encode(),
            gzip.compress(percent_encoded(pairs).content, mtime=0),
            raw(pairs).content.decode().encode("utf-16"),
            garbage(dice, 3000),
        )
    )
    return Form(dice.choice((URL_ENCODED, multipart([]).content_type)), content)


def _many_fields(dice: Random) -> Form:
    """Thousands of them beside the right ones; above the server's number, too."""
    times = dice.choice((1_000, 5_000, 9_997, 10_001, 60_000))
    pairs = [(dice.choice((f"field{n}", "same", "")), "x") for n in range(times)]
    return dice.choice((raw, multipart))([*pairs, *_photos(dice)])


def _parts(dice: Random) -> Form:
    """Multipart bodies with strange heads, boundaries and ends."""
    form = multipart(
        _photos(dice), dice.choice(("", "; a=b" * 3000, '; name="x"', "\r\nX: y" * 3000))
    )
    line, end = f"\r\n--{BOUNDARY}".encode(), f"--{BOUNDARY}--".encode()
    content = dice.choice(
        (
            form.content,
            form.content.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\n\r"))),
            form.content.replace(end, b""),
            form.content.replace(b"form-data", dice.choice((b"attachment", b"", b"\xff"))),
            form.content.replace(b'name="', dice.choice((b"name=", b'name*="', b'Name="'))),
            line * 20_000 + form.content,
            form.content.replace(line, line + b" " * 5_000),
            form.content + form.content,
        )
    )
    return Form(form.content_type, content)


def _floods(dice: Random) -> Form:
    """As many bytes as a body may have, all of them work for a parser."""
    unit = dice.choice(
        (b"%", b"%41", b"&", b"=", b"+", b"\r\n--", b"\n", b"\r", b"; a=b", b"A", b"\0")
    )
    head = dice.choice(
        (b"", f"{FIRST}=".encode(), f"--{BOUNDARY}\r\nContent-Disposition: form-data".encode())
    )
    size = MOST_BYTES // dice.choice((1, 10))
    kind = dice.choice((URL_ENCODED, multipart([]).content_type))
    return Form(kind, head + unit * ((size - len(head)) // len(unit)))


def _sizes(dice: Random) -> Form:
    """Photos at the limit of a file, bodies at the limit of a body, and a little above."""
    most = CONTRACT.photo_standards.max_file_bytes
    photo = whole(dice) + bytes(dice.choice((most, most + 1, most - 5000, 100)))
    pairs = [
        (FIRST, encrypted(photo[: dice.choice((most, most + 1))])),
        (SECOND, encrypted(whole(dice))),
    ]
    form = dice.choice((percent_encoded, raw, all_escaped, multipart))(pairs)
    padding = max(0, MOST_BYTES + dice.choice((-1, 0, 1)) - len(form.content))
    return Form(form.content_type, form.content + b"&" + b"x" * (padding * dice.choice((0, 1))))


KINDS: dict[str, Callable[[Random], Form]] = {
    "forms: missing and repeated": _missing,
    "forms: values": _values,
    "forms: names": _names,
    "forms: Base64": _base64,
    "forms: ciphertexts": _ciphertexts,
    "forms: types": _types,
    "forms: flips": _flips,
    "forms: cuts": _cuts,
    "forms: other formats": _other_formats,
    "forms: many fields": _many_fields,
    "forms: parts": _parts,
    "forms: floods": _floods,
    "forms: sizes": _sizes,
}
