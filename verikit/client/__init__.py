"""A client for servers that keep the contract: two photos in, a score out.

>>> from verikit.client import Client, DetectionFailed
>>> with Client("http://127.0.0.1:3000") as client:  # doctest: +SKIP
...     try:
...         answer = client.verify("passport.jpg", "selfie.jpg", auto_rotate=True)
...     except DetectionFailed as refusal:
...         print("no face in the", refusal.photo, "photo")
...     else:
...         print(answer.score, answer.matches(at_rate=1 / 10_000))
0.93 True

:class:`AsyncClient` does the same with ``await``. Every error is a :class:`ClientError`.
Install it with ``pip install '.[client]'`` in the project's folder.
"""

from verikit.client.answers import ErrorRate, Verification, threshold_for
from verikit.client.clients import AsyncClient, Client
from verikit.client.errors import (
    AbnormalAnswer,
    ClientError,
    DetectionFailed,
    FaceOcclusion,
    InvalidArgument,
    InvalidContentLength,
    InvalidImageSize,
    InvalidImageType,
    InvalidSetting,
    TimedOut,
    UndocumentedAnswer,
    Unreachable,
    VerificationRefused,
)
from verikit.client.form import Photo
from verikit.contract.encryption import Secrets

__all__ = [
    "AbnormalAnswer",
    "AsyncClient",
    "Client",
    "ClientError",
    "DetectionFailed",
    "ErrorRate",
    "FaceOcclusion",
    "InvalidArgument",
    "InvalidContentLength",
    "InvalidImageSize",
    "InvalidImageType",
    "InvalidSetting",
    "Photo",
    "Secrets",
    "TimedOut",
    "UndocumentedAnswer",
    "Unreachable",
    "Verification",
    "VerificationRefused",
    "threshold_for",
]
