"""The users of a load test, as Locust classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar

import gevent
from locust import User, task
from locust.env import Environment

from loadtests.generator.cases import Case
from loadtests.generator.session import Session
from verikit.errors import Unreachable
from verikit.transport import Answer, Connection, Request

_PIECES = 20


class _SessionUser(User):
    """A user of the current session, with one connection.

    When Locust sends it away, an answer under way is awaited.
    """

    abstract = True
    join: ClassVar[Callable[[], Session]]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.session = type(self).join()
        self.session.enter(self)
        self.connection = Connection(self.session.endpoint)
        self.waiting = True

    def on_stop(self) -> None:
        """Close the connection."""
        self.connection.close()

    def stop(self, force: bool = False) -> bool:
        """Leave, at once if no request is under way."""
        self.session.leave(self)
        left: bool = super().stop(force=force or self.waiting)
        return left

    def ask(self, request: Request) -> Answer | Unreachable:
        """The answer to a request, or why there is none."""
        try:
            return self.connection.ask(request)
        except Unreachable as error:
            return error
        except BaseException:
            self.session.abandoned()
            raise

    def answered(self, case: Case, name: str, due: float, answer: Answer | Unreachable) -> None:
        """Have an answer judged, and tell Locust of it."""
        failure = self.session.answered(case, due, answer)
        self.environment.events.request.fire(
            request_type=case.request.method,
            name=name,
            response_time=(self.session.clock() - due) * 1000,
            response_length=len(answer.body) if isinstance(answer, Answer) else 0,
            exception=AssertionError(failure) if failure else None,
            context={},
        )


class Client(_SessionUser):
    """Asks for comparisons, one after the other, when the session says so."""

    @task
    def verify(self) -> None:
        """Send one request and have its answer judged."""
        self.waiting = True
        due = self.session.next_due()
        self.waiting = False
        case = self.session.next_case()
        self.answered(case, case.kind, due, self.ask(case.request))


class SlowClient(_SessionUser):
    """Sends its body in pieces over many seconds; its latency counts from the last piece."""

    @task
    def verify(self) -> None:
        """Send one request slowly, over a connection of its own, and have its answer judged."""
        self.waiting = True
        self.session.next_slow()
        self.waiting = False
        case = self.session.next_case()
        self.sent = self.session.clock()
        answer = self.ask(replace(case.request, pieces=self._slowly(case.request.body)))
        self.connection.close()
        self.answered(case, f"{case.kind} (slow client)", self.sent, answer)

    def _slowly(self, body: bytes) -> Iterator[bytes]:
        size = -(-len(body) // _PIECES)
        for start in range(0, len(body), size):
            gevent.sleep(self.session.profile.slow_seconds / _PIECES)
            yield body[start : start + size]
        self.sent = self.session.clock()
