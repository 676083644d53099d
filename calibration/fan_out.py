"""Spreads tasks over an executor, whichever it is, and does again what was lost on the way."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from typing import TypeVar

from verikit.errors import Unreachable, VerikitError

Task = TypeVar("Task")
Seat = TypeVar("Seat")
Result = TypeVar("Result")

_TRIES = 5
_LOOK_SECONDS = 1


@dataclass(frozen=True)
class Crew:
    """Who does the work: an executor, how many tasks it does at a time, and whether it is there.

    An executor whose cluster is lost may leave its futures open for ever.
    """

    executor: Executor
    size: int
    is_there: Callable[[], bool] = lambda: True


def fan_out(
    crew: Crew,
    work: Callable[[Task, Seat], Result],
    tasks: Iterable[Task],
    seats: Iterable[Seat],
) -> Generator[tuple[Task, Result]]:
    """Each task with its result, as they come; never more under way than there are seats.

    ``work`` gets a task and the seat that it has to itself meanwhile. A task is taken from the
    iterable only when a seat is free. A task whose result was lost, with the process that worked on
    it or with the scheduler, is done again. Tasks must be hashable; all that travels, picklable.

    Raises:
        Unreachable: nobody is left to work, or a task was lost time and again.
    """
    source, lost, losses = iter(tasks), deque[Task](), Counter[Task]()
    free = deque(seats)
    under_way: dict[Future[Result], tuple[Task, Seat]] = {}
    try:
        while True:
            while free:
                task = lost.popleft() if lost else next(source, None)
                if task is None:
                    break
                seat = free.popleft()
                under_way[_submit(crew.executor, work, task, seat)] = task, seat
            if not under_way:
                return
            for future in _done(crew, under_way):
                task, seat = under_way.pop(future)
                free.append(seat)
                if error := _loss(future):
                    losses[task] += 1
                    if losses[task] == _TRIES:
                        raise _gone(error) from error
                    lost.append(task)
                else:
                    yield task, future.result()
    finally:
        for future in under_way if crew.is_there() else ():
            future.cancel()


def _done(crew: Crew, under_way: Iterable[Future[Result]]) -> set[Future[Result]]:
    """Those that are done, at least one of them."""
    waiting = set(under_way)
    while not (done := wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED).done):
        if not crew.is_there():
            raise _gone(ConnectionError("the scheduler is lost"))
    return done


def _submit(
    executor: Executor, work: Callable[[Task, Seat], Result], task: Task, seat: Seat
) -> Future[Result]:
    try:
        return executor.submit(work, task, seat)
    except Exception as error:
        raise _gone(error) from error


def _loss(future: Future[Result]) -> BaseException | None:
    """What a result was lost to; what the work itself refuses is raised."""
    error = CancelledError() if future.cancelled() else future.exception()
    if isinstance(error, VerikitError):
        raise error
    return error


def _gone(error: BaseException) -> Unreachable:
    return Unreachable(
        f"The workers are gone or keep failing ({type(error).__name__}: {error}). What they "
        "finished is kept: mend it and run the same command again."
    )
