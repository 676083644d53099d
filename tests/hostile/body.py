"""One hostile request, as its number makes it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.hostile.files import whole
from tests.hostile.form import FIRST, QUALITY, ROTATE, SECOND, WRITINGS, Form, encrypted, switches
from verikit.contract import load_contract

CONTRACT = load_contract()
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Body:
    """``raw``: what goes over the socket; ``form``: what is in it, where it is sound HTTP."""

    number: int
    kind: str
    raw: bytes
    form: Form | None = None

    @property
    def family(self) -> str:
        """The part of the kind before the colon."""
        return self.kind.partition(":")[0]

    @property
    def method(self) -> str:
        """What the request line begins with; the answer to HEAD has no content."""
        return self.raw.split(b" ", 1)[0].decode("latin-1")

    @property
    def demands_answer(self) -> bool:
        """Whether its head came to an end; a client that hung up before may get none."""
        return END_OF_HEAD in self.raw.lstrip(b"\r\n")


def post(form: Form) -> bytes:
    """The form in a request that is sound HTTP, after which the connection ends."""
    head = (
        f"{CONTRACT.method} {CONTRACT.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: {form.content_type}\r\nContent-Length: {len(form.content)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + form.content


def with_photo(dice: Random, photo: bytes) -> Form:
    """A right form around a hostile photo, and another that is sound, or the same."""
    other = dice.choice((whole(dice), whole(dice), photo))
    photos = [photo, other]
    dice.shuffle(photos)
    pairs = list(zip((FIRST, SECOND), map(encrypted, photos), strict=True))
    return dice.choice(WRITINGS)(pairs + switches(dice))


def with_photo_twice(dice: Random, photo: bytes) -> Form:
    """A right form that makes the server do the work of the hostile photo two times."""
    pairs = [(FIRST, encrypted(photo)), (SECOND, encrypted(photo))]
    return dice.choice(WRITINGS)(pairs + switches(dice))


def with_all_work(dice: Random, photo: bytes) -> Form:
    """The photo twice, and everything asked for that costs time."""
    pairs = [
        (FIRST, encrypted(photo)),
        (SECOND, encrypted(photo)),
        (ROTATE, "true"),
        (QUALITY, "true"),
    ]
    return dice.choice(WRITINGS)(pairs)
