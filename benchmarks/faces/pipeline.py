"""What HTTP, decryption and parsing cost on top of the pipeline, where CPU time goes, and memory.

The pipeline is called in-process and over HTTP in turn, on the same two photos, one worker, so
that whatever else the machine does falls on both.

    python -m benchmarks.faces.pipeline --rounds 7
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.rates import CLIENTS, Side, instruction_set, paced
from benchmarks.servers import (
    CONTRACT,
    encrypted_form,
    portraits,
    verikit_server,
)
from reference_server.faces.engine import load_engine
from reference_server.request.photo import read_photo
from reference_server.stages import Stage, Stages


class CpuTime(Stages):
    """CPU milliseconds by stage: what else the machine does adds little to them."""

    def start(self, name: Stage) -> Callable[[], None]:
        """See :class:`Stages`; of this thread."""
        begun = time.thread_time()

        def end() -> None:
            self.ms[name] = self.ms.get(name, 0.0) + (time.thread_time() - begun) * 1000

        return end


@dataclass(frozen=True)
class InProcess:
    """The pipeline without a server: two photo files in, a score out."""

    compare: Callable[[Stages], None]
    calls_per_round: int

    @classmethod
    def of(cls, photos: tuple[bytes, bytes], seconds: float) -> InProcess:
        """A loaded pipeline whose rounds last about ``seconds``."""
        engine = load_engine()

        def compare(stages: Stages) -> None:
            with stages.time("decode"):
                first, second = (read_photo(file, CONTRACT.photo_standards) for file in photos)
            engine.compare(first, second, auto_rotate=False, check_quality=False, stages=stages)

        trial = cls(compare, 5)
        trial.rate({})
        return cls(compare, max(1, round(trial.rate({}) * seconds)))

    def rate(self, spent: dict[str, list[float]]) -> float:
        """Comparisons per second of one round; ``spent`` collects milliseconds per stage."""
        start = time.perf_counter()
        for _ in range(self.calls_per_round):
            stages = CpuTime()
            self.compare(stages)
            for stage, ms in stages.ms.items():
                spent.setdefault(stage, []).append(ms)
        return self.calls_per_round / (time.perf_counter() - start)


def share_of_pipeline(pixels: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Rates in-process and over HTTP, and CPU milliseconds per stage.

    What HTTP takes is the worker's CPU time without that of the round in-process next to it: on a
    busy machine a mean of the one would differ from a median of the other by more than that.
    """
    photos = portraits(pixels)
    in_process = InProcess.of(photos, seconds)
    spent: dict[str, list[float]] = defaultdict(list)
    with verikit_server() as (url, server):
        over_http: Side = paced(url, encrypted_form(photos), CONTRACT.media_types[0], seconds)
        (worker,) = workers_of(server)
        rates, beside = [], []
        for _ in range(rounds):
            before = cpu_ms(worker)
            http = over_http.rate()
            of_worker = (cpu_ms(worker) - before) / over_http.requests_per_round
            begun = time.thread_time()
            rates.append((http, in_process.rate(spent)))
            own = (time.thread_time() - begun) * 1000 / in_process.calls_per_round
            beside.append(of_worker - own)
    stage_ms = {stage: statistics.median(each) for stage, each in spent.items()}
    shares = [http / bare for http, bare in rates]
    return {
        "pixels": pixels,
        "http_per_second": statistics.median(http for http, _ in rates),
        "in_process_per_second": statistics.median(bare for _, bare in rates),
        "share": statistics.median(shares),
        "share_range": (min(shares), max(shares)),
        "stage_ms": {**stage_ms, "HTTP": max(0.0, statistics.median(beside))},
    }


