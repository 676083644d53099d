import os
import signal
from multiprocessing import get_context

from reference_server.monitoring.shared_counters import SharedCounters

FORK = get_context("fork")


def count(counters: SharedCounters[str], row: int, times: int) -> None:
    counters.use_row(row)
    for _ in range(times):
        counters.add([("a", 1), ("b", 0.5)])


def count_and_die(counters: SharedCounters[str], row: int) -> None:
    count(counters, row, 3)
    os.kill(os.getpid(), signal.SIGKILL)


def test_processes_add_up_and_what_a_killed_one_counted_stays() -> None:
    counters = SharedCounters(["a", "b"])
    plans = [
        (count, (counters, 1, 10_000)),
        (count, (counters, 2, 10_000)),
        (count_and_die, (counters, 3)),
    ]
    processes = [FORK.Process(target=target, args=args) for target, args in plans]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, -signal.SIGKILL]
    assert counters.totals() == {"a": 20_003, "b": 10_001.5}


def test_a_row_taken_again_goes_on_from_where_it_was() -> None:
    counters = SharedCounters(["a"])
    for _ in range(2):
        counters.use_row(5)
        counters.add([("a", 1)])
    assert counters.by_row("a") == {5: 2}


def test_a_cleared_counter_leaves_the_others() -> None:
    counters = SharedCounters(["a", "b"])
    count(counters, 1, 1)
    count(counters, 2, 1)
    counters.clear(1, "a")
    assert counters.totals() == {"a": 1, "b": 1}
