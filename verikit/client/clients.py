"""The clients: one for plain code, one for ``async`` code, alike in everything else."""

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
    """What both clients know: where the server is, its secrets, how often to try again."""

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
        """Seconds to wait before the next try; after the last one the error is raised.

        A server keeps nothing between requests, so asking again after a broken connection changes
        nothing. After a time-out it would: a server with too much to do would get more.
        """
        if isinstance(error, errors.TimedOut):
            raise TimedOut(f"{error}.") from error
        if tried >= self.retries or not error.may_pass:
            raise Unreachable(f"{error}.") from error
        return float(_RANDOM.uniform(0.5, 1) * _FIRST_PAUSE * 2**tried)

    def _told_to_wait(self, tried: int, answer: Answer) -> float | None:
        """Seconds after which a server that turned the request away wants to be asked again.

        RFC 9110, section 10.2.3; a server is not waited for at length, nor until a date. Clients
        that were turned away together come back up to a second apart.
        """
        seconds = answer.headers.get("retry-after", "")
        turned_away = answer.status >= 500 or answer.status == TOO_MANY_REQUESTS
        if not turned_away or tried >= self.retries or not _SECONDS.fullmatch(seconds):
            return None
        if int(seconds) > LONGEST_WAIT_SECONDS:
            return None
        return int(seconds) + _RANDOM.random()

    def _read(self, answer: Answer) -> Verification:
        if why := self._endpoint.turned_away(answer):
            raise UndocumentedAnswer(answer.status, f"{why}.")
        if answer.is_compressed:
            raise UndocumentedAnswer(
                answer.status, "the response is compressed without being asked for"
            )
        return read_answer(answer.status, answer.body)


class Client(_Settings, Closing):
    """Asks a server whether two photos show one person.

    A client keeps its connections open and may be shared between threads; close it, or use it in
    a ``with`` statement.

    Args:
        url: where the server is, with or without the path of the operation.
        key: the key that server and client share; by default the documented environment variable
            (``PARAM_DECRYPT_KEY``), else the documented default.
        iv: the IV, likewise (``PARAM_DECRYPT_IV``).
        timeout: seconds to wait for a connection, or for the next bytes of the answer; the whole
            exchange may take twice as long.
        retries: further tries where no connection was made, it broke before the answer, or a
            server that has too much to do says when to ask again (``Retry-After``, up to ten
            seconds); never after a time-out or another answer.
        access: headers, certificates and a proxy, as ``Access.of(ca_file=...)`` of
            ``verikit.transport`` makes it; by default the environment's.

    Raises:
        InvalidSetting: the URL, the key, the IV or the environment's proxy makes no sense.

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
            first: bytes of a photo's file, its path, or an open binary file.
            second: the other photo.
            auto_rotate: have the server turn photos whose face does not stand upright.
            check_quality: have it refuse photos whose face is partially covered.

        Raises:
            VerificationRefused: the server refused the photos; a subclass for each system code.
            AbnormalAnswer: it answered without a score for another reason.
            Unreachable: it did not answer.
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
    """:class:`Client` for ``async`` code, on asyncio or trio; takes and raises the same.

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

        Photos are read and encrypted in a thread, so that others are not held up.
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