def memory_and_start(workers: int) -> dict[str, Any]:
    """What a server costs: seconds to the first answer, then under work at 1000 px.

    ``master_mb`` and ``workers_mb`` are proportional set sizes; ``faults`` are page faults of the
    workers for each comparison, after a round in which they take the memory that they need.
    """
    started = time.perf_counter()
    with verikit_server(workers) as (url, server):
        ready = time.perf_counter() - started
        form, clients = encrypted_form(portraits(1000)), CLIENTS * workers
        side = paced(url, form, CONTRACT.media_types[0], seconds=3, clients=clients)
        side.rate()
        processes = workers_of(server)
        before = sum(map(faults, processes))
        rate = side.rate()
        return {
            "workers": workers,
            "ready_seconds": ready,
            "per_second": rate,
            "faults": (sum(map(faults, processes)) - before) / side.requests_per_round,
            "master_mb": pss(psutil.Process(server.pid)),
            "workers_mb": [pss(worker) for worker in processes],
        }


def growth(rounds: int, seconds: float) -> dict[str, list[float]]:
    """What a second worker brings at 1000 px; one worker and two are asked in turn.

    Each worker has one client: with more, it receives the next photos on one processor while it
    compares on another, and a second worker could not double that on two. ``processors`` are
    those that one worker and two keep busy.
    """
    form, media_type = encrypted_form(portraits(1000)), CONTRACT.media_types[0]
    ratios: list[float] = []
    busy: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as open_until_then:
        sides = []
        for workers in (1, 2):
            url, server = open_until_then.enter_context(verikit_server(workers))
            side = paced(url, form, media_type, seconds, clients=workers)
            sides.append((side, workers_of(server)))
        for _ in range(rounds):
            rates = []
            for (side, processes), found in zip(sides, busy, strict=True):
                before, begun = sum(map(cpu_ms, processes)), time.perf_counter()
                rates.append(side.rate())
                spent = time.perf_counter() - begun
                found.append((sum(map(cpu_ms, processes)) - before) / 1000 / spent)
            ratios.append(rates[1] / rates[0])
    return {"ratios": ratios, "processors": [statistics.median(found) for found in busy]}


def faults(process: psutil.Process) -> int:
    """Minor page faults so far (proc_pid_stat(5), minflt)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7])


def cpu_ms(process: psutil.Process) -> float:
    """CPU time so far, of all threads."""
    times = process.cpu_times()
    return float(times.user + times.system) * 1000


def workers_of(server: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The worker processes of a server."""
    return psutil.Process(server.pid).children()


def pss(process: psutil.Process) -> float:
    """Proportional set size in MB: shared pages count for the part that falls on the process."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    kilobytes = next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(kilobytes) / 1024


def main() -> None:
    """Print the figures, or the same as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3, help="length of a round")
    parser.add_argument("--pixels", type=int, nargs="+", default=[250, 1000])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [share_of_pipeline(p, options.rounds, options.seconds) for p in options.pixels]
    servers = [memory_and_start(workers) for workers in (1, 2)]
    second = growth(options.rounds, options.seconds)
    if options.json:
        found = {
            "processor": instruction_set(),
            "pipeline": rows,
            "servers": servers,
            "growth": second,
        }
        print(json.dumps(found, indent=1))
        return
    for row in rows:
        print(
            "{pixels} px: {http_per_second:.1f}/s over HTTP, {in_process_per_second:.1f}/s "
            "in-process: {share:.0%} of it".format(**row)
        )
        for stage, ms in row["stage_ms"].items():
            print(f"    {stage:8} {ms:6.2f} ms")
    for server in servers:
        print(
            "{workers} workers: ready after {ready_seconds:.1f} s, {per_second:.1f}/s, "
            "{faults:.0f} page faults a comparison, master {master_mb:.0f} MB, workers ".format(
                **server
            )
            + ", ".join(f"{mb:.0f} MB" for mb in server["workers_mb"])
        )
    first, both = (server["master_mb"] + sum(server["workers_mb"]) for server in servers)
    print(f"a second worker: {both - first:.0f} MB more")
    print(
        f"it raises the rate {statistics.median(second['ratios']):.2f} times "
        f"({min(second['ratios']):.2f}-{max(second['ratios']):.2f}); "
        "one keeps {:.2f} processors busy, two {:.2f}".format(*second["processors"])
    )


if __name__ == "__main__":
    main()
