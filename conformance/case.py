"""A requirement, a case, and the context in which a case runs against a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, is_dataclass
from http import HTTPStatus
from threading import Lock
from typing import Any

from packaging.version import Version

from conformance.errors import CouldNotJudge
from conformance.judging.answers import Violation, violations
from conformance.judging.outcome import ACCEPTED, describe_actual, outcome
from conformance.judging.verdicts import Finding, Level, Verdict
from conformance.requests.exchange import Answer, Exchange, Target, exchange, in_a_row
from conformance.requests.photos.portraits import ORDINARY_SIDE
from conformance.requests.recipe import EncryptedPhoto, Photo, Request, fitted
from verikit.contract.profile import MADE, Profile
from verikit.errors import WrongUse


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One sentence of the API page that binds a server, reworded."""

    id: str
    since: str
    """The release that introduced it."""
    level: Level
    heading: str
    text: str
    covers: tuple[str, ...] = ()
    """JSON pointers into openapi.yaml."""
    untestable: str = ""

    def frozen_content(self) -> dict[str, Any]:
        """The content that must not change after release."""
        return {"id": self.id, "level": self.level, "untestable": bool(self.untestable)}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One test. A plain failure breaks ``requires[0]``."""

    id: str
    since: str
    """The release that introduced it."""
    title: str
    requires: tuple[str, ...]
    play: Callable[[CaseContext], Iterable[Finding]]
    group: str
    needs: tuple[str, ...] = ()
    """``photos``: it needs a vendor's own photos."""
    readings: tuple[str, ...] = ()
    """Readings on which the expected outcome depends as well."""
    invariant: bool = False
    """Whether it judges the answers of all other cases, after them."""
    alone: bool = True
    """The request of a finding shows it by itself; else the case has to be played again."""

    def frozen_content(self) -> dict[str, Any]:
        """The content that must not change after release; the code of a Python case may."""
        row: dict[str, Any] = vars(self.play) if is_dataclass(self.play) else {}
        return {"id": self.id, "requires": self.requires, "needs": self.needs, **row}


People = Mapping[str, Sequence[Photo]]


@dataclass(frozen=True)
class Logged:
    """An exchange, and the violations in its answer that do not depend on the request."""

    exchange: Exchange
    violations: tuple[Violation, ...]


