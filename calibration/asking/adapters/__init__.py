"""Servers with other APIs: each file writes the request for a pair and reads the response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from calibration.asking.adapters.deepface import DeepFaceApi
from calibration.asking.adapters.face_plus_plus import FacePlusPlusApi
from calibration.asking.adapters.multipart import MultipartApi
from calibration.asking.api import Api, ContractApi, EncryptedPhotos
from calibration.sources.photos import Photos
from verikit.contract import Contract
from verikit.contract.encryption import Secrets

CONTRACT = "contract"
_ADAPTERS: dict[str, Callable[[Photos, Mapping[str, Any], int], Api]] = {
    "deepface": DeepFaceApi,
    "face-plus-plus": FacePlusPlusApi,
    "multipart": MultipartApi,
}
NAMES = (CONTRACT, *_ADAPTERS)


def open_api(  # noqa: PLR0913, PLR0917 - all that one of them takes
    name: str,
    contract: Contract,
    photos: Photos,
    secrets: Secrets,
    options: Mapping[str, bool],
    send: Mapping[str, Any],
) -> Api:
    """The API of that name.

    ``options`` are sent with every request of the contract's API, ``send`` with those of others.
    """
    if name == CONTRACT:
        return ContractApi(contract, EncryptedPhotos(photos, secrets), options)
    return _ADAPTERS[name](photos, send, contract.codes["DETECTION_FAILED"].code)
