"""The operation of the contract: a pair of photos as a request, a response as an outcome."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from calibration.sources.photos import Photos
from verikit.contract import Contract
from verikit.contract.encryption import Secrets, url_encoded
from verikit.transport import Answer, Request
from verikit.transport.strict_json import number

_AGAIN = {408, 425, 429}
_CAUSES = {
    404: "no such path on this server",
    405: "no such operation on this server",
    413: "the request is too large for the server, or for a proxy in front of it",
    429: "too many requests: lower --rate or --concurrency",
}
_ROOM = 512 << 20


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result for a pair: a ``score``, the system ``code`` of a refusal, or ``trouble``.

    ``trouble`` says why nothing was measured; ``may_pass``: a retry may succeed.
    """

    score: float | None = None
    code: int | None = None
    trouble: str | None = None
    may_pass: bool = False


class Api(Protocol):
    """Writes the request for a pair of photos, and reads the answer."""

    @property
    def blames_the_request(self) -> Collection[int]:
        """The codes that say a request was wrong, whatever its photos."""

    def request(self, first: str, second: str) -> Request:
        """The request about two photos, by name."""

    def outcome(self, answer: Answer) -> Outcome:
        """The result that an answer contains."""


def not_measured(answer: Answer, missing: str, *, may_pass: bool = False) -> Outcome:
    """The outcome of an answer without a result: status, known cause, and what is missing."""
    cause = f" ({_CAUSES[answer.status]})" if answer.status in _CAUSES else ""
    again = may_pass or answer.is_server_error or answer.status in _AGAIN
    return Outcome(trouble=f"HTTP {answer.status}{cause}: {missing}", may_pass=again)


class EncryptedPhotos:
    """Photos as form values; up to ``room`` bytes of them are kept, so as to encrypt them once."""

    def __init__(self, photos: Photos, secrets: Secrets, room: int = _ROOM) -> None:
        self._photos = photos
        self._secrets = secrets
        self._room = room
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._lock = Lock()  # workers of a cluster may be threads of one process

    def value(self, name: str) -> bytes:
        """The encrypted photo as a URL-encoded form value.

        Raises:
            WrongUse: it cannot be read.
        """
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        value = url_encoded(self._secrets.encrypt_to_base64(self._photos.read(name)))
        with self._lock:
            self._keep(name, value)
        return value

    def _keep(self, name: str, value: bytes) -> None:
        self._held += len(value) - len(self._kept.get(name, b""))
        self._kept[name] = value
        while self._held > self._room:
            _, oldest = self._kept.popitem(last=False)
            self._held -= len(oldest)


class ContractApi:
    """The API of a server that keeps the contract.

    ``blames_the_request`` holds the codes that say a request was wrong, whatever its photos.
    """

    def __init__(
        self, contract: Contract, photos: EncryptedPhotos, options: Mapping[str, bool]
    ) -> None:
        """``options`` are the contract's own, sent with every request."""
        required = [p.name for p in contract.parameters.values() if p.required]
        self._contract = contract
        self._photos = photos
        self._names = [f"{name}=".encode() for name in required]
        self._options = "".join(f"&{name}={str(value).lower()}" for name, value in options.items())
        self._codes = {entry.code for entry in contract.codes.values()}
        self.blames_the_request = {contract.codes["INVALID_ARGUMENT"].code}

    def request(self, first: str, second: str) -> Request:
        """The request about two photos, by name.

        Raises:
            WrongUse: a photo cannot be read.
        """
        values = (self._photos.value(name) for name in (first, second))
        fields = b"&".join(name + value for name, value in zip(self._names, values, strict=True))
        return Request(
            method=self._contract.method,
            path=self._contract.path,
            content_type=self._contract.media_types[0],
            body=fields + self._options.encode(),
        )

    def outcome(self, answer: Answer) -> Outcome:
        """What an answer says of the pair."""
        if not answer.is_server_error:
            code, score = answer.fields.get("code"), number(answer.fields.get("verification_score"))
            if code == self._contract.success_code:
                if score is not None and 0 <= score <= 1:
                    return Outcome(score=score)
            elif isinstance(code, int) and code in self._codes:
                return Outcome(code=code)
        why = f": {answer.no_json}" if answer.no_json else ""
        return not_measured(answer, f"no documented response{why}")
