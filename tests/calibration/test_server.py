import asyncio
from dataclasses import replace

import pytest

from calibration.asking.server import EncryptedPhotos, RequestPolicy, Server, Target
from calibration.sources.photos import Folder
from verikit.contract import load_contract

pytestmark = pytest.mark.live
CONTRACT = load_contract()


async def ask(stub, folder, photo):
    target = Target.of(stub.url, key=None, iv=None, timeout=10)
    photos = EncryptedPhotos(Folder(folder), target.secrets)
    server = Server(CONTRACT, target, photos, {}, replace(RequestPolicy(), retries=0, rate=1000))
    try:
        return await server.ask(photo, photo)
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("headers", "body", "trouble"),
    [
        ({"content-encoding": "gzip"}, b"plain", "DecodingError"),
        ({}, b"[" * 200_000 + b"]" * 200_000, "without a documented answer"),
        ({}, b"\xff", "without a documented answer"),
    ],
)
def test_whatever_a_server_says_is_trouble_and_no_crash(stub, people, headers, body, trouble):
    stub.raw = headers, body
    reply = asyncio.run(ask(stub, people, "p00/0.jpg"))
    assert trouble in reply.trouble
    stub.raw = None
    assert asyncio.run(ask(stub, people, "p00/0.jpg")).score > 0.5
