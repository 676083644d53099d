import threading
from collections import Counter
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

from calibration.executors import Workers, fan_out
from verikit.errors import Unreachable, WrongUse


class Losing(Executor):
    """Does the work, and loses what came of the first so many tasks, one way or the other."""

    def __init__(self, lost: int, *, cancels: bool) -> None:
        self.left = lost
        self.cancels = cancels
        self.done = Counter()

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future = Future()
        result = fn(*args, **kwargs)
        self.done[args] += 1
        self.left -= 1
        if self.left < 0:
            future.set_result(result)
        elif self.cancels:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(OSError("the process died"))
        return future


def square(task: int, seat: str) -> int:
    return task * task


@pytest.mark.parametrize("cancels", [True, False])
def test_what_is_lost_is_done_again_and_counts_once(cancels):
    executor = Losing(4, cancels=cancels)
    found = list(fan_out(Workers(executor, 1), square, range(10), "ab"))
    assert sorted(found) == [(task, task * task) for task in range(10)]
    assert executor.done.total() == 14


def test_a_task_that_is_always_lost_ends_the_work():
    with pytest.raises(Unreachable, match="the process died"):
        list(fan_out(Workers(Losing(1000, cancels=False), 1), square, range(3), "a"))


def test_an_executor_that_takes_no_more_ends_the_work():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(Unreachable, match="run the same command again"):
        list(fan_out(Workers(executor, 1), square, range(3), "a"))


def test_a_refusal_is_no_loss():
    def refuse(task: int, seat: str) -> None:
        raise WrongUse("a photo cannot be read")

    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(WrongUse, match="a photo cannot be read"),
    ):
        list(fan_out(Workers(executor, 1), refuse, range(3), "a"))


def test_a_seat_is_never_taken_twice_at_a_time():
    taken, most, lock = Counter(), Counter(), threading.Lock()

    def sit(task: int, seat: str) -> None:
        with lock:
            taken[seat] += 1
            most[seat] = max(most[seat], taken[seat])
        threading.Event().wait(0.001)
        with lock:
            taken[seat] -= 1

    with ThreadPoolExecutor(8) as executor:
        done = [task for task, _ in fan_out(Workers(executor, 1), sit, range(40), "abc")]
    assert sorted(done) == list(range(40))
    assert most == {"a": 1, "b": 1, "c": 1}


def test_tasks_are_taken_only_when_there_is_room():
    taken = []

    def tasks():
        for task in range(100):
            taken.append(task)
            yield task

    with ThreadPoolExecutor(2) as executor:
        results = fan_out(Workers(executor, 1), square, tasks(), "ab")
        next(results)
        results.close()
    assert len(taken) <= 4


def test_a_crew_that_is_lost_without_a_word_is_noticed(monkeypatch):
    monkeypatch.setattr("calibration.executors._LOOK_SECONDS", 0.01)

    class Silent(Executor):
        def submit(self, *_, **__):
            return Future()

    with pytest.raises(Unreachable, match="run the same command again"):
        list(fan_out(Workers(Silent(), 1, lambda: False), square, range(3), "a"))
