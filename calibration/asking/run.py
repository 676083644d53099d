"""A run against servers: what is sent, when it ends, and its result."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from calibration.asking.adapters import CONTRACT, open_api
from calibration.asking.server import Question, RequestPolicy, Server, ask
from calibration.asking.store import Answer, Store
from calibration.asking.watch import Watch, count
from calibration.claims import Claims
from calibration.counting.comparisons import Measurement
from calibration.counting.groups import Clusters, ImpostorKind
from calibration.evaluation import Evaluation, new_measurement, versions
from calibration.files import file_digest
from calibration.judging.conditions import RunConditions
from calibration.judging.judgement import verdict_on
from calibration.judging.requirements import Standard
from calibration.objections import Effect, Objection
from calibration.sources.independence import SAME_SYSTEM, trusted
from calibration.sources.independence import objections as independence
from calibration.sources.labelled import Choice, Labelled
from calibration.sources.pairs.sampling import Pair, Plan
from calibration.sources.templates import OfPhotos
from calibration.statistics.verdicts import Rule, Verdict
from calibration.terms import Terms
from verikit.contract import Contract
from verikit.contract.encryption import Secrets
from verikit.transport import Endpoint

Tell = Callable[[Answer | int], None]
Asker = Callable[["Run", Contract, Iterable[Question], Callable[[Answer], None]], str | None]
"""Asks questions, hands over each answer as it comes, and returns what the server calls itself."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run: the servers, the pairs, and when to stop.

    Attributes:
        endpoints: the server, then its replicas.
        labelled: the pairs that ``choice`` selects.
        folder: where the answers are stored.
        comparisons: the total number of comparisons.
        seconds: the time limit, from the start of this command.
        mated_share: the share of mated pairs in the plan.
        until_decided: stop as soon as every row is decided.
        up_to: the strictest threshold that is judged.
        options: options of the contract, sent with every request.
    """

    endpoints: tuple[Endpoint, ...]
    secrets: Secrets
    choice: Choice
    labelled: Labelled
    folder: Path
    comparisons: int
    seconds: float = math.inf
    policy: RequestPolicy
    rule: Rule
    claims: Claims
    options: Mapping[str, bool]
    seed: int = 1
    mated_share: float = 0.1
    until_decided: bool = False
    up_to: float = math.inf
    api: str = CONTRACT
    standard: Standard | None = None

    @property
    def plan(self) -> Plan:
        """The pairs in the order in which they are asked."""
        return Plan(self.labelled.pairs, seed=self.seed, mated_share=self.mated_share)

    @property
    def places(self) -> int:
        """The number of places of the plan that the budget allows."""
        return min(self.comparisons, len(self.plan))

    @property
    def url(self) -> str:
        """The server's address for display, without secrets."""
        return self.endpoints[0].address.shown

    @property
    def terms(self) -> Terms:
        """The terms on which the run is judged."""
        rule = self.rule
        return Terms(up_to=self.up_to, tolerance=rule.tolerance, confidence=rule.confidence)

    @property
    def head(self) -> dict[str, Any]:
        """The facts that identify the run, for JSON."""
        head = {
            "url": self.url,
            "pairs": self.labelled.pairs.digest(),
            "seed": self.seed,
            "mated_share": self.mated_share,
            "options": dict(self.options),
            "groups": self.labelled.grouping,
        }
        if self.api != CONTRACT:
            head |= {"api": self.api, "send": dict(self.claims.send)}
        if self.choice.impostors != ImpostorKind.RANDOM:
            head["impostors"] = str(self.choice.impostors)
        if how := self.choice.degraded:
            head["degraded"] = f"{how}: {how.setting}"
        return head


def ask_from_here(
    run: Run, contract: Contract, questions: Iterable[Question], hear: Callable[[Answer], None]
) -> str | None:
    """Ask all servers from this process; each is checked by the next one.

    Returns the name that the server gives itself, if it gives one.
    """
    photos, send = run.labelled.photos, run.claims.send
    api = open_api(run.api, contract, photos, run.secrets, run.options, send)
    servers = [Server(api, endpoint, run.policy) for endpoint in run.endpoints]
    replicas = [*servers[1:], servers[0]] if len(servers) > 1 else [None]
    ask(list(zip(servers, replicas, strict=True)), questions, hear)
    return servers[0].software


def evaluate(run: Run, contract: Contract, tell: Tell, asker: Asker = ask_from_here) -> Evaluation:
    """Run until the limits; ``tell`` gets the number of settled pairs, then each answer.

    Raises:
        VerikitError: a photo cannot be read, the folder is another run's, replicas differ, or
            servers or workers are gone; the answers so far are stored.
    """
    with Store(run.folder, run.head) as store:
        store.name_budget(run.places)
        store.begin(run.terms, looks=run.until_decided)
        known = run.labelled.as_json | {"claims": run.claims.rows}
        store.describe(run.labelled.identities, known)
        watch = _watch(run, contract)
        engine = _Engine(run, contract, store, watch, tell, asker)
        complete = engine.ask_places()
        if complete:
            engine.ask_alone()
        stop_at = watch.stop_at if watch else None
        store.stop(stop_at)
        measurement = count(store, _empty(run, contract), stop_at)
        objections, clusters = _of_templates(run, measurement)
        store.object(objections)
        return Evaluation(
            title=f"{run.url} on {run.labelled.title}",
            measurement=measurement,
            conditions=RunConditions(
                complete=complete,
                supports_rates=run.labelled.supports_rates,
                up_to=run.up_to,
                known_direction=True,
                objections=(*run.labelled.objections, *objections),
                clusters=clusters,
                troubles=store.troubles,
                begun=store.begun,
            ),
            provenance=_provenance(run, store),
            in_random_order=True,
            at_any_time=not _as_planned(store),
            photos=run.labelled.photos,
            claims=run.claims,
            axis="distance" if run.claims.lower_is_closer else "score",
        )


