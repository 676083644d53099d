import os
import signal
from multiprocessing import get_context

from reference_server.monitoring.shared_counters import Cells

FORK = get_context("fork")


def count(cells: Cells[str], row: int, times: int) -> None:
    cells.use_row(row)
    for _ in range(times):
        cells.add([("a", 1), ("b", 0.5)])


def count_and_die(cells: Cells[str], row: int) -> None:
    count(cells, row, 3)
    os.kill(os.getpid(), signal.SIGKILL)


def test_processes_add_up_and_what_a_killed_one_counted_stays() -> None:
    cells = Cells(["a", "b"])
    plans = [(count, (cells, 1, 10_000)), (count, (cells, 2, 10_000)), (count_and_die, (cells, 3))]
    processes = [FORK.Process(target=target, args=args) for target, args in plans]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, -signal.SIGKILL]
    assert cells.totals() == {"a": 20_003, "b": 10_001.5}


def test_a_row_taken_again_goes_on_from_where_it_was() -> None:
    cells = Cells(["a"])
    for _ in range(2):
        cells.use_row(5)
        cells.add([("a", 1)])
    assert cells.by_row("a") == {5: 2}


def test_a_cleared_cell_leaves_the_others() -> None:
    cells = Cells(["a", "b"])
    count(cells, 1, 1)
    count(cells, 2, 1)
    cells.clear(1, "a")
    assert cells.totals() == {"a": 1, "b": 1}
