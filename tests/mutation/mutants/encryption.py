"""Faults in decrypting a photo."""

from __future__ import annotations

import base64
import string
from collections.abc import Callable
from functools import partial, wraps

from reference_server.refusals import InvalidArgument, UnreadablePhoto
from tests.mutation.encryption import TAG, PhotoCipher
from tests.mutation.naming import PHOTOS
from tests.mutation.parts import Build, Crash, on_ciphertext, on_fields, on_file
from tests.mutation.registry import mutant
from tests.mutation.wire import Fields

ALPHABET = (string.ascii_letters + string.digits + "+/= \r\n").encode()


def unverified(
    photos: tuple[int, ...], cipher: PhotoCipher, index: int, ciphertext: bytes
) -> bytes:
    """The tag of some photos is cut off and not looked at."""
    if index not in photos or len(ciphertext) < TAG:
        return ciphertext
    return cipher.encrypted(cipher.deciphered(ciphertext[:-TAG]))


mutant("encryption-tag", name="tag_not_verified")(on_ciphertext(partial(unverified, (0, 1))))
mutant("encryption-tag", name="tag_verified_only_on_the_first_photo")(
    on_ciphertext(partial(unverified, (1,)))
)
mutant("encryption-tag", name="tag_verified_only_on_the_second_photo")(
    on_ciphertext(partial(unverified, (0,)))
)


@mutant("encryption-tag")
@on_ciphertext
def half_of_the_tag_verified(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    file = cipher.deciphered(ciphertext[:-TAG])
    right = cipher.encrypted(file)
    return right if right[: -TAG // 2] == ciphertext[: -TAG // 2] else ciphertext


@mutant("encryption-tag")
@on_ciphertext
def tag_optional(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    """What does not verify is taken for a ciphertext without a tag."""
    file = cipher.decrypted(ciphertext)
    return ciphertext if file is not None else cipher.encrypted(cipher.deciphered(ciphertext))


@mutant("encryption-cipher")
@on_ciphertext
def unencrypted_photo_accepted(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    return (
        cipher.encrypted(ciphertext)
        if ciphertext.startswith((b"\xff\xd8", b"\x89PNG"))
        else ciphertext
    )


def _guessed(
    ciphers: list[PhotoCipher], cipher: PhotoCipher, index: int, ciphertext: bytes
) -> bytes:
    files = (other.decrypted(ciphertext) for other in ciphers)
    file = next((file for file in files if file is not None), None)
    return ciphertext if file is None else cipher.encrypted(file)


@mutant("encryption-key")
@on_ciphertext
def first_character_of_the_key_ignored(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    others = [PhotoCipher(b"%x" % digit + cipher.key[1:], cipher.iv) for digit in range(16)]
    return _guessed(others, cipher, index, ciphertext)


@mutant("encryption-iv")
@on_ciphertext
def first_character_of_the_iv_ignored(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    others = [PhotoCipher(cipher.key, b"%x" % digit + cipher.iv[1:]) for digit in range(16)]
    return _guessed(others, cipher, index, ciphertext)


@mutant("undecryptable-code")
@on_ciphertext
def undecryptable_answered_as_damaged(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    if cipher.decrypted(ciphertext) is None:
        raise UnreadablePhoto(index)
    return ciphertext


@mutant("encryption-tag", "encryption-key", "encryption-iv", "status-500")
@on_ciphertext
def bad_tag_crashes(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    if cipher.decrypted(ciphertext) is None:
        raise Crash
    return ciphertext


@mutant("status-500", "encryption-tag")
@on_ciphertext
def photo_shorter_than_a_tag_crashes(cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    if len(ciphertext) < TAG:
        raise Crash
    return ciphertext


@mutant("status-500")
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


@mutant("encryption-base64", "encryption-base64-strict")
@on_base64
def foreign_characters_dropped(text: bytes) -> bytes:
    """As Base64 decoders do that are not told to be strict."""
    return bytes(character for character in text if character in ALPHABET)


@mutant("encryption-base64-strict")
@on_base64
def blanks_dropped(text: bytes) -> bytes:
    """As mail readers do; a blank is a plus that nobody encoded, so it stays."""
    return text.translate(None, b"\t\v\f\0")


@mutant("encryption-base64-strict")
@on_base64
def missing_padding_added(text: bytes) -> bytes:
    return text + b"=" * (-len(text) % 4)


@mutant("encryption-base64-strict")
@on_base64
def surplus_padding_dropped(text: bytes) -> bytes:
    """As Python's decoder does even if it is told to be strict."""
    kept = text.rstrip(b"=")
    padding = min(len(text) - len(kept), -len(kept) % 4)
    return kept + b"=" * padding


@mutant("base64-alphabet")
@on_base64
def url_safe_alphabet_read(text: bytes) -> bytes:
    return text.translate(bytes.maketrans(b"-_", b"+/"))


@mutant("base64-alphabet")
@on_base64
def data_uri_read(text: bytes) -> bytes:
    return text.rpartition(b",")[2]


@mutant("encryption-base64")
@on_base64
def hexadecimal_read(text: bytes) -> bytes:
    try:
        return base64.b64encode(bytes.fromhex(text.decode()))
    except ValueError:
        return text


@mutant("encryption-line-breaks")
@on_base64
def line_breaks_refused(text: bytes) -> bytes:
    if b"\n" in text:
        raise InvalidArgument("a line break is not Base64")
    return text


def _is_base64(text: bytes) -> bool:
    return PhotoCipher.from_base64(text) is not None


@mutant("undecryptable-code")
@on_base64
def damaged_base64_answered_as_damaged_photo(text: bytes) -> bytes:
    if not _is_base64(text):
        raise UnreadablePhoto
    return text


@mutant("status-500", "encryption-base64")
@on_base64
def damaged_base64_crashes(text: bytes) -> bytes:
    if not _is_base64(text):
        raise Crash
    return text


@mutant("encryption-base64-strict")
@on_base64
def base64_read_up_to_its_padding(text: bytes) -> bytes:
    kept = text.partition(b"=")[0]
    return kept + b"=" * (-len(kept) % 4)


def unverified_above(size: int, cipher: PhotoCipher, index: int, ciphertext: bytes) -> bytes:
    """As where large photos are decrypted block by block, or from a file on disk."""
    return unverified((0, 1), cipher, index, ciphertext) if len(ciphertext) > size else ciphertext


for name, size in {
    "tag_of_a_large_photo_not_verified": 1 << 20,
    "tag_not_verified_in_a_file_on_disk": 1_080_000,
}.items():
    mutant("encryption-tag", name=name)(on_ciphertext(partial(unverified_above, size)))
