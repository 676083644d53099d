"""Faults in unsealing a photo."""

from __future__ import annotations

import base64
import string
from collections.abc import Callable
from functools import partial, wraps

from reference_server.refusals import InvalidArgument, UnreadablePhoto
from tests.mutation.naming import PHOTOS
from tests.mutation.parts import Build, Crash, on_fields, on_file, on_sealed
from tests.mutation.encryption import TAG, Sealing
from tests.mutation.registry import fault
from tests.mutation.wire import Fields

ALPHABET = (string.ascii_letters + string.digits + "+/= \r\n").encode()


def unverified(photos: tuple[int, ...], sealing: Sealing, index: int, sealed: bytes) -> bytes:
    """The tag of some photos is cut off and not looked at."""
    if index not in photos or len(sealed) < TAG:
        return sealed
    return sealing.closed(sealing.deciphered(sealed[:-TAG]))


fault("encryption-tag", name="tag_not_verified")(on_sealed(partial(unverified, (0, 1))))
fault("encryption-tag", name="tag_verified_only_on_the_first_photo")(
    on_sealed(partial(unverified, (1,)))
)
fault("encryption-tag", name="tag_verified_only_on_the_second_photo")(
    on_sealed(partial(unverified, (0,)))
)


@fault("encryption-tag")
@on_sealed
def half_of_the_tag_verified(sealing: Sealing, index: int, sealed: bytes) -> bytes:
    file = sealing.deciphered(sealed[:-TAG])
    right = sealing.closed(file)
    return right if right[: -TAG // 2] == sealed[: -TAG // 2] else sealed


@fault("encryption-tag")
@on_sealed
def tag_optional(sealing: Sealing, index: int, sealed: bytes) -> bytes:
    """What does not verify is taken for a ciphertext without a tag."""
    file = sealing.opened(sealed)
    return sealed if file is not None else sealing.closed(sealing.deciphered(sealed))


@fault("encryption-cipher")
@on_sealed
def unencrypted_photo_accepted(sealing: Sealing, index: int, sealed: bytes) -> bytes:
    return sealing.closed(sealed) if sealed.startswith((b"\xff\xd8", b"\x89PNG")) else sealed


def _guessed(sealings: list[Sealing], sealing: Sealing, index: int, sealed: bytes) -> bytes:
    files = (other.opened(sealed) for other in sealings)
    file = next((file for file in files if file is not None), None)
    return sealed if file is None else sealing.closed(file)


@fault("encryption-key")
@on_sealed
def first_character_of_the_key_ignored(sealing: Sealing, index: int, sealed: bytes) -> bytes:
    others = [Sealing(b"%x" % digit + sealing.key[1:], sealing.iv) for digit in range(16)]
    return _guessed(others, sealing, index, sealed)


@fault("encryption-iv")
@on_sealed
def first_character_of_the_iv_ignored(sealing: Sealing, index: int, sealed: bytes) -> bytes:
    others = [Sealing(sealing.key, b"%x" % digit + sealing.iv[1:]) for digit in range(16)]
    return _guessed(others, sealing, index, sealed)


@fault("encryption-tag", "encryption-key", "encryption-iv")
@on_sealed
def undecryptable_answered_as_damaged(sealing: Sealing, index: int, sealed: bytes) -> bytes:
    if sealing.opened(sealed) is None:
        raise UnreadablePhoto(index)
    return sealed


@fault("encryption-tag", "encryption-key", "encryption-iv", "status-500")
@on_sealed
def bad_tag_crashes(sealing: Sealing, index: int, sealed: bytes) -> bytes:
    if sealing.opened(sealed) is None:
        raise Crash
    return sealed


@fault("status-500", "encryption-tag")
@on_sealed
def photo_shorter_than_a_tag_crashes(sealing: Sealing, index: int, sealed: bytes) -> bytes:
    if len(sealed) < TAG:
        raise Crash
    return sealed


@fault("status-500")
@on_file
def empty_file_crashes(index: int, file: bytes) -> bytes:
    if not file:
        raise Crash
    return file


def on_base64(change: Callable[[bytes], bytes]) -> Build:
    """The Base64 text of each photo changes."""

    @wraps(change)
    def changed(fields: Fields) -> Fields:
        return [(name, change(value) if name in PHOTOS else value) for name, value in fields]

    return on_fields(changed)


@fault("encryption-base64", "encryption-base64-strict")
@on_base64
def foreign_characters_dropped(text: bytes) -> bytes:
    """As Base64 decoders do that are not told to be strict."""
    return bytes(character for character in text if character in ALPHABET)


@fault("encryption-base64-strict")
@on_base64
def url_safe_alphabet_read(text: bytes) -> bytes:
    return text.translate(bytes.maketrans(b"-_", b"+/"))


@fault("encryption-base64-strict")
@on_base64
def data_uri_read(text: bytes) -> bytes:
    return text.rpartition(b",")[2]


@fault("encryption-base64")
@on_base64
def hexadecimal_read(text: bytes) -> bytes:
    try:
        return base64.b64encode(bytes.fromhex(text.decode()))
    except ValueError:
        return text


@fault("encryption-line-breaks")
@on_base64
def line_breaks_refused(text: bytes) -> bytes:
    if b"\n" in text:
        raise InvalidArgument("a line break is not Base64")
    return text


def _is_base64(text: bytes) -> bool:
    return Sealing.from_base64(text) is not None


@fault("encryption-base64")
@on_base64
def damaged_base64_answered_as_damaged_photo(text: bytes) -> bytes:
    if not _is_base64(text):
        raise UnreadablePhoto
    return text


@fault("status-500", "encryption-base64")
@on_base64
def damaged_base64_crashes(text: bytes) -> bytes:
    if not _is_base64(text):
        raise Crash
    return text
