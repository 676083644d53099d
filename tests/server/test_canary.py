"""Nothing of a photo, the secrets or a template is left in a log or a file, during or after."""

import base64
import io
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import requests
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image

from reference_server.faces.engine import load_engine
from reference_server.refusals import PHOTOS
from reference_server.request.photo import read_photo
from reference_server.stages import Stages
from verikit.contract import load_contract
from verikit.portraits import head, jpeg

pytestmark = pytest.mark.live

CONTRACT = load_contract()
PIECE = 24


@pytest.fixture(scope="module")
def canary() -> bytes:
    """A portrait like no other, in a file that holds its pixels as they are."""
    portrait = np.asarray(head("collins", 160), np.int16)
    noise = np.random.default_rng().integers(-8, 9, portrait.shape, np.int16)
    file = io.BytesIO()
    Image.fromarray(np.clip(portrait + noise, 0, 255).astype(np.uint8)).save(file, "BMP")
    return file.getvalue()


@pytest.fixture(scope="module")
def template(canary: bytes) -> np.ndarray:
    engine = load_engine()
    face = engine.find(read_photo(canary, CONTRACT.photo_standards), stages=Stages())
    return engine.embed([face.chip])[0]


def pieces(data: bytes, step: int) -> Iterator[bytes]:
    """Parts of the data: raw, in hex, in Base64 wherever its groups of three begin."""
    for start in range(0, len(data) - PIECE + 1, step):
        piece = data[start : start + PIECE]
        yield piece
        yield from (piece.hex().encode(), piece.hex().upper().encode())
        for shift in range(3):
            yield base64.b64encode(piece[shift : shift + 21])[:-1]


def needles(canary: bytes, template: np.ndarray, key: str, iv: str) -> set[bytes]:
    """What may be found nowhere: of photo and pixels by parts, of the template each number too."""
    pixels = read_photo(canary, CONTRACT.photo_standards).pixels
    found = {*pieces(canary, 499), *pieces(pixels.tobytes(), 499)}
    found |= {*pieces(template.tobytes(), 4), *pieces(template.astype(float).tobytes(), 8)}
    found |= {f"{abs(value):.7f}".encode() for value in template}
    for secret in (key.encode(), iv.encode()):
        encoded = base64.b64encode(secret)
        found |= {secret, secret.hex().encode(), secret.hex().upper().encode(), encoded}
    return found


def left_behind(folders: list[Path], since: float) -> Iterator[Path]:
    """Files in the folders that were written since, but links."""
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(FileNotFoundError):  # somebody else's, gone by now
                if path.is_file() and not path.is_symlink() and path.stat().st_mtime >= since:
                    yield path


def open_files(processes: list[psutil.Process]) -> Iterator[Path]:
    """Regular files that processes hold open, among them those without a name."""
    for process in processes:
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            if link.is_file() and not link.readlink().is_relative_to("/dev"):
                yield link


def hits(files: Iterator[Path], wanted: set[bytes]) -> dict[str, list[bytes]]:
    """The files that hold any of it, and what of it."""
    contents = {str(path): path.read_bytes() for path in files}
    found = {path: [each for each in wanted if each in text] for path, text in contents.items()}
    return {path: hit for path, hit in found.items() if hit}


def ask(url: str, photos: tuple[bytes, bytes], key: str, iv: str, **more: str) -> Any:
    encrypt = AESGCM(key.encode()).encrypt
    encrypted = [base64.b64encode(encrypt(iv.encode(), photo, None)).decode() for photo in photos]
    data = dict(zip(PHOTOS, encrypted, strict=True)) | more
    return requests.post(url + CONTRACT.path, data, timeout=60).json()


def test_a_canary_leaves_no_trace(
    start_real: Callable[..., Any], tmp_path: Path, canary: bytes, template: np.ndarray
) -> None:
    key, iv = secrets.token_hex(16), secrets.token_hex(6)
    folders = [tmp_path / name for name in ("home", "temporary", "work")]
    for folder in folders:
        folder.mkdir()
    own = dict(zip(("HOME", "TMPDIR"), map(str, folders), strict=False))
    own |= {CONTRACT.encryption.key_variable: key, CONTRACT.encryption.iv_variable: iv}
    started = tmp_path.stat().st_mtime
    server = start_real("--log-level", "debug", env=os.environ | own, cwd=folders[2])
    parent = psutil.Process(server.process.pid)
    processes = [parent, *parent.children(recursive=True)]

    photos = (canary, jpeg(head("collins", 160)))
    for _ in range(4):
        assert ask(server.url, photos, key, iv)["code"] == CONTRACT.success_code
        ask(server.url, photos, key, iv, auto_rotate="true", check_quality="true")
    ask(server.url, photos, "k" * 32, iv)
    ask(server.url, (canary[:-1000], canary), key, iv)
    requests.get(server.url + "/metrics", timeout=120)

    wanted = needles(canary, template, key, iv)
    places = [tmp_path, Path("/dev/shm")]  # noqa: S108 - looked into
    assert {Path(process.cwd()) for process in processes} == {folders[2]}
    assert hits(open_files(processes), wanted) == {}
    assert hits(left_behind(places, started), wanted) == {}
    assert server.stop() == 0
    assert hits(left_behind(places, started), wanted) == {}
    assert "verification_score" not in server.log.read_text()


def test_the_search_finds_what_is_hidden_in_any_of_these_ways(
    tmp_path: Path, canary: bytes, template: np.ndarray
) -> None:
    key, iv = secrets.token_hex(16), secrets.token_hex(6)
    wanted = needles(canary, template, key, iv)
    pixels = read_photo(canary, CONTRACT.photo_standards).pixels.tobytes()
    secret = [canary, pixels, template.tobytes(), template.astype(float).tobytes()]
    hidden = [
        *secret,
        *(base64.b64encode(b"x" * shift + data) for data in secret for shift in range(3)),
        *(data.hex().encode() for data in secret),
        str(template.tolist()).encode(),
        *(b"..." + text.encode() + b"..." for text in (key, iv)),
    ]
    for number, content in enumerate(hidden):
        path = tmp_path / str(number)
        path.write_bytes(b"a line before\n" + content)
        assert hits(iter([path]), wanted), number
