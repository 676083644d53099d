"""The metrics page for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import psutil
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from reference_server.monitoring.metrics import BUCKETS, WHOLE, Key, Metrics
from reference_server.stages import STAGES

ENDS = (*map(str, BUCKETS), "+Inf")

Totals = dict[Key, float]


def page(metrics: Metrics) -> bytes:
    """All numbers, in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Families(metrics))
    return generate_latest(registry)


@dataclass(frozen=True)
class _Families(Collector):
    metrics: Metrics

    def collect(self) -> Iterator[Metric]:
        """What prometheus_client asks for."""
        totals = self.metrics.counters.totals()
        yield from _counters(totals)
        yield _histogram("verikit_request_duration_seconds", "A request to the operation.", totals)
        yield _histogram("verikit_stage_duration_seconds", "A stage of a request.", totals, STAGES)
        yield GaugeMetricFamily(
            "verikit_requests_in_flight", "Requests without a response.", totals["in_flight",]
        )
        yield GaugeMetricFamily(
            "verikit_requests_held",
            "Requests received whole; each worker computes one of its own, the others wait.",
            totals["held",],
        )
        yield CounterMetricFamily(
            "verikit_dropped_log_lines",
            "Lines of the log that its reader was too slow for.",
            totals["dropped_log_lines",],
        )
        yield from _usage(self.metrics)


def _counters(totals: Totals) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "verikit_requests", "Responses by code and HTTP status.", labels=["code", "status"]
    )
    limited = CounterMetricFamily(
        "verikit_limited_requests",
        "Requests refused, by the limit that was reached.",
        labels=["limit"],
    )
    families = {"requests": requests, "limited": limited}
    for (name, *labels), value in totals.items():
        if name in families:
            families[str(name)].add_metric([str(label) for label in labels], value)
    yield from families.values()


def _histogram(name: str, help_text: str, totals: Totals, stages: Sequence[str] = ()) -> Metric:
    """The whole request's histogram, or that of each stage."""
    family = HistogramMetricFamily(name, help_text, labels=["stage"] if stages else [])
    for each in stages or (WHOLE,):
        counts = accumulate(totals["bucket", each, bucket] for bucket in range(len(ENDS)))
        labels = [each] if stages else []
        family.add_metric(labels, list(zip(ENDS, counts, strict=True)), totals["seconds", each])
    return family


def _usage(metrics: Metrics) -> Iterator[Metric]:
    """CPU time and memory of the parent and the workers.

    Pages that processes share count in each of them. The time of workers that have ended is on
    the parent's account, so that the sum never falls.
    """
    parent = _look(metrics.parent)
    if parent is None:
        return
    workers = {worker: usage for worker, pid in metrics.workers() if (usage := _look(pid))}
    processes = [parent, *workers.values()]
    yield CounterMetricFamily(
        "process_cpu_seconds",
        "CPU time of all processes.",
        parent.ended_children_cpu_seconds + sum(each.cpu_seconds for each in processes),
    )
    yield GaugeMetricFamily(
        "process_resident_memory_bytes",
        "Resident memory of all processes.",
        sum(each.resident_bytes for each in processes),
    )
    memory = GaugeMetricFamily(
        "verikit_worker_resident_memory_bytes", "Resident memory of a worker.", labels=["worker"]
    )
    for worker, usage in workers.items():
        memory.add_metric([str(worker)], usage.resident_bytes)
    yield memory


@dataclass(frozen=True, kw_only=True)
class _Usage:
    """CPU seconds of a process, those of its children that have ended, and its resident bytes."""

    cpu_seconds: float
    ended_children_cpu_seconds: float
    resident_bytes: int


def _look(pid: int) -> _Usage | None:
    """What the process uses; None if it is gone."""
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return _Usage(
            cpu_seconds=times.user + times.system,
            ended_children_cpu_seconds=times.children_user + times.children_system,
            resident_bytes=process.memory_info().rss,
        )
    except psutil.NoSuchProcess:
        return None
