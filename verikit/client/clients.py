"""The clients: one for plain code, one for ``async`` code, alike in everything else."""

from __future__ import annotations

import re
import time
from types import TracebackType
from typing import Self

import anyio
import anyio.to_thread
import httpx

from verikit.client.answers import Verification
from verikit.client.errors import InvalidSetting, TimedOut, Unreachable
from verikit.client.form import MEDIA_TYPE, Photo, form
from verikit.client.reading import read_answer
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.errors import AddressError, SecretError
from verikit.transport.address import DEFAULT_URL, Address

CONTRACT = load_contract()
TIMEOUT_SECONDS = 30.0
RETRIES = 2
_HEADERS = {"Content-Type": MEDIA_TYPE, "Accept": "application/json"}
_FIRST_PAUSE = 0.2
LONGEST_WAIT_SECONDS = 10
_SECONDS = re.compile(r"[0-9]{1,4}")


class _Settings:
    """What both clients know: where the server is, its secrets, how often to try again."""

    def __init__(self, url: str, key: str | None, iv: str | None, retries: int) -> None:
        self.url = base_url(url)
        self.retries = retries
        try:
            self._secrets = Secrets.of(key, iv)
        except SecretError as error:
            raise InvalidSetting(str(error)) from None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_shown(self.url)!r})"

    def _form(self, first: Photo, second: Photo, **options: bool) -> bytes:
        return form(first, second, options, self._secrets)

    def _request(self, http: httpx.Client | httpx.AsyncClient, body: bytes) -> httpx.Request:
        return http.build_request(
            CONTRACT.method, self.url + CONTRACT.path, content=body, headers=_HEADERS
        )

    def _pause(self, tried: int, error: httpx.RequestError) -> float:
        """Seconds to wait before the next try; after the last one the error is raised.

        A server keeps nothing between requests, so asking again after a broken connection changes
        nothing. After a time-out it would: a server with too much to do would get more.
        """
        if isinstance(error, httpx.TimeoutException) and not isinstance(
            error, httpx.ConnectTimeout
        ):
            raise TimedOut(f"{_shown(self.url)} did not answer in time.") from error
        if tried >= self.retries:
            why = str(error) or type(error).__name__
            raise Unreachable(f"No server answers at {_shown(self.url)} ({why}).") from error
        return float(_FIRST_PAUSE * 2**tried)

    def _told_to_wait(self, tried: int, answer: httpx.Response) -> float | None:
        """Seconds after which a server that turned the request away wants to be asked again.

        RFC 9110, section 10.2.3; a server is not waited for at length, nor until a date.
        """
        seconds = answer.headers.get("Retry-After", "")
        turned_away = answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
        if not turned_away or tried >= self.retries or not _SECONDS.fullmatch(seconds):
            return None
        return float(seconds) if float(seconds) <= LONGEST_WAIT_SECONDS else None


class Client(_Settings):
    """Asks a server whether two photos show one person.

    A client keeps its connections open and may be shared between threads; close it, or use it in
    a ``with`` statement.

    Args:
        url: where the server is, with or without the path of the operation.
        key: the key that server and client share; by default the documented environment variable
            (``PARAM_DECRYPT_KEY``), else the documented default.
        iv: the IV, likewise (``PARAM_DECRYPT_IV``).
        timeout: seconds to wait for a connection, for the next bytes sent, or for an answer.
        retries: further tries where no connection was made, it broke before the answer, or a
            server that has too much to do says when to ask again (``Retry-After``, up to ten
            seconds); never after a time-out or another answer.
        http: an ``httpx.Client`` of your own, for certificates, proxies or other time-outs. It
            stays yours to close, and ``timeout`` does not change it.

    Raises:
        InvalidSetting: the URL, the key or the IV makes no sense.

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
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(url, key, iv, retries)
        self._http = http or httpx.Client(timeout=timeout)
        self._owned = http is None

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
        body = self._form(first, second, auto_rotate=auto_rotate, check_quality=check_quality)
        tried = 0
        while True:
            try:
                answer = self._http.send(self._request(self._http, body))
                pause = self._told_to_wait(tried, answer)
            except httpx.RequestError as error:
                pause = self._pause(tried, error)
            if pause is None:
                return read_answer(answer.status_code, answer.content)
            time.sleep(pause)
            tried += 1

    def close(self) -> None:
        """Close the connections."""
        if self._owned:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(_Settings):
    """:class:`Client` for ``async`` code, on asyncio or trio; takes and raises the same.

    ``http`` is an ``httpx.AsyncClient``.

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
        http: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(url, key, iv, retries)
        self._http = http or httpx.AsyncClient(timeout=timeout)
        self._owned = http is None

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
        body = await anyio.to_thread.run_sync(
            lambda: self._form(first, second, auto_rotate=auto_rotate, check_quality=check_quality)
        )
        tried = 0
        while True:
            try:
                answer = await self._http.send(self._request(self._http, body))
                pause = self._told_to_wait(tried, answer)
            except httpx.RequestError as error:
                pause = self._pause(tried, error)
            if pause is None:
                return read_answer(answer.status_code, answer.content)
            await anyio.sleep(pause)
            tried += 1

    async def aclose(self) -> None:
        """Close the connections."""
        if self._owned:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def base_url(url: str) -> str:
    """The URL without the operation's path, as users type both.

    Raises:
        InvalidSetting: it is no http or https URL.
    """
    try:
        base = Address.of(url).url
        httpx.URL(base)  # knows more about names than the standard library
    except (AddressError, httpx.InvalidURL) as error:
        raise InvalidSetting(f"{error}.") from None
    return base


def _shown(url: str) -> str:
    """The URL without user name and password."""
    return str(httpx.URL(url).copy_with(userinfo=b""))
