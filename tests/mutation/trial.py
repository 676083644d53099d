"""The suite run against one candidate, and what may be said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from conformance.catalogue import load_catalogue
from conformance.judging.verdicts import Verdict
from conformance.requests.exchange import Target
from conformance.run import Run, run
from conformance.runner import Options
from reference_server.faces.engine import load_engine
from reference_server.settings import Settings
from tests.mutation.direct import DirectTarget
from tests.mutation.mock_faces import MockFaces
from tests.mutation.parts import Parts
from tests.mutation.registry import STANDARDS, Candidate
from tests.mutation.remembering import Remembering, remembered_wire
from tests.mutation.serving import Slip, noted
from verikit.contract.profile import load_profile
from verikit.errors import Unreachable

EXAMPLES = 5
"""The depth of fuzzing against each candidate."""

TIMEOUT = 30.0
"""Seconds without a byte: a busy machine must not be taken for a fault."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A case that failed, the requirement that its finding names and those the case is about."""

    case: str
    requirement: str
    about: tuple[str, ...]
    expected: str
    actual: str

    def names(self, requirements: tuple[str, ...]) -> bool:
        """Whether it speaks of one of the requirements."""
        return not {self.requirement, *self.about}.isdisjoint(requirements)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the suite said of a candidate.

    ``undecided``: cases that could not be judged; ``broken``: cases in which the suite failed;
    ``unreachable``: why nothing was judged at all; ``slip``: what broke in the candidate itself.
    """

    candidate: str
    breaks: tuple[str, ...]
    failures: tuple[Failure, ...] = ()
    undecided: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unreachable: str = ""
    slip: str = ""
    requests: int = 0
    seconds: float = 0.0

    @property
    def killers(self) -> tuple[Failure, ...]:
        """The failures that name a requirement which the mutant breaks."""
        return tuple(failure for failure in self.failures if failure.names(self.breaks))

    @property
    def problem(self) -> str:
        """What is wrong with the suite here, in a sentence; empty when nothing is."""
        if self.slip:
            return f"{self.candidate} is no server to judge by: it broke with {self.slip}."
        if self.broken:
            return f"The suite itself broke on {self.candidate}, in {_some(self.broken)}."
        return self._of_a_mutant() if self.breaks else self._of_a_variant()

    def _of_a_mutant(self) -> str:
        if self.killers:
            return ""
        if self.failures:
            named = sorted({failure.requirement for failure in self.failures})
            return (
                f"{self.candidate} breaks {_some(self.breaks)}, but only cases about "
                f"{_some(named)} noticed it."
            )
        why = f" ({self.unreachable})" if self.unreachable else ""
        return f"{self.candidate} survived: no case about {_some(self.breaks)} failed{why}."

    def _of_a_variant(self) -> str:
        if self.failures:
            first = self.failures[0]
            return (
                f"{self.candidate} is legal, but {len(self.failures)} cases failed: {first.case} "
                f"({first.requirement}) expected {first.expected} and got {first.actual}."
            )
        if self.unreachable or self.undecided:
            return (
                f"{self.candidate} is legal, but was not judged: "
                f"{self.unreachable or _some(self.undecided)}."
            )
        return ""


TRAFFIC = (
    "ordinary",
    "first-missing",
    "second-key-wrong",
    "path-unknown",
    "score-same-photo",
    "score-different-people",
    "concurrent-answers-not-mixed",
    "concurrent-request-ids",
)
"""What the cases over all answers have to go by."""


def cases_about(*requirements: str) -> tuple[str, ...]:
    """The cases about some requirements, and what it takes to judge all answers."""
    catalogue = load_catalogue()
    about = [id for name in requirements for id in catalogue.cases_of(name)]
    return (*about, *TRAFFIC)


def try_out(
    candidate: Candidate, *, cases: tuple[str, ...] = (), examples: int = EXAMPLES
) -> Trial:
    """Start the candidate, run the suite, or some of its cases, against it and stop it.

    A mutant meets the cases about what it breaks first; only one that they do not kill meets all.
    """
    if candidate.is_mutant and not cases:
        first = _tried(candidate, cases_about(*candidate.breaks), examples)
        if not first.problem:
            return first
    return _tried(candidate, cases, examples)


def _tried(candidate: Candidate, cases: tuple[str, ...], examples: int) -> Trial:
    trial = Trial(candidate=candidate.name, breaks=candidate.breaks)
    chosen = [one for one in load_catalogue().cases if not cases or one.id in cases]
    options = Options(jobs=2, examples=examples)
    try:
        with reached(candidate, _parts(models=candidate.models)) as target:
            done = run(target, chosen, profile=load_profile(candidate.profile), options=options)
    except Unreachable as error:
        return replace(trial, unreachable=str(error))
    except Slip as error:
        return replace(trial, slip=str(error))
    return _with_results(trial, done)


@contextmanager
def reached(candidate: Candidate, parts: Parts) -> Iterator[Target]:
    """The candidate started as what the suite asks, and stopped at the end.

    Raises:
        Slip: at the end, when it broke by itself.
    """
    secrets: dict[str, Any] = {"key": candidate.key, "iv": candidate.iv}
    if not candidate.direct or candidate.build is None:
        with candidate.start(parts) as url:
            target = Target.of(url, **secrets, timeout=TIMEOUT)
            yield replace(target, write=remembered_wire)
        return
    slips: list[str] = []
    plain = Target.of("http://127.0.0.1:9", **secrets)
    with noted(slips):
        yield DirectTarget(
            endpoint=plain.endpoint,
            secrets=plain.secrets,
            write=remembered_wire,
            serve=candidate.build(parts),
            slips=slips,
        )


@cache
def _parts(*, models: bool) -> Parts:
    """What candidates are made of, loaded once in a process."""
    engine = load_engine(uncalibrated=True) if models else MockFaces()
    return Parts(settings=Settings.from_environment({}, STANDARDS), engine=Remembering(engine))


def _with_results(trial: Trial, done: Run) -> Trial:
    return replace(
        trial,
        failures=tuple(_failures(done)),
        undecided=_cases(done, Verdict.COULD_NOT_JUDGE, Verdict.NOT_RUN),
        broken=_cases(done, Verdict.TOOL_ERROR),
        requests=done.requests,
        seconds=done.seconds,
    )


def _failures(done: Run) -> list[Failure]:
    return [
        Failure(
            case=result.case,
            requirement=finding.requirement,
            about=done.cases[result.case].requires,
            expected=finding.expected[:200],
            actual=finding.actual[:200],
        )
        for result in done.results
        for finding in result.findings
        if finding.verdict is Verdict.FAILED
    ]


def _cases(done: Run, *verdicts: Verdict) -> tuple[str, ...]:
    return tuple(result.case for result in done.results if result.verdict in verdicts)


def _some(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
