import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
import requests

from reference_server.refusals import PHOTOS
from verikit.contract import load_contract

CONTRACT = load_contract()
SAMPLES_PER_PIXEL = struct.pack("<HHI", 277, 3, 1)


@pytest.mark.live
def test_what_pillow_minds_about_a_photo_stays_out_of_the_log(
    start_live: Callable[..., Any], draw: Callable[..., bytes], encrypt: Callable[[bytes], str]
) -> None:
    server = start_live()
    tiff = draw(kind="TIFF")
    place = tiff.index(SAMPLES_PER_PIXEL) + len(SAMPLES_PER_PIXEL)
    many = tiff[:place] + struct.pack("<H", 31_337) + tiff[place + 2 :]
    too_many_samples = dict.fromkeys(PHOTOS, encrypt(many))
    url = f"http://127.0.0.1:{server.port}{CONTRACT.path}"
    answer = requests.post(url, data=too_many_samples, timeout=15).json()
    server.stop()
    text = server.log.read_text()
    assert answer["code"] == CONTRACT.codes["INVALID_IMAGE_TYPE"].code
    assert answer["request_id"] in {
        json.loads(line).get("request_id") for line in text.splitlines()
    }
    assert "31337" not in text
