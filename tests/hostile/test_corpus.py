import subprocess
import sys
import zlib
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from random import Random
from typing import TypeVar

import pytest
from PIL import Image

from tests.hostile import (
    bad_forms,
    blind,
    bmp,
    bombs,
    gif,
    jpeg,
    metadata,
    nonsense,
    png,
    polyglots,
    tiff,
    unusual,
)
from tests.hostile.corpus import FORMS, KINDS, ROUND, body
from tests.hostile.files import FORMATS, whole_files
from tests.hostile.form import BOUNDARY, CONTRACT
from tests.hostile.odds import dice_for

Made = TypeVar("Made")
MAGICS = {"jpeg": b"\xff\xd8", "png": png.SIGNATURE, "bmp": b"BM", "gif": b"GIF"}
MUTATED = {**jpeg.KINDS, **png.KINDS, **bmp.KINDS, **gif.KINDS, **tiff.KINDS}
LIGHT = [number for number in range(30) if ROUND[number].split(":")[0] not in {"bombs", "busy"}]
DIGEST = f"""
from hashlib import sha256
from tests.hostile.corpus import body
digest = sha256(b"".join(body(5, number).raw for number in {LIGHT})).hexdigest()
print(digest)
"""


@pytest.fixture(autouse=True)
def any_number_of_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's limit is the process's: the server, in other tests, sets one of its own."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)


def made(kind: Callable[[Random], Made], times: int = 15) -> list[Made]:
    return [kind(dice_for(3, number)) for number in range(times)]


def opened(file: bytes) -> Image.Image:
    return Image.open(BytesIO(file))


def test_a_body_is_the_same_in_every_process() -> None:
    command = [sys.executable, "-c", DIGEST]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    own = sha256(b"".join(body(5, number).raw for number in LIGHT))
    assert told.stdout.strip() == own.hexdigest()


def test_numbers_and_seeds_make_other_bodies() -> None:
    number = LIGHT[0]
    raws = {body(seed, number + turn * len(ROUND)).raw for seed in (1, 2) for turn in (0, 1)}
    assert len(raws) == 4


def test_every_kind_comes_in_every_round() -> None:
    assert set(ROUND) == set(KINDS)
    assert body(1, len(ROUND) + 3).kind == ROUND[3]


@pytest.mark.parametrize("kind", FORMATS)
def test_whole_files_are_whole(kind: str) -> None:
    for file in whole_files(kind):
        image = opened(file)
        assert image.format == kind
        image.load()


@pytest.mark.parametrize("name", MUTATED)
def test_mutations_make_different_files_of_their_format(name: str) -> None:
    files = made(MUTATED[name])
    family = name.partition(":")[0]
    magics = (MAGICS.get(family, b"II"), b"MM") if family == "tiff" else (MAGICS[family],)
    untouched = set(files) & set(whole_files(family.upper()))
    assert len(untouched) < len(files) / 4
    assert sum(file.startswith(magics) for file in files) > len(files) / 2


@pytest.mark.parametrize("name", sorted(set(png.KINDS) - {"png: lengths", "png: checksums"}))
def test_checksums_are_mended(name: str) -> None:
    for file in made(png.KINDS[name]):
        for chunk in png.split(file):
            right = zlib.crc32(chunk.name + chunk.body).to_bytes(4)
            assert chunk.name + chunk.body + right in file


def test_some_checksums_are_wrong() -> None:
    broken = 0
    for file in made(png.KINDS["png: checksums"]):
        try:
            opened(file).verify()
        except (SyntaxError, OSError, ValueError):
            broken += 1
    assert broken > 3


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("name", [*unusual.KINDS, *metadata.KINDS])
def test_unusual_photos_are_photos(name: str) -> None:
    kinds = {**unusual.KINDS, **metadata.KINDS}
    whole = 0
    for file in made(kinds[name]):
        try:
            opened(file).load()
            whole += 1
        except (OSError, ValueError, SyntaxError, EOFError, TypeError):
            continue
    assert whole > 8


def test_tiny_files_are_tiny() -> None:
    sizes = {len(file) for file in made(blind.KINDS["blind: tiny files"], 60)}
    assert {0, 1} < sizes
    assert max(sizes) < 10


def test_claims_are_small_and_claim_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2**27)  # Pillow makes the pixels of a GIF
    claimed = []
    for file in made(bombs.KINDS["bombs: claims"], 40):
        assert len(file) < 20_000
        try:
            claimed.append(min(opened(file).size))
        except (
            OSError,
            ValueError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
        ):
            continue
    assert len(claimed) > 10
    assert min(claimed) >= bombs.LIMIT


def test_countless_pieces_fill_the_file_and_keep_the_photo() -> None:
    files = made(bombs.KINDS["bombs: pieces"], 12)
    assert max(map(len, files)) > 0.9 * bombs.MOST_BYTES
    assert max(map(len, files)) <= bombs.MOST_BYTES


def test_pictures_above_the_limit_are_above_it() -> None:
    file = bombs.KINDS["bombs: above the limit"](dice_for(3, 1))
    assert max(opened(file).size) > bombs.LIMIT


def test_polyglots_are_photos_that_hold_something_else() -> None:
    assert all(b"passwd" in file for file in made(polyglots.KINDS["polyglots: zip behind"], 5))


def test_directories_name_themselves() -> None:
    for file in made(tiff.KINDS["tiff: directories in loops"], 5):
        assert (8).to_bytes(4, "little") in file[8:]


@pytest.mark.filterwarnings("ignore::Warning:PIL")
def test_many_fields_and_floods_are_as_large_as_they_say() -> None:
    fields = [form.content for form in made(bad_forms.KINDS["forms: many fields"])]
    count = {max(content.count(b"&"), content.count(BOUNDARY.encode())) for content in fields}
    assert min(count) >= 1000
    assert max(count) > 10_000
    floods = [len(form.content) for form in made(bad_forms.KINDS["forms: floods"])]
    assert 0.9 < max(floods) / CONTRACT.photo_standards.max_body_bytes <= 1


def test_what_is_no_http_has_no_form() -> None:
    raw = body(1, next(n for n in range(len(ROUND)) if ROUND[n] in nonsense.KINDS))
    assert raw.form is None
    sound = body(1, next(n for n in range(len(ROUND)) if ROUND[n] in FORMS))
    assert sound.form
    assert sound.raw.endswith(b"\r\n\r\n" + sound.form.content)


@pytest.mark.parametrize(
    ("kind", "mode"), [(kind, mode) for kind, modes in unusual.MODES.items() for mode in modes]
)
def test_every_kind_of_pixel_is_written_and_read(kind: str, mode: str) -> None:
    assert opened(unusual.in_mode(dice_for(1, 1), kind, mode)).format == kind
