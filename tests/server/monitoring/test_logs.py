import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

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
    answer = requests.post(url, data=too_many_samples, timeout=60).json()
    server.stop()
    text = server.log.read_text()
    assert answer["code"] == CONTRACT.codes["INVALID_IMAGE_TYPE"].code
    assert answer["request_id"] in {
        json.loads(line).get("request_id") for line in text.splitlines()
    }
    assert "31337" not in text


@pytest.mark.parametrize(
    ("headers", "ids"),
    [
        ({"X-Request-ID": "a-1.b_2"}, {"client_request_id": "a-1.b_2"}),
        ({"traceparent": f"00-{'4b' * 16}-{'00f0' * 4}-01"}, {"trace_id": "4b" * 16}),
        ({"traceparent": f"00-{'00' * 16}-{'00f0' * 4}-01"}, {}),
        ({"traceparent": f"ff-{'4b' * 16}-{'00f0' * 4}-01"}, {}),
        ({"X-Request-ID": 'x"\u00e9', "traceparent": "00-1-2-3"}, {}),
        ({"X-Request-ID": "x" * 65}, {}),
    ],
)
def test_ids_of_other_programs_are_taken_over(
    client: FlaskClient,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    ids: dict[str, str],
) -> None:
    caplog.set_level("INFO", "verikit")
    client.post(CONTRACT.path, headers=headers)
    fields = caplog.records[-1].fields  # type: ignore[attr-defined]
    assert {name: fields[name] for name in ("client_request_id", "trace_id") if name in fields} == (
        ids
    )
