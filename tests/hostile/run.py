"""Sends a stretch of the corpus to a server and gathers what is to be said against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import median
from time import monotonic, sleep
from typing import Any

import psutil

from tests.hostile.body import post
from tests.hostile.client import ask, exchange, healthy
from tests.hostile.corpus import ROUND, body
from tests.hostile.form import FIRST, SECOND, encrypted, percent_encoded
from tests.hostile.judge import code_of, complaints, request_id_of
from tests.hostile.outcome import Finding, Outcome, Run
from tests.hostile.queueing import queued_seconds
from tests.hostile.server import Server
from tests.hostile.watch import MEGABYTE, Watch
from verikit.portraits import head, jpeg

MOST_KEPT_BYTES = 64 * MEGABYTE
"""What the heap of a worker may keep above its level after the warm-up, when all is done."""

SETTLE_SECONDS = 7.0

ORDINARY = post(
    percent_encoded(
        [
            (FIRST, encrypted(jpeg(head("collins", 250)))),
            (SECOND, encrypted(jpeg(head("hopper", 250)))),
        ]
    )
)
"""A comparison of two portraits of 250 pixels."""

Track = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Passes things on and shows how many of them have passed, out of so many, under a name."""


@dataclass(frozen=True)
class Sender:
    """Sends bodies of one seed to a server that is watched."""

    server: Server
    watch: Watch
    seed: int
    jobs: int

    def send(self, number: int) -> Outcome:
        """Ask the server, and see that it serves on after what was no HTTP."""
        one = body(self.seed, number)
        reply = ask(self.server.port, one)
        self.watch.sample()
        said = complaints(one, reply)
        if one.form is None and not healthy(self.server.port):
            said.append("the next request was not served")
        return Outcome(
            number=number,
            kind=one.kind,
            sent_bytes=len(one.raw),
            seconds=reply.seconds,
            more_bytes=self.watch.peak(reply.started, reply.ended),
            codes=tuple(map(code_of, reply.answers)),
            request_ids=tuple(map(request_id_of, reply.answers)),
            complaints=tuple(said),
            started=reply.started,
            ended=reply.ended,
        )

    def send_all(self, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Outcomes as they come; what was not begun when an interrupt comes is left out."""
        pool = ThreadPoolExecutor(self.jobs)
        futures = [pool.submit(self.send, number) for number in numbers]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def send_alone(self, outcome: Outcome) -> Outcome:
        """What took too much beside others is asked again alone: the lesser figures are its own.

        What other programs on this machine took is left out: the time in line for a processor.
        """
        if not outcome.too_much:
            return outcome
        processes = [psutil.Process(), *self.server.workers()]
        self.watch.sample()
        queued = queued_seconds(processes)
        again = self.send(outcome.number)
        queued = max(0.0, queued_seconds(processes) - queued)
        ordinary = median(exchange(self.server.port, ORDINARY).seconds for _ in range(9))
        return replace(
            outcome,
            seconds=min(outcome.seconds, again.seconds - queued),
            more_bytes=min(outcome.more_bytes, again.more_bytes),
            complaints=(*outcome.complaints, *again.complaints),
            alone=True,
            ordinary_seconds=ordinary,
        )


def run(server: Server, seed: int, numbers: Iterable[int], jobs: int, track: Track) -> Run:
    """Send the bodies, ``jobs`` at a time; Ctrl-C ends it and keeps what was seen."""
    numbers = list(numbers)
    done = Run(seed=seed, asked=len(numbers))
    started = monotonic()
    with Watch(server) as watch:
        with suppress(KeyboardInterrupt):
            _measure(done, Sender(server, watch, seed, jobs), numbers, track)
        done.kept_bytes = watch.above_level()
        done.findings = [*_of_outcomes(done), *_of_server(done, server, watch)]
    done.seconds = monotonic() - started
    return done


def _measure(done: Run, sender: Sender, numbers: Sequence[int], track: Track) -> None:
    warm_up(sender, track)
    sleep(SETTLE_SECONDS)
    sender.watch.set_level()
    done.level_bytes = sender.watch.level
    for outcome in track(sender.send_all(numbers), len(numbers), "bodies"):
        done.outcomes.append(outcome)
    sleep(SETTLE_SECONDS)
    suspects = [place for place, one in enumerate(done.outcomes) if one.too_much]
    for place in track(suspects, len(suspects), "again, alone"):
        done.outcomes[place] = sender.send_alone(done.outcomes[place])
    sleep(SETTLE_SECONDS)


def warm_up(sender: Sender, track: Track) -> None:
    """A round of bodies that are not counted: libraries load, heaps grow to their size."""
    numbers = range(-len(ROUND), 0)
    for _ in track(sender.send_all(numbers), len(numbers), "warm-up"):
        pass


def _of_outcomes(done: Run) -> Iterator[Finding]:
    for outcome in done.outcomes:
        for what in (*outcome.complaints, *(outcome.too_much if outcome.alone else ())):
            yield Finding(what, outcome.number, outcome.kind)
    ids = Counter(one for outcome in done.outcomes for one in outcome.request_ids if one)
    for one, times in ids.items():
        if times > 1:
            yield Finding(f"request_id {one} came {times} times")


def _of_server(done: Run, server: Server, watch: Watch) -> Iterator[Finding]:
    for when, pid in watch.deaths:
        near = [str(one.number) for one in done.outcomes if one.started <= when <= one.ended + 1]
        yield Finding(f"worker {pid} died near the bodies {', '.join(near) or 'of the warm-up'}")
    for line in server.log_complaints():
        yield Finding(f"log: {line[:300]}")
    if done.complete and done.kept_bytes > MOST_KEPT_BYTES:
        yield Finding(f"{done.kept_bytes / MEGABYTE:.0f} MB of memory did not come back")
