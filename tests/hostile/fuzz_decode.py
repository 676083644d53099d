"""Coverage-guided fuzzing of all that a body goes through before the face engine.

    python -m tests.hostile.fuzz_decode FOLDER -max_total_time=600

FOLDER keeps the inputs that reached new code; the options are libFuzzer's. Anything but a Refusal
is a crash, as are 5 seconds. Pillow, werkzeug and the server are instrumented, which takes memory
with every input; compiled code is not, but what kills the process is noticed.
"""

from __future__ import annotations

import base64
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris  # type: ignore[import-untyped] # ships none
import numpy as np
from numpy.typing import NDArray

with atheris.instrument_imports(include=["PIL", "werkzeug", "reference_server"]):
    from PIL import Image

    Image.preinit()  # imports the readers, which Pillow does late
    from reference_server.pictures import Photo
    from reference_server.refusals import Refusal
    from reference_server.settings import Settings
    from reference_server.stages import Stages
    from reference_server.verifier import Verifier
    from tests.hostile import png
    from tests.hostile.files import WRITINGS, converted, saved
    from tests.hostile.form import (
        BOUNDARY,
        FIRST,
        MULTIPART,
        QUALITY,
        ROTATE,
        SECOND,
        URL_ENCODED,
        Form,
        encrypted,
        multipart,
        percent_encoded,
    )
    from tests.hostile.odds import dice_for
    from tests.hostile.pictures import noise

LIMITS = ("-timeout=5", "-rss_limit_mb=4096", "-max_len=60000")


class Mirror:
    """In place of the engine: sees that a photo is one."""

    calibrated = True

    def compare(self, first: Photo, second: Photo, **_: object) -> float:
        """A score for two photos as the engine takes them."""
        for photo in (first, second):
            assert photo.pixels.dtype == "uint8"
            assert photo.pixels.shape[2:] == (3,)
            assert photo.pixels.size
            assert photo.orientation in range(1, 9)
        return 0.5

    def align(self, *_: object, **__: object) -> list[NDArray[np.uint8]]:
        """Nothing asks for it here."""
        raise NotImplementedError


SOUND = encrypted(saved(noise(32), "BMP"))
VERIFIER = Verifier(Settings.from_environment({}), Mirror())


def _photo(data: bytes) -> Form:
    """A photo file, encrypted so that its tag fits, and a sound one."""
    return percent_encoded([(FIRST, encrypted(data)), (SECOND, SOUND), (ROTATE, "true")])


def _two_photos(data: bytes) -> Form:
    middle = len(data) // 2
    return multipart([(FIRST, encrypted(data[:middle])), (SECOND, encrypted(data[middle:]))])


def _ciphertext(data: bytes) -> Form:
    text = base64.b64encode(data).decode()
    return percent_encoded([(FIRST, text), (SECOND, encrypted(b"")), (QUALITY, "false")])


def _text(data: bytes) -> Form:
    """What should be Base64."""
    return Form(URL_ENCODED, b"&".join(name.encode() + b"=" + data for name in (FIRST, SECOND)))


def _content_type(data: bytes) -> Form:
    kind, _, body = data.partition(b"\n")
    return Form(kind.decode("latin-1"), body)


ENTRANCES: tuple[Callable[[bytes], Form], ...] = (
    _photo,
    _two_photos,
    _ciphertext,
    _text,
    _content_type,
    lambda data: Form(URL_ENCODED, data),
    lambda data: Form(f"{MULTIPART}; boundary={BOUNDARY}", data),
)
"""What the bytes behind the first one are; the first says which of these."""


def check(data: bytes) -> None:
    """Send the bytes through the server's own code; only refusals are taken."""
    form = ENTRANCES[data[0] % len(ENTRANCES)](data[1:]) if data else Form("", b"")
    with suppress(Refusal):
        VERIFIER.score(VERIFIER.open(form.content_type, form.content, Stages()), Stages())


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """As libFuzzer does it, but inside of a PNG so that its checksums fit."""
    dice = dice_for(seed, 0)
    chunks = png.split(data[1:]) if data[1:9] == png.SIGNATURE else []
    if not chunks or dice.random() < 0.3:
        return bytes(atheris.Mutate(data, most))
    place = dice.randrange(len(chunks))
    body = atheris.Mutate(chunks[place].body, len(chunks[place].body) + 100)
    chunks[place] = png.Chunk(chunks[place].name, body)
    return (data[:1] + png.join(chunks))[:most]


def seeds() -> list[bytes]:
    """A small photo in every writing of every format, and a form of each kind."""
    picture = noise(32)
    photos = [
        saved(converted(picture, mode), kind, **how)
        for kind, writings in WRITINGS.items()
        for mode, how in writings
    ]
    pairs = [(FIRST, encrypted(photos[0])), (SECOND, encrypted(photos[-1])), (ROTATE, "true")]
    typed = URL_ENCODED.encode() + b"\n" + percent_encoded(pairs).content
    forms = [(3, encrypted(photos[0]).encode()), (4, typed), (5, percent_encoded(pairs).content)]
    forms.append((6, multipart(pairs).content))
    return [bytes([0]) + photo for photo in photos] + [bytes([kind]) + data for kind, data in forms]


def main() -> None:
    """Fuzz; the folder, which is the first argument, gets the seeds if it is empty."""
    if len(sys.argv) < 2:
        sys.exit("Name a folder: python -m tests.hostile.fuzz_decode FOLDER -max_total_time=600")
    folder = Path(sys.argv[1])
    if not folder.is_file():  # a file is one input, to be tried again
        plant(folder)
    warnings.filterwarnings("ignore", module="PIL")  # as the server does
    options = (*LIMITS, f"-artifact_prefix={folder}-", *sys.argv[1:])
    atheris.Setup([sys.argv[0], *options], check, custom_mutator=mutate)
    atheris.Fuzz()


def plant(folder: Path) -> None:
    """Put the seeds into a folder that is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        for number, seed in enumerate(seeds()):
            (folder / f"seed-{number:03}").write_bytes(seed)


if __name__ == "__main__":
    main()
