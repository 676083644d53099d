"""Asks the server under test about a pair, over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpx

from calibration.sources.photos import Photos
from verikit.contract import Contract
from verikit.contract.encryption import Secrets, url_encoded
from verikit.transport.address import Address

_SERVER_ERROR = 500
_ROOM = 512 << 20


@dataclass(frozen=True, kw_only=True)
class Target:
    """The server to ask: a URL without the operation's path, key and IV, and seconds to wait."""

    url: str
    secrets: Secrets
    timeout: float = 30.0

    @classmethod
    def of(
        cls, url: str, *, key: str | None = None, iv: str | None = None, timeout: float = 30.0
    ) -> Target:
        """A target from what a user types; the operation's own path may be part of the URL.

        Raises:
            WrongUse: no http or https URL, one with a password, or a key or IV of a wrong length.
        """
        return cls(url=Address.for_reports(url).url, secrets=Secrets.of(key, iv), timeout=timeout)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Either ``score``, or the system ``code`` of a refusal, or the ``trouble`` there was."""

    score: float | None = None
    code: int | None = None
    trouble: str | None = None


@dataclass(frozen=True, kw_only=True)
class RequestPolicy:
    """How the server is asked: requests at a time and a second, retries, seconds to wait."""

    concurrency: int = 4
    rate: float = 50.0
    retries: int = 3
    patience: float = 0.5


class EncryptedPhotos:
    """Photos as form values, each encrypted once while they fit into ``room`` bytes."""

    def __init__(self, photos: Photos, secrets: Secrets, room: int = _ROOM) -> None:
        self._photos = photos
        self._secrets = secrets
        self._room = room
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._lock = Lock()  # workers of a cluster may be threads of one process

    def value(self, name: str) -> bytes:
        """The photo, encrypted and written for a form."""
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


class Server:
    """The operation of the contract at a URL."""

    def __init__(
        self,
        contract: Contract,
        target: Target,
        photos: EncryptedPhotos,
        options: Mapping[str, bool],
        policy: RequestPolicy,
    ) -> None:
        self._contract = contract
        self._photos = photos
        self.policy = policy
        self._url = target.url + contract.path
        required = [p.name for p in contract.parameters.values() if p.required]
        self.blames_the_request = {contract.codes["INVALID_ARGUMENT"].code}
        self._names = [f"{name}=".encode() for name in required]
        self._options = "".join(f"&{name}={str(value).lower()}" for name, value in options.items())
        self._headers = {"content-type": contract.media_types[0]}
        self._slot = time.monotonic()
        self.software: str | None = None
        self._client = httpx.AsyncClient(
            timeout=target.timeout,
            limits=httpx.Limits(max_connections=policy.concurrency),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self, first: str, second: str) -> Reply:
        """Compare two photos; trouble that may pass is asked again, ever more patiently."""
        body = self._body(first, second)
        for attempt in range(self.policy.retries + 1):
            if attempt:
                await asyncio.sleep(self.policy.patience * 2 ** (attempt - 1))
            reply, may_pass = await self._ask_once(body)
            if not may_pass:
                break
        return reply

    def _body(self, first: str, second: str) -> bytes:
        values = (self._photos.value(name) for name in (first, second))
        fields = b"&".join(name + value for name, value in zip(self._names, values, strict=True))
        return fields + self._options.encode()

    async def _ask_once(self, body: bytes) -> tuple[Reply, bool]:
        await self._wait_for_slot()
        try:
            response = await self._client.request(
                self._contract.method, self._url, content=body, headers=self._headers
            )
        except httpx.TimeoutException:
            return Reply(trouble="no answer in time"), True
        except httpx.RequestError as error:
            return Reply(trouble=f"connection failed: {type(error).__name__}"), True
        self.software = response.headers.get("server", self.software)
        return self._read(response), response.status_code >= _SERVER_ERROR

    async def _wait_for_slot(self) -> None:
        now = time.monotonic()
        self._slot = max(now, self._slot + 1 / self.policy.rate)
        await asyncio.sleep(self._slot - now)

    def _read(self, response: httpx.Response) -> Reply:
        try:
            fields = response.json()
        except (ValueError, RecursionError):
            fields = None
        if response.status_code < _SERVER_ERROR and isinstance(fields, dict):
            reply = self._judge(fields)
            if reply:
                return reply
        return Reply(trouble=f"HTTP {response.status_code} without a documented answer")

    def _judge(self, fields: Mapping[str, Any]) -> Reply | None:
        code, score = fields.get("code"), fields.get("verification_score")
        if code == self._contract.success_code:
            if not isinstance(score, int | float) or isinstance(score, bool):
                return None
            return Reply(score=float(score)) if 0 <= score <= 1 else None
        documented = any(entry.code == code for entry in self._contract.codes.values())
        return Reply(code=code) if documented else None
