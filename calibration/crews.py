"""Opens an executor: processes of this machine, or a Dask cluster. Only this file knows Dask."""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager

from calibration.fan_out import Crew
from verikit.errors import Unreachable, WrongUse

_SECONDS_TO_JOIN = 30
_LOCAL = re.compile(r"local(?::([1-9]\d*))?")


@contextmanager
def open_crew(dask: str | None, processes: int) -> Iterator[Crew]:
    """Dask where its address is given, else so many processes.

    ``dask`` is a scheduler's address, or ``local`` or ``local:N`` for workers of its own.

    Raises:
        WrongUse: Dask is not installed.
        Unreachable: there is no scheduler, or it has no worker.
    """
    with _dask(dask) if dask else _processes(processes) as crew:
        yield crew


@contextmanager
def _processes(size: int) -> Iterator[Crew]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(size, mp_context=context, initializer=_leave_ctrl_c)
    try:
        yield Crew(pool, size)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_ctrl_c() -> None:
    """Ctrl-C reaches every process of a terminal; what it means, the one that planned decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _dask(address: str) -> Iterator[Crew]:
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
                f"No Dask scheduler with a worker answers at {address}: start `dask scheduler` "
                "and `dask worker` there, or use --dask local."
            ) from error
        if local:
            client.run(_leave_ctrl_c)
        executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        threads = client.nthreads()  # type: ignore[no-untyped-call]
        yield Crew(executor, sum(threads.values()), lambda: client.status != "closed")
