"""The errors of the client.

ClientError
├── InvalidSetting              the URL, the key or the IV is invalid (also a ValueError)
├── Unreachable                 no response: no connection, or it was lost (also a ConnectionError)
│   └── TimedOut                no response in time (also a TimeoutError)
└── AbnormalAnswer              a response without a score
    ├── UndocumentedAnswer      not in the contract, such as a proxy's page
    └── VerificationRefused     with a documented system code
        ├── InvalidArgument         a parameter is malformed, or the key or IV is wrong
        ├── InvalidImageSize        width or height is outside the photo standards
        ├── InvalidContentLength    the file is outside the photo standards
        ├── InvalidImageType        not a photo in an accepted format, or damaged
        ├── DetectionFailed         no face was found
        └── FaceOcclusion           parts of a face are covered

Most refusals mean "take the photo again"; the other errors are about the server or the settings.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from verikit.contract import SystemCode, load_contract
from verikit.errors import WrongUse
from verikit.foreign_text import shown

CONTRACT = load_contract()
PHOTOS = tuple(p.name for p in CONTRACT.parameters.values() if p.type == "string")
"""The parameters that carry the two photos, the first one first."""


class ClientError(Exception):
    """The base of all errors of the client; the message is one sentence."""


class InvalidSetting(ClientError, WrongUse, ValueError):  # noqa: N818 - it names what was found
    """The URL, the key or the IV is invalid; the message says which, and what it must be."""


class Unreachable(ClientError, ConnectionError):  # noqa: N818 - it names what was found
    """There was no response; the message gives the address and the reason."""


class TimedOut(Unreachable, TimeoutError):  # noqa: N818 - it names what was found
    """There was no response in time; the server may have processed the request."""


class AbnormalAnswer(ClientError):  # noqa: N818 - it names what was found
    """The response has no score.

    Attributes:
        status: the HTTP status.
        message: the server's message; untrusted text.
        code: the ``code`` of the response, None if it has none.
        request_id: the server's ID of this request, None if it gave none.
    """

    def __init__(
        self, status: int, message: str, code: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(status, message, code, request_id)
        self.status = status
        self.message = message
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        number = f"HTTP {self.status}" if self.code is None else str(self.code)
        request = f" (request {shown(self.request_id, limit=100)})" if self.request_id else ""
        return f"{number} {shown(self.message)}{request}"


class UndocumentedAnswer(AbnormalAnswer):
    """The response is not in the contract; it may come from a proxy or another service."""


class VerificationRefused(AbnormalAnswer):
    """The server refused the request with a documented system code.

    There is a subclass for each code; ``name`` is the code's name in the contract.
    """

    name: ClassVar[str]

    @property
    def system_code(self) -> SystemCode:
        """The contract's entry: number, documented message, HTTP status."""
        return CONTRACT.codes[self.name]

    @property
    def photo(self) -> Literal["first", "second"] | None:
        """The photo that the server's message names, if it names one."""
        first, second = (name in self.message for name in PHOTOS)
        if first == second:
            return None
        return "first" if first else "second"


class InvalidArgument(VerificationRefused):
    """A parameter is missing or malformed, or a photo does not decrypt with the server's key."""

    name = "INVALID_ARGUMENT"


class InvalidImageSize(VerificationRefused):
    """Width or height of a photo in pixels is outside the photo standards."""

    name = "INVALID_IMAGE_SIZE"


class InvalidContentLength(VerificationRefused):
    """The size of a photo's file is outside the photo standards."""

    name = "INVALID_CONTENT_LENGTH"


class InvalidImageType(VerificationRefused):
    """A file is not a photo in an accepted format, or it is damaged."""

    name = "INVALID_IMAGE_TYPE"


class DetectionFailed(VerificationRefused):
    """No face was found in a photo."""

    name = "DETECTION_FAILED"


class FaceOcclusion(VerificationRefused):
    """A face was found, but its eyes, nose or mouth are partially covered."""

    name = "FACE_OCCLUSION"


REFUSALS = {kind.name: kind for kind in VerificationRefused.__subclasses__()}
"""The class of each system code, by the code's name."""
