"""The clients: a synchronous and an asynchronous one."""

from __future__ import annotations

import re
import time
from random import SystemRandom

import anyio
import anyio.to_thread

from verikit import errors
from verikit.client.answers import Verification
from verikit.client.errors import InvalidSetting, TimedOut, UndocumentedAnswer, Unreachable
from verikit.client.form import MEDIA_TYPE, Photo, form
from verikit.client.reading import read_answer
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.transport import (
    DEFAULT_URL,
    TIMEOUT_SECONDS,
    Access,
    Address,
    Answer,
    Endpoint,
    Pool,
    Request,
)
from verikit.transport.async_connection import AsyncPool
from verikit.transport.closing import AsyncClosing, Closing

CONTRACT = load_contract()
RETRIES = 2
TOO_MANY_REQUESTS = 429
_FIRST_PAUSE = 0.2
LONGEST_WAIT_SECONDS = 10
_RANDOM = SystemRandom()
_SECONDS = re.compile(r"[0-9]{1,4}")


class _Settings:
    """The state of both clients: the server, its secrets, and the number of retries."""

    def __init__(  # noqa: PLR0913, PLR0917 - settings, handed on by the clients alone
        self,
        url: str,
        key: str | None,
        iv: str | None,
        timeout: float,
        retries: int,
        access: Access | None,
    ) -> None:
        self.retries = retries
        try:
            self._secrets = Secrets.of(key, iv)
            self._endpoint = Endpoint(
                address=Address.of(url), access=access or Access.of(), timeout=timeout
            )
        except errors.AddressError as error:
            raise InvalidSetting(f"{error}.") from None
        except errors.WrongUse as error:
            raise InvalidSetting(str(error)) from None
        self.url = self._endpoint.address.url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._endpoint.address.shown!r})"

    def _request(self, first: Photo, second: Photo, **options: bool) -> Request:
        body = form(first, second, options, self._secrets)
        return Request(
            method=CONTRACT.method, path=CONTRACT.path, content_type=MEDIA_TYPE, body=body
        )

    def _pause(self, tried: int, error: errors.Unreachable) -> float:
        """Seconds to wait before the next try; after the last one, the error is raised.

        The server keeps nothing between requests, so a retry after a lost connection is safe. A
        retry after a timeout would add to the load of a busy server.
        """
        if isinstance(error, errors.TimedOut):
            raise TimedOut(f"{error}.") from error
        if tried >= self.retries or not error.may_pass:
            raise Unreachable(f"{error}.") from error
        return float(_RANDOM.uniform(0.5, 1) * _FIRST_PAUSE * 2**tried)

    def _told_to_wait(self, tried: int, answer: Answer) -> float | None:
        """Seconds after which a busy server wants a retry (RFC 9110, section 10.2.3).

        Long waits and dates are ignored. Up to a random second is added, so that clients that
        were refused together do not return together.
        """
        seconds = answer.headers.get("retry-after", "")
        busy = answer.is_server_error or answer.status == TOO_MANY_REQUESTS
        if not busy or tried >= self.retries or not _SECONDS.fullmatch(seconds):
            return None
        if int(seconds) > LONGEST_WAIT_SECONDS:
            return None
        return int(seconds) + _RANDOM.random()

    def _read(self, answer: Answer) -> Verification:
        if why := self._endpoint.interception(answer):
            raise UndocumentedAnswer(answer.status, f"{why}.")
        if answer.is_compressed:
            raise UndocumentedAnswer(
                answer.status, "the response is compressed without being asked for"
            )
        return read_answer(answer.status, answer.body)


class Client(_Settings, Closing):
    """A client that asks a server whether two photos show the same person.

    It keeps its connections open and can be shared between threads. Close it, or use it in a
    ``with`` statement.

    Args:
        url: the URL of the server, with or without the path of the operation.
        key: the key of the server; by default the environment variable ``PARAM_DECRYPT_KEY``, or
            else the documented key.
        iv: the IV of the server; by default ``PARAM_DECRYPT_IV``, or else the documented IV.
        timeout: seconds to wait for a connection, or for the next bytes of the response. A
            complete exchange may take twice as long.
        retries: how often to retry if no connection was made, if it was lost before the response,
            or if a busy server sends ``Retry-After`` (up to ten seconds). Timeouts and other
            responses are never retried.
        access: headers, certificates and a proxy, made by ``Access.of(ca_file=...)`` from
            ``verikit.transport``; by default those of the environment.

    Raises:
        InvalidSetting: the URL, the key, the IV or the environment's proxy is invalid.

    Example:
        >>> client = Client("https://faces.example", timeout=10)
        >>> client.verify("passport.jpg", camera_bytes).matches()  # doctest: +SKIP
        True
    """

    def __init__(  # noqa: PLR0913 - settings, each by its name
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        iv: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        access: Access | None = None,
    ) -> None:
        super().__init__(url, key, iv, timeout, retries, access)
        self._pool = Pool(self._endpoint)

    def verify(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
    ) -> Verification:
        """Compare the faces in two photos.

        Args:
            first: a photo, as the bytes of its file, its path, or an open binary file.
            second: the other photo.
            auto_rotate: let the server rotate photos whose face is not upright.
            check_quality: let the server refuse photos whose face is partially covered.

        Raises:
            VerificationRefused: the server refused the photos; a subclass for each system code.
            AbnormalAnswer: the response has no score for another reason.
            Unreachable: there was no response.
            OSError: a photo cannot be read.
        """
        request = self._request(first, second, auto_rotate=auto_rotate, check_quality=check_quality)
        tried = 0
        while True:
            try:
                answer = self._pool.ask(request)
                pause = self._told_to_wait(tried, answer)
            except errors.Unreachable as error:
                pause = self._pause(tried, error)
            if pause is None:
                return self._read(answer)
            time.sleep(pause)
            tried += 1

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class AsyncClient(_Settings, AsyncClosing):
    """The asynchronous :class:`Client`, for asyncio or trio, with the same arguments and errors.

    Example:
        >>> async def same_person() -> bool:
        ...     async with AsyncClient() as client:
        ...         answer = await client.verify("passport.jpg", "selfie.jpg")
        ...     return answer.matches(at_rate=1 / 100_000)
    """

    def __init__(  # noqa: PLR0913 - settings, each by its name
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        iv: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        access: Access | None = None,
    ) -> None:
        super().__init__(url, key, iv, timeout, retries, access)
        self._pool = AsyncPool(self._endpoint)

    async def verify(
        self,
        first: Photo,
        second: Photo,
        *,
        auto_rotate: bool = False,
        check_quality: bool = False,
    ) -> Verification:
        """Compare the faces in two photos: see :meth:`Client.verify`.

        Photos are read and encrypted in a thread, so that other tasks are not blocked.
        """
        request = await anyio.to_thread.run_sync(
            lambda: self._request(
                first, second, auto_rotate=auto_rotate, check_quality=check_quality
            )
        )
        tried = 0
        while True:
            try:
                answer = await self._pool.ask(request)
                pause = self._told_to_wait(tried, answer)
            except errors.Unreachable as error:
                pause = self._pause(tried, error)
            if pause is None:
                return self._read(answer)
            await anyio.sleep(pause)
            tried += 1

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()