class Log:
    """Every exchange of a run, for the invariants.

    The bytes sent are kept only if something is wrong with the answer.
    """

    def __init__(self) -> None:
        self._entries: list[Logged] = []
        self._lock = Lock()

    def add(self, one: Exchange, found: tuple[Violation, ...]) -> Logged:
        """Keep one more answer."""
        entry = Logged(one if found else one.without_sent(), found)
        with self._lock:
            self._entries.append(entry)
        return entry

    def all(self) -> list[Logged]:
        """The exchanges so far, in the order of their answers."""
        with self._lock:
            return list(self._entries)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The settings and the log that all cases of a run share."""

    target: Target
    profile: Profile
    release: str
    requirements: Mapping[str, Requirement]
    people: People
    own_photos: bool = False
    seed: int = 0
    examples: int = 0
    log: Log = field(default_factory=Log)

    def judged(self, one: Exchange) -> Logged:
        """Judge one more answer regardless of its request, and keep it."""
        return self.log.add(one, tuple(violations(one, self.profile, self.target.secrets)))

    def scores(self, since: str) -> bool:
        """Whether content of release ``since`` is scored."""
        return Version(since) <= Version(self.release)

    def binds(self, requirement: str) -> Verdict | None:
        """The verdict for breaking a requirement.

        None if the page leaves it open, or the requirement is newer than the scored release.
        """
        if not self.scores(self.requirements[requirement].since):
            return None
        level = self.requirements[requirement].level
        if level is Level.MUST or self.profile.binds(requirement):
            return Verdict.FAILED
        return Verdict.WARNING if level is Level.SHOULD else None

    def leaves_open(self, reading: str) -> bool:
        """Whether nothing binds the server to a reading."""
        return self.binds(reading) is not Verdict.FAILED


@dataclass(frozen=True, kw_only=True)
class CaseContext:
    """One case and its server; every exchange is logged under the case's ID."""

    case: Case
    environment: Environment
    ordinary_outcome: str | int | None = None
    """The outcome for two ordinary photos before the cases began."""

    @property
    def profile(self) -> Profile:
        """What is known about the server."""
        return self.environment.profile

    def fitted(self, request: Request) -> Request:
        """The request, completed with a size and format that are ordinary for this server."""
        return fitted(request, *ordinary(self.profile))

    def ask(self, request: Request) -> Exchange:
        """Send one request."""
        return self.ask_judged(request)[0]

    def ask_judged(self, request: Request) -> tuple[Exchange, tuple[Violation, ...]]:
        """Send one request; return its exchange and the violations in the answer."""
        one = exchange(self.environment.target, self.case.id, self.fitted(request))
        return one, self.environment.judged(one).violations

    def in_a_row(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send the requests one after another over one connection."""
        fit = [self.fitted(request) for request in requests]
        exchanges = in_a_row(self.environment.target, self.case.id, fit)
        for one in exchanges:
            self.environment.judged(one)
        return exchanges

    def together(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send all requests at the same time; the exchanges are in the order of the requests."""
        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(self.ask, requests))

    def compare(self, first: Photo, second: Photo, **options: str) -> Exchange:
        """Send two photos; ``options`` are the optional parameters by name."""
        encrypted = {"first": EncryptedPhoto(photo=first), "second": EncryptedPhoto(photo=second)}
        return self.ask(Request(**encrypted, **options))  # type: ignore[arg-type]

    def score(self, first: Photo, second: Photo, **options: str) -> float:
        """The score of two photos.

        Raises:
            NotCompared: the server did not compare them.
        """
        return score_of(self.compare(first, second, **options))

    def differs(self, alone: Exchange, other: Exchange) -> list[Finding]:
        """A finding if the outcome, or the score, is another than of the same request alone."""
        same = outcome(alone.answer) == outcome(other.answer)
        if same and outcome(alone.answer) == ACCEPTED:
            same = abs(score_of(alone) - score_of(other)) <= self.profile.score_tolerance
        if same:
            return []
        if alone.answer and alone.answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            alone, other = other, alone  # what fails now and then may have failed alone
        expected = f"the same response whenever it is sent, such as {describe_actual(alone)}"
        return self.finding(expected, other)

    def finding(
        self,
        expected: str,
        one: Exchange | None = None,
        *,
        actual: str = "",
        breaks: str | None = None,
        also: tuple[str, ...] = (),
    ) -> list[Finding]:
        """A finding against a requirement, or none if the page leaves it open.

        ``actual`` describes the answer; by default, the answer of ``one`` is described.
        """
        requirement = breaks or self.case.requires[0]
        verdict = self.environment.binds(requirement)
        if verdict is None:
            return []
        return [
            Finding(
                requirement=requirement,
                verdict=verdict,
                expected=expected,
                actual=actual or (describe_actual(one) if one else ""),
                exchange=one,
                also=also,
            )
        ]


def ordinary(profile: Profile) -> tuple[int, str]:
    """The side in pixels and the format of a photo that the server should accept.

    Raises:
        WrongUse: the suite cannot make a photo of such a format.
    """
    standards = profile.standards
    side = max(ORDINARY_SIDE, standards.min_side or 1)
    formats = [one for one in standards.formats or ("JPEG",) if one in MADE]
    if not formats:
        raise WrongUse(f"The suite makes photos as {', '.join(MADE)}: the profile allows none.")
    return min(side, standards.max_side or side), "JPEG" if "JPEG" in formats else formats[0]


class NotCompared(CouldNotJudge):
    """The server did not compare photos whose score the case needs."""

    def __init__(self, one: Exchange) -> None:
        super().__init__(f"photos that should be compared got no score: {describe_actual(one)}")
        self.exchange = one


def score_of(one: Exchange) -> float:
    """The score in an answer.

    Raises:
        NotCompared: the answer has no score.
    """
    if outcome(one.answer) != ACCEPTED or one.answer is None:
        raise NotCompared(one)
    return number(one.answer)


def number(answer: Answer) -> float:
    """The score as a number, even if it is written as a string."""
    try:
        return float(answer.fields["verification_score"])
    except (KeyError, TypeError, ValueError) as error:
        raise CouldNotJudge("a response has no numeric score") from error
