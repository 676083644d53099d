"""A requirement, a case, and the context in which a case is played against a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, is_dataclass
from threading import Lock
from typing import Any

from packaging.version import Version

from conformance.errors import CouldNotJudge
from conformance.judging.answers import Violation, violations
from conformance.judging.outcome import ACCEPTED, describe_actual, outcome
from conformance.judging.verdicts import Finding, Level, Verdict
from conformance.profile import Profile
from conformance.requests.exchange import Answer, Exchange, Target, exchange, in_a_row
from conformance.requests.photos.portraits import ORDINARY_SIDE
from conformance.requests.recipe import EncryptedPhoto, Photo, Request, fitted


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One sentence of the page that binds a server, in our words."""

    id: str
    since: str
    """The release that it came with."""
    level: Level
    heading: str
    text: str
    covers: tuple[str, ...] = ()
    """JSON pointers into openapi.yaml."""
    untestable: str = ""

    def frozen_content(self) -> dict[str, Any]:
        """What must not change once it is released."""
        return {"id": self.id, "level": self.level, "untestable": bool(self.untestable)}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing to try. ``requires[0]`` is the requirement that a plain failure breaks."""

    id: str
    since: str
    """The release that it came with."""
    title: str
    requires: tuple[str, ...]
    play: Callable[[CaseContext], Iterable[Finding]]
    group: str
    needs: tuple[str, ...] = ()
    """photos: a vendor's own."""
    readings: tuple[str, ...] = ()
    """Requirements beyond the page on which what is right depends too."""
    invariant: bool = False
    """Judges the answers of all other cases, after them."""

    def frozen_content(self) -> dict[str, Any]:
        """What must not change once it is released; of a Python case, not its code."""
        row: dict[str, Any] = vars(self.play) if is_dataclass(self.play) else {}
        return {"id": self.id, "requires": self.requires, "needs": self.needs, **row}


People = Mapping[str, Sequence[Photo]]


@dataclass(frozen=True)
class Logged:
    """An exchange, and what is wrong with its answer by itself."""

    exchange: Exchange
    violations: tuple[Violation, ...]


class Log:
    """Every exchange of a run, for the cases that judge them all.

    The bytes that were sent are kept only where something is wrong with the answer.
    """

    def __init__(self) -> None:
        self._entries: list[Logged] = []
        self._lock = Lock()

    def add(self, one: Exchange, profile: Profile) -> Logged:
        """Judge one more answer by itself, and keep it."""
        found = tuple(violations(one, profile))
        entry = Logged(one if found else one.without_sent(), found)
        with self._lock:
            self._entries.append(entry)
        return entry

    def all(self) -> list[Logged]:
        """Those so far, as they were answered."""
        with self._lock:
            return list(self._entries)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What all cases of a run share."""

    target: Target
    profile: Profile
    release: str
    requirements: Mapping[str, Requirement]
    people: People
    own_photos: bool = False
    seed: int = 0
    examples: int = 0
    log: Log = field(default_factory=Log)

    def scores(self, since: str) -> bool:
        """Whether what came with a release counts, versions compared as versions."""
        return Version(since) <= Version(self.release)

    def binds(self, requirement: str) -> Verdict | None:
        """What breaking a requirement means here.

        None where the page leaves it open, or the requirement came after the release.
        """
        if not self.scores(self.requirements[requirement].since):
            return None
        level = self.requirements[requirement].level
        if level is Level.MUST or self.profile.binds(requirement):
            return Verdict.FAILED
        return Verdict.WARNING if level is Level.SHOULD else None

    def leaves_open(self, reading: str) -> bool:
        """Whether nothing binds a server to a reading of ours."""
        return self.binds(reading) is not Verdict.FAILED


@dataclass(frozen=True, kw_only=True)
class CaseContext:
    """One case and its server; every exchange is logged under the case's id."""

    case: Case
    environment: Environment
    ordinary_outcome: str | int | None = None
    """What became of two ordinary photos before the cases began."""

    @property
    def profile(self) -> Profile:
        """What is known of the server."""
        return self.environment.profile

    def fitted(self, request: Request) -> Request:
        """The request with what is ordinary for this server filled in."""
        return fitted(request, *ordinary(self.profile))

    def ask(self, request: Request) -> Exchange:
        """Send one request."""
        return self.ask_judged(request)[0]

    def ask_judged(self, request: Request) -> tuple[Exchange, tuple[Violation, ...]]:
        """Send one request; also what is wrong with its answer, whatever was asked."""
        one = exchange(self.environment.target, self.case.id, self.fitted(request))
        return one, self.environment.log.add(one, self.profile).violations

    def in_a_row(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send one after the other over one connection."""
        fit = [self.fitted(request) for request in requests]
        exchanges = in_a_row(self.environment.target, self.case.id, fit)
        for one in exchanges:
            self.environment.log.add(one, self.profile)
        return exchanges

    def together(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send all at the same time; the answers in the order of the requests."""
        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(self.ask, requests))

    def compare(self, first: Photo, second: Photo, **options: str) -> Exchange:
        """Two photos, and the optional parameters by name."""
        encrypted = {"first": EncryptedPhoto(photo=first), "second": EncryptedPhoto(photo=second)}
        return self.ask(Request(**encrypted, **options))  # type: ignore[arg-type]

    def score(self, first: Photo, second: Photo, **options: str) -> float:
        """The score of two photos.

        Raises:
            CouldNotJudge: the server did not compare them.
        """
        return score_of(self.compare(first, second, **options))

    def finding(
        self,
        expected: str,
        one: Exchange | None = None,
        *,
        actual: str = "",
        breaks: str | None = None,
    ) -> list[Finding]:
        """A finding against a requirement, or none where the page leaves it open.

        What came is the exchange's answer, unless ``actual`` says it in other words.
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
            )
        ]


def ordinary(profile: Profile) -> tuple[int, str]:
    """The side in pixels and the format of a photo that nobody should refuse."""
    standards = profile.standards
    side = max(ORDINARY_SIDE, standards.min_side or 1)
    formats = standards.formats or ("JPEG",)
    return min(side, standards.max_side or side), "JPEG" if "JPEG" in formats else formats[0]


def score_of(one: Exchange) -> float:
    """The score in an answer.

    Raises:
        CouldNotJudge: the photos were not compared.
    """
    if outcome(one.answer) != ACCEPTED or one.answer is None:
        raise CouldNotJudge(f"photos that should be compared were not: {describe_actual(one)}")
    return number(one.answer)


def number(answer: Answer) -> float:
    """The score as a number, however it is written."""
    try:
        return float(answer.fields["verification_score"])
    except (KeyError, TypeError, ValueError) as error:
        raise CouldNotJudge("an answer has no score that is a number") from error
