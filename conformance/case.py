"""A requirement, a case, and the talk with the server in which a case is played."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

from conformance.answers import Complaint, complaints
from conformance.errors import CouldNotJudge
from conformance.exchange import Answer, Exchange, Target, exchange, in_a_row
from conformance.outcome import ACCEPTED, outcome, spoken
from conformance.photos.portraits import ORDINARY_SIDE
from conformance.profile import Profile
from conformance.recipe import Photo, Request, Sealed, fitted
from conformance.verdicts import Finding, Level, Verdict


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One sentence of the page that binds a server, in our words."""

    id: str
    level: Level
    heading: str
    text: str
    covers: tuple[str, ...] = ()
    """JSON pointers into openapi.yaml."""
    untestable: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing to try. ``requires[0]`` is the requirement that a plain failure breaks."""

    id: str
    title: str
    requires: tuple[str, ...]
    play: Callable[[Talk], Iterable[Finding]]
    group: str
    needs: tuple[str, ...] = ()
    """standards (a profile that gives them), no-standards, or photos (a vendor's own)."""
    survey: bool = False
    """Judges the answers of all other cases, after them."""


People = Mapping[str, Sequence[Photo]]


class Log:
    """Every exchange of a run, for the cases that judge them all."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._complaints: dict[Exchange, tuple[Complaint, ...]] = {}
        self._lock = Lock()

    def add(self, one: Exchange) -> None:
        """Keep one more."""
        with self._lock:
            self._exchanges.append(one)

    def all(self) -> list[Exchange]:
        """Those so far, as they were answered."""
        with self._lock:
            return list(self._exchanges)

    def complaints(self, one: Exchange, profile: Profile) -> tuple[Complaint, ...]:
        """What is wrong with an answer by itself; found out once."""
        if one not in self._complaints:
            self._complaints[one] = tuple(complaints(one, profile))
        return self._complaints[one]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
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

    def binds(self, requirement: str) -> Verdict | None:
        """What breaking a requirement means here; None where the page leaves it open."""
        level = self.requirements[requirement].level
        if level is Level.MUST or self.profile.readings:
            return Verdict.FAILED
        return Verdict.WARNING if level is Level.SHOULD else None


@dataclass(frozen=True, kw_only=True)
class Talk:
    """One case talking to the server; every exchange is logged under the case's id."""

    case: Case
    around: Surroundings
    ordinary_outcome: str | int | None = None
    """What became of two ordinary photos before the cases began."""

    @property
    def profile(self) -> Profile:
        """What is known of the server."""
        return self.around.profile

    def fitted(self, request: Request) -> Request:
        """The request with what is ordinary for this server filled in."""
        return fitted(request, *ordinary(self.profile))

    def ask(self, request: Request) -> Exchange:
        """Send one request."""
        one = exchange(self.around.target, self.case.id, self.fitted(request))
        self.around.log.add(one)
        return one

    def in_a_row(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send one after the other over one connection."""
        fit = [self.fitted(request) for request in requests]
        exchanges = in_a_row(self.around.target, self.case.id, fit)
        for one in exchanges:
            self.around.log.add(one)
        return exchanges

    def complaints(self, one: Exchange) -> tuple[Complaint, ...]:
        """What is wrong with an answer, whatever was asked."""
        return self.around.log.complaints(one, self.profile)

    def together(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send all at the same time; the answers in the order of the requests."""
        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(self.ask, requests))

    def compare(self, first: Photo, second: Photo, **options: str) -> Exchange:
        """Two photos, and the optional parameters by name."""
        sealed = {"first": Sealed(photo=first), "second": Sealed(photo=second)}
        return self.ask(Request(**sealed, **options))  # type: ignore[arg-type]

    def score(self, first: Photo, second: Photo, **options: str) -> float:
        """The score of two photos.

        Raises:
            CouldNotJudge: the server did not compare them.
        """
        return score_of(self.compare(first, second, **options))

    def differs(
        self, expected: str, actual: str, one: Exchange | None = None, *, breaks: str | None = None
    ) -> list[Finding]:
        """A finding against a requirement, or none where the page leaves it open."""
        requirement = breaks or self.case.requires[0]
        verdict = self.around.binds(requirement)
        if verdict is None:
            return []
        return [
            Finding(
                requirement=requirement,
                verdict=verdict,
                expected=expected,
                actual=actual,
                exchange=one,
            )
        ]


def ordinary(profile: Profile) -> tuple[int, str]:
    """The side in pixels and the format of a photo that nobody should refuse."""
    standards = profile.standards
    if standards is None:
        return ORDINARY_SIDE, "JPEG"
    side = min(max(ORDINARY_SIDE, standards.min_side), standards.max_side)
    return side, "JPEG" if "JPEG" in standards.formats else standards.formats[0]


def score_of(one: Exchange) -> float:
    """The score in an answer.

    Raises:
        CouldNotJudge: the photos were not compared.
    """
    if outcome(one.answer) != ACCEPTED or one.answer is None:
        raise CouldNotJudge(f"photos that should be compared were not: {spoken(one)}")
    return number(one.answer)


def number(answer: Answer) -> float:
    """The score as a number, however it is written."""
    try:
        return float(answer.fields["verification_score"])
    except (KeyError, TypeError, ValueError) as error:
        raise CouldNotJudge("an answer has no score that is a number") from error
