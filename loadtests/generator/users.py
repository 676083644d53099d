"""The users of a load test, as Locust knows them."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, User, task
from locust.env import Environment

from loadtests.generator.cases import Case
from loadtests.generator.session import Session
from verikit.contract import load_contract

_CONTRACT = load_contract()
_HEADERS = {"Content-Type": _CONTRACT.media_types[0]}
_PIECES = 20


class _SessionUser(User):
    """A user of the current session: when Locust sends it away, an answer under way is awaited."""

    abstract = True
    join: ClassVar[Callable[[], Session]]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.session = type(self).join()
        self.session.enter(self)
        self.waiting = True

    def stop(self, force: bool = False) -> bool:
        """Leave, at once if no request is under way."""
        self.session.leave(self)
        left: bool = super().stop(force=force or self.waiting)
        return left


class Client(_SessionUser, FastHttpUser):
    """Asks for comparisons, one at a time over one connection, when the session says so."""

    concurrency = 1

    @task
    def verify(self) -> None:
        """Send one request and have its answer judged."""
        self.waiting = True
        due = self.session.next_due()
        self.waiting = False
        case = self.session.next_case()
        try:
            response = self.client.request(
                _CONTRACT.method,
                _CONTRACT.path,
                name=case.kind,
                data=case.body,  # type: ignore[arg-type] # bytes are sent as they are
                headers=_HEADERS,
                catch_response=True,
            )
        except BaseException:
            self.session.abandoned()
            raise
        with response:
            error = getattr(response, "error", None)
            failure = self.session.answered(
                case, due, response.status_code, response.content, error
            )
            if failure:
                response.failure(failure)
            else:
                response.success()


class SlowClient(_SessionUser):
    """Sends its body in pieces over many seconds; its latency counts from the last piece."""

    @task
    def verify(self) -> None:
        """Send one request slowly and have its answer judged."""
        self.waiting = True
        self.session.next_slow()
        self.waiting = False
        case = self.session.next_case()
        try:
            due, status, body, error = self._exchange(case)
        except BaseException:
            self.session.abandoned()
            raise
        failure = self.session.answered(case, due, status, body, error)
        self.environment.events.request.fire(
            request_type=_CONTRACT.method,
            name=f"{case.kind} (slow client)",
            response_time=(self.session.clock() - due) * 1000,
            response_length=len(body or b""),
            exception=AssertionError(failure) if failure else None,
            context={},
        )

    def _exchange(self, case: Case) -> tuple[float, int, bytes | None, Any]:
        """When the body was out, HTTP status, body of the answer, and the error if there is one."""
        target = urlsplit(self.host or "")
        kind = (
            http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(target.netloc.rpartition("@")[2], timeout=self.session.profile.timeout)
        due = self.session.clock()
        try:
            self._send_slowly(connection, case.body)
            due = self.session.clock()
            response = connection.getresponse()
            return due, response.status, response.read(), None
        except (OSError, http.client.HTTPException) as error:
            return due, 0, None, error
        finally:
            connection.close()

    def _send_slowly(self, connection: http.client.HTTPConnection, body: bytes) -> None:
        connection.putrequest(_CONTRACT.method, _CONTRACT.path)
        for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders()
        size = -(-len(body) // _PIECES)
        for start in range(0, len(body), size):
            gevent.sleep(self.session.profile.slow_seconds / _PIECES)
            connection.send(body[start : start + size])
