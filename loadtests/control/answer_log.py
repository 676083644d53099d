"""The merged results of all generators of a run."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.profile import Profile
from loadtests.statistics.measures import Measures, measure
from loadtests.statistics.request_ids import RequestIds
from loadtests.statistics.windows import Window, total

_MOST_WINDOWS = 600
_SILENT_SECONDS = 30
REPEATED_ID = "request_id given out twice"
OTHER_SCORE = "another score for the same pair"


def window_seconds_for(profile: Profile) -> int:
    """The length of a window in seconds: 1, or more so that a run has at most 600 windows."""
    return max(1, math.ceil((profile.warm_up + profile.seconds) / _MOST_WINDOWS))


@dataclass
class Process:
    """A generator process: its latest clock, when that was heard (monotonic time), whether it is
    done, and its CPU use over time.
    """

    clock: float = 0.0
    over: bool = False
    heard: float = field(default_factory=time.monotonic)
    cpu: list[tuple[float, float]] = field(default_factory=list)

    def is_lost(self) -> bool:
        """Whether it stopped reporting before it was done."""
        return not self.over and time.monotonic() - self.heard > _SILENT_SECONDS


class Consistency:
    """What must agree across all steps and workers: unique request_ids, and one score per pair."""

    def __init__(self) -> None:
        self.request_ids = RequestIds()
        self.scores: dict[str, float] = {}
        self._accused: set[tuple[str, str]] = set()

    def other_scores(self, process: str, scores: Mapping[str, float]) -> int:
        """How many pairs a worker saw scored differently from another; each pair counts once."""
        wrong = {
            (process, pair)
            for pair, score in scores.items()
            if self.scores.setdefault(pair, score) != score
        } - self._accused
        self._accused |= wrong
        return len(wrong)


class AnswerLog:
    """The windows of one run, by number since its start, and what became of the generators.

    ``begun`` is when the run began, on the clock of the server's monitor.
    """

    def __init__(
        self, profile: Profile, shared: Consistency, processes: Iterable[str] = ()
    ) -> None:
        self.profile, self.shared = profile, shared
        self.begun: float | None = None
        self.window_seconds = window_seconds_for(profile)
        self.windows: dict[int, Window] = defaultdict(Window)
        self.processes: dict[str, Process] = defaultdict(Process)
        self.processes.update({name: Process() for name in processes})
        self.trouble: str | None = None
        self.aborted = False
        self._other_scores = 0
        self._end = profile.warm_up + profile.seconds

    def add(self, name: str, report: Mapping[str, Any]) -> int:
        """Add a generator's report; returns how many of its request_ids were seen before."""
        process = self.processes[name]
        process.clock, process.over = report["clock"], report["over"]
        process.heard = time.monotonic()
        process.cpu.append((report["clock"], report["cpu"]))
        for index, window in report["windows"]:
            self.windows[index].add(Window.from_plain(window))
        if report["trouble"] and not self.trouble:
            self.cut_short(report["trouble"])
        repeated = 0
        for index, digests in report["request_ids"]:
            again = self.shared.request_ids.add(digests)
            if again:
                self.windows[index].failures[REPEATED_ID] += again
                self.windows[index].finished -= again
            repeated += again
        self._other_scores += self.shared.other_scores(name, report["scores"])
        return repeated

    @property
    def clock(self) -> float:
        """Seconds since the run began, warm-up included; at most its planned length."""
        latest = max((process.clock for process in self.processes.values()), default=0.0)
        return min(latest, self._end)

    def cut_short(self, trouble: str, *, aborted: bool = False) -> None:
        """End the run now, for the reason ``trouble``; ``aborted``: a gate is already broken."""
        self.trouble, self.aborted, self._end = trouble, aborted, self.clock

    @property
    def is_over(self) -> bool:
        """Whether every generator has sent its requests and received the responses."""
        return all(process.over for process in self.processes.values())

    @property
    def has_lost_a_worker(self) -> bool:
        """Whether a generator stopped reporting before it was done."""
        return any(process.is_lost() for process in self.processes.values())

    @property
    def span(self) -> tuple[float, float]:
        """Start and end of the measured time, in seconds on the clock of the server's monitor."""
        begun = self.begun or 0.0
        return begun + self.profile.warm_up, begun + self.clock

    @property
    def first_window(self) -> int:
        """The index of the first window that lies entirely after the warm-up."""
        return math.ceil(self.profile.warm_up / self.window_seconds)

    @property
    def measured(self) -> list[Window]:
        """The windows that count, in order, empty ones included."""
        end = math.ceil(self.clock / self.window_seconds)
        return [self.windows[index] for index in range(self.first_window, end)]

    def measures(self, memory: tuple[float, float, float] | None = None) -> Measures:
        """The measures of the run without its warm-up."""
        seconds = max(0.0, self.clock - self.first_window * self.window_seconds)
        whole = total(self.measured)
        if self._other_scores:
            whole.failures[OTHER_SCORE] += self._other_scores
        return measure(whole, seconds, memory)

    def generator_cpu(self) -> float:
        """The mean CPU use of the busiest generator process after warm-up, in cores."""
        means = [
            sum(cores) / len(cores)
            for process in self.processes.values()
            if (cores := [cpu for clock, cpu in process.cpu if clock >= self.profile.warm_up])
        ]
        return max(means, default=0.0)