def _of_templates(run: Run, measurement: Measurement) -> tuple[list[Objection], Clusters | None]:
    """What the answers say of templates that must be another system's, and the clusters that hold:
    those of the server's own are dropped."""
    clusters, path = run.labelled.clusters, run.choice.templates
    if path is None:
        return [], clusters
    told = independence(measurement, OfPhotos.load(path, measurement.identities.photos.names))
    if trusted(measurement, clusters, told) == clusters:
        return told, clusters
    return [
        replace(one, effect=Effect.SHOWN, text=f"{one.text} Its clusters are left out.")
        if one.kind == SAME_SYSTEM
        else one
        for one in told
    ], None


class _Engine:
    """Hands out what is still to be asked, and keeps what comes back."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that a run consists of
        self,
        run: Run,
        contract: Contract,
        store: Store,
        watch: Watch | None,
        tell: Tell,
        asker: Asker,
    ) -> None:
        self._run = run
        self._contract = contract
        self._store = store
        self._watch = watch
        self._tell = tell
        self._asker = asker
        self._deadline = time.monotonic() + run.seconds
        self._end: str | None = "budget"

    def ask_places(self) -> bool:
        """Ask what the run has no answer for; False if it was interrupted.

        What brought no answer in an earlier part of the run is asked again.
        """
        self._tell(self._store.settled)
        if self._watch:
            for answers in self._store.blocks():
                self._watch.add(answer for answer in answers if answer.settled)
        with _Interruption() as interruption:
            self._ask(self._questions(interruption))
        if self._end:
            self._store.end("decided" if self._decided else self._end)
        return self._end is not None

    def ask_alone(self) -> None:
        """Compare photos with themselves that may or may not show a face, as far as pairs tell."""
        measurement = count(self._store, _empty(self._run, self._contract))
        names = measurement.identities.photos.names
        open_still = [names[photo] for photo in measurement.acquirer.unsure()]
        missing = self._store.missing_alone(open_still)
        self._ask(Question(None, Pair(photo, photo, mated=True)) for photo in missing)

    def _questions(self, interruption: _Interruption) -> Iterator[Question]:
        plan = self._run.plan
        for place in self._store.missing(self._run.places):
            if interruption.came or self._decided or time.monotonic() >= self._deadline:
                self._end = None if interruption.came else "minutes"
                return
            yield Question(place, plan[place])

    def _ask(self, questions: Iterable[Question]) -> None:
        software = self._asker(self._run, self._contract, questions, self._hear)
        self._store.name_software(software)

    def _hear(self, answer: Answer) -> None:
        self._store.add(answer)
        if self._watch:
            self._watch.add([answer])
        self._tell(answer)

    @property
    def _decided(self) -> bool:
        return self._watch is not None and self._watch.stop_at is not None


def _empty(run: Run, contract: Contract) -> Measurement:
    labelled = run.labelled
    return new_measurement(contract, run.claims, labelled.identities, labelled.impostors)


def _watch(run: Run, contract: Contract) -> Watch | None:
    """Stops when a row has FAILed or all that are judged PASS, and enough people took part."""
    if not run.until_decided:
        return None
    rule = Rule(tolerance=run.rule.tolerance, alpha=run.rule.alpha, at_any_time=True)

    def decided(measurement: Measurement) -> bool:
        conditions = RunConditions(
            supports_rates=run.labelled.supports_rates,
            up_to=run.up_to,
            known_direction=True,
            standard=run.standard,
            objections=run.labelled.objections,
        )
        return verdict_on(measurement, run.claims.rates, rule, conditions) != Verdict.INCONCLUSIVE

    return Watch(_empty(run, contract), decided)


def _as_planned(store: Store) -> bool:
    """Whether it ended where it was to end before anything was seen: only then may it be judged
    by the rule that looks once."""
    return store.ended == "budget" and not (store.extended or store.looked)


_IMPOSTORS = {
    ImpostorKind.RANDOM: "random",
    ImpostorKind.SAME_GROUP: "of the same group",
    ImpostorKind.LOOK_ALIKE: "look-alikes first",
}


def _provenance(run: Run, store: Store) -> dict[str, str]:
    pairs = run.labelled.pairs
    known = {
        "server": run.url,
        "calls itself": store.software or "nothing",
        "options": ", ".join(f"{k}={v}".lower() for k, v in run.options.items()) or "none",
        "data": run.labelled.title,
        "pairs": f"{pairs.size(mated=False):,} non-mated, {pairs.size(mated=True):,} mated",
        "SHA-256 of the pairs": pairs.digest(),
        "seed": str(run.seed),
        "mated share": f"{run.mated_share:g}",
        "impostors": _IMPOSTORS[run.choice.impostors],
        "groups": str(run.choice.groups or "none"),
        "answers": f"{len(store):,} of a plan of {len(run.plan):,} in {store.path}",
        "ended": store.ended or "interrupted",
    }
    if templates := run.choice.templates:
        known["templates"] = f"{templates} (SHA-256 {file_digest(templates)})"
    if remarks := run.endpoints[0].remarks:
        known["remarks"] = " ".join(remarks)
    return known | versions()


class _Interruption:
    """While it is entered, the first Ctrl-C only sets ``came``; the next one acts as ever."""

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
