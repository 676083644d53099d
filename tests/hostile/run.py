"""Sends a stretch of the corpus to a server and gathers what is to be said against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from time import monotonic, sleep

import psutil

from tests.hostile.body import Body
from tests.hostile.client import Reply, ask, healthy
from tests.hostile.corpus import ROUND, body
from tests.hostile.judge import code_of, complaints, request_id_of
from tests.hostile.outcome import Finding, Outcome, Run
from tests.hostile.queueing import queued_seconds
from tests.hostile.server import Server
from tests.hostile.watch import MEGABYTE, Watch

MOST_KEPT_BYTES = 64 * MEGABYTE
"""What the heap of a worker may keep above its level after the warm-up, when all is done."""

SETTLE_SECONDS = 7.0


def run(
    server: Server, seed: int, numbers: Iterable[int], jobs: int, seen: Callable[[], None]
) -> Run:
    """Send the bodies, ``jobs`` at a time; Ctrl-C ends it and keeps what was seen.

    ``seen`` is called after each body.
    """
    numbers = list(numbers)
    done = Run(seed=seed, asked=len(numbers))
    started = monotonic()
    with Watch(server) as watch:
        warm_up(server, seed, jobs)
        sleep(SETTLE_SECONDS)
        watch.set_level()
        done.level_bytes = watch.level
        try:
            for outcome in _all(server, seed, numbers, jobs):
                done.outcomes.append(outcome)
                seen()
        except KeyboardInterrupt:
            pass
        sleep(SETTLE_SECONDS)
        done.outcomes = [_with_memory(one, watch) for one in done.outcomes]
        done.outcomes = [_alone(one, server, seed, watch) for one in done.outcomes]
        sleep(SETTLE_SECONDS)
        done.kept_bytes = watch.above_level()
        done.findings = [*_of_outcomes(done), *_of_server(done, server, watch)]
    done.seconds = monotonic() - started
    return done


def warm_up(server: Server, seed: int, jobs: int) -> None:
    """A round of bodies that are not counted: libraries load, heaps grow to their size."""
    with ThreadPoolExecutor(jobs) as pool:
        for number in range(-len(ROUND), 0):
            pool.submit(send, server, body(seed, number))


def send(server: Server, one: Body) -> Outcome:
    """Ask the server, and see that it serves on after what was no HTTP."""
    reply = ask(server.port, one)
    said = complaints(one, reply)
    if one.form is None and not healthy(server.port):
        said.append("the next request was not served")
    return _outcome(one, reply, said)


def _outcome(one: Body, reply: Reply, said: Iterable[str]) -> Outcome:
    return Outcome(
        number=one.number,
        kind=one.kind,
        sent_bytes=len(one.raw),
        seconds=reply.seconds,
        more_bytes=0,
        codes=tuple(map(code_of, reply.answers)),
        request_ids=tuple(map(request_id_of, reply.answers)),
        complaints=tuple(said),
        started=reply.started,
        ended=reply.ended,
    )


def _all(server: Server, seed: int, numbers: Iterable[int], jobs: int) -> Iterator[Outcome]:
    """Outcomes as they come; what was not begun when an interrupt comes is left out."""
    pool = ThreadPoolExecutor(jobs)
    futures: list[Future[Outcome]] = [
        pool.submit(lambda number: send(server, body(seed, number)), number) for number in numbers
    ]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _with_memory(outcome: Outcome, watch: Watch) -> Outcome:
    return replace(outcome, more_bytes=watch.peak(outcome.started, outcome.ended))


def _alone(outcome: Outcome, server: Server, seed: int, watch: Watch) -> Outcome:
    """What took too much beside others is asked again alone: the lesser figures are its own.

    What other programs on this machine took is left out: the time in line for a processor.
    """
    if not outcome.too_much:
        return outcome
    processes = [psutil.Process(), *server.workers()]
    watch.sample()
    queued = queued_seconds(processes)
    again = send(server, body(seed, outcome.number))
    queued = max(0.0, queued_seconds(processes) - queued)
    watch.sample()
    return replace(
        outcome,
        seconds=min(outcome.seconds, again.seconds - queued),
        more_bytes=min(outcome.more_bytes, _with_memory(again, watch).more_bytes),
        complaints=(*outcome.complaints, *again.complaints),
        alone=True,
    )


def _of_outcomes(done: Run) -> Iterator[Finding]:
    for outcome in done.outcomes:
        for what in (*outcome.complaints, *outcome.too_much):
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
    if done.kept_bytes > MOST_KEPT_BYTES:
        yield Finding(f"{done.kept_bytes / MEGABYTE:.0f} MB of memory did not come back")
