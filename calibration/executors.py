"""Distributes tasks over processes of this machine or a Dask cluster, and repeats lost ones.

Only this file uses Dask.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
import signal
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from verikit.errors import Unreachable, VerikitError, WrongUse

Task = TypeVar("Task")
Slot = TypeVar("Slot")
Result = TypeVar("Result")

_TRIES = 5
_LOOK_SECONDS = 1


@dataclass(frozen=True)
class Workers:
    """An executor, and the number of tasks that it runs at a time.

    ``is_there``: whether it is still reachable; if its cluster is lost, its futures may never end.
    ``are_ours``: it was started by this process, so its data stays on this machine.
    """

    executor: Executor
    size: int
    is_there: Callable[[], bool] = lambda: True
    are_ours: bool = False


def fan_out(
    workers: Workers,
    work: Callable[[Task, Slot], Result],
    tasks: Iterable[Task],
    slots: Iterable[Slot],
) -> Generator[tuple[Task, Result]]:
    """Yield each task with its result, in any order, with at most one task per slot under way.

    ``work`` gets a task and its slot, which no other task uses meanwhile. A task is taken from the
    iterable only when a slot is free. A task whose result is lost, with its process or with the
    scheduler, is repeated. Tasks must be hashable; tasks, slots and results picklable.

    Raises:
        Unreachable: no worker is left, or a task was lost repeatedly.
    """
    source, lost, losses = iter(tasks), deque[Task](), Counter[Task]()
    free = deque(slots)
    under_way: dict[Future[Result], tuple[Task, Slot]] = {}
    try:
        while True:
            while free:
                task = lost.popleft() if lost else next(source, None)
                if task is None:
                    break
                slot = free.popleft()
                under_way[_submit(workers.executor, work, task, slot)] = task, slot
            if not under_way:
                return
            for future in _done(workers, under_way):
                task, slot = under_way.pop(future)
                free.append(slot)
                if error := _loss(future):
                    losses[task] += 1
                    if losses[task] == _TRIES:
                        raise _gone(error) from error
                    lost.append(task)
                else:
                    yield task, future.result()
    finally:
        for future in under_way if workers.is_there() else ():
            future.cancel()


def _done(workers: Workers, under_way: Iterable[Future[Result]]) -> set[Future[Result]]:
    """Those that are done, at least one of them."""
    waiting = set(under_way)
    while not (done := wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED).done):
        if not workers.is_there():
            raise _gone(ConnectionError("the scheduler is lost"))
    return done


def _submit(
    executor: Executor, work: Callable[[Task, Slot], Result], task: Task, slot: Slot
) -> Future[Result]:
    try:
        return executor.submit(work, task, slot)
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
        "finished is kept: fix it and run the same command again."
    )


_SECONDS_TO_JOIN = 30
_LOCAL = re.compile(r"local(?::([1-9]\d*))?")


@contextmanager
def open_workers(dask: str | None, processes: int) -> Iterator[Workers]:
    """Workers on Dask if ``dask`` is given, else so many processes of this machine.

    ``dask`` is the address of a scheduler, or ``local`` or ``local:N`` for a cluster of its own.

    Raises:
        WrongUse: Dask is not installed.
        Unreachable: there is no scheduler, or it has no worker.
    """
    with _dask(dask) if dask else _processes(processes) as workers:
        yield workers


@contextmanager
def _processes(size: int) -> Iterator[Workers]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(size, mp_context=context, initializer=_leave_ctrl_c)
    try:
        yield Workers(pool, size)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_ctrl_c() -> None:
    """Ctrl-C reaches every process of a terminal; what it means, the one that planned decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _dask(address: str) -> Iterator[Workers]:
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise WrongUse(
            "--dask needs Dask: pip install '.[dask]' in the project's folder"
        ) from error
    # What it logs about lost workers and connections, the plan makes good or says in a sentence.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        if local := _LOCAL.fullmatch(address):
            size = int(local[1] or os.cpu_count() or 1)
            cluster = distributed.LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=size,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
            address = stack.enter_context(cluster).scheduler_address
        try:
            client = distributed.Client(  # type: ignore[no-untyped-call]
                address, timeout=_SECONDS_TO_JOIN, set_as_default=False
            )
            stack.enter_context(client)
            client.wait_for_workers(1, timeout=_SECONDS_TO_JOIN)
        except (OSError, ValueError, TimeoutError) as error:
            raise Unreachable(
                f"No Dask scheduler with a worker responds at {address}: start `dask scheduler` "
                "and `dask worker` there, or use --dask local."
            ) from error
        if local:
            client.run(_leave_ctrl_c)
        executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        threads = client.nthreads()  # type: ignore[no-untyped-call]
        yield Workers(
            executor,
            sum(threads.values()),
            lambda: client.status != "closed",
            are_ours=bool(local),
        )
