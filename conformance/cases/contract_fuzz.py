"""Valid and invalid requests that schemathesis generates from openapi.yaml.

An encrypted photo is generated as a short token that becomes a recipe; photos of 60 kB would make
generation slow and shrinking hopeless.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import strategies as st

from conformance.requests.recipe import EncryptedPhoto, Encryption, FieldValue, Photo, Request
from conformance.requests.writing import FIRST, QUALITY, ROTATE, SECOND
from verikit.contract import load_contract

_PHOTOS = {
    "photo:ordinary": EncryptedPhoto(),
    "photo:hopper": EncryptedPhoto(photo=Photo(of="hopper")),
    "photo:nobody": EncryptedPhoto(photo=Photo(of="nobody")),
    "photo:text": EncryptedPhoto(photo=Photo(content="text")),
    "photo:tampered": EncryptedPhoto(encryption=Encryption(flip="tag")),
}
_NAMES = {FIRST, SECOND, ROTATE, QUALITY}


@cache
def contract_requests() -> st.SearchStrategy[Request]:
    """A strategy over valid and invalid requests to the operation."""
    # The import takes a second, and only this case needs it.
    import schemathesis  # noqa: PLC0415
    from schemathesis import GenerationMode  # noqa: PLC0415

    schemathesis.openapi.format("encrypted-photo", st.sampled_from(tuple(_PHOTOS)))
    contract = load_contract()
    schema = schemathesis.openapi.from_dict(dict(contract.document))
    operation = schema[contract.path][contract.method]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes]).map(_request)


def _request(case: Any) -> Request:
    body = case.body
    multipart = case.media_type == "multipart/form-data"
    if not isinstance(body, dict):
        literal = body if isinstance(body, str) else json.dumps(body, default=str)
        return Request(literal=literal, content_type=case.media_type)
    return Request(
        first=_photo(body.get(FIRST)),
        second=_photo(body.get(SECOND)),
        auto_rotate=_text(body.get(ROTATE)),
        check_quality=_text(body.get(QUALITY)),
        extra=tuple((str(n), _text(v) or "") for n, v in body.items() if n not in _NAMES),
        body="multipart" if multipart else "urlencoded",
    )


def _photo(value: Any) -> FieldValue:
    return _PHOTOS.get(value) if isinstance(value, str) and value in _PHOTOS else _text(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, default=str)
