"""The ID of a request: unique, of the server's own making, and long enough to stay unique."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import correlation

from conformance.case import CaseContext
from conformance.cases import case
from conformance.errors import CouldNotJudge
from conformance.judging.verdicts import Finding
from conformance.requests.exchange import Exchange
from conformance.requests.recipe import Request

_AT_ONCE, _PAUSE = 64, 0.5
"""Requests at the same time, and seconds for which each body pauses, so that they all are open."""
_HEADERS = ("X-Request-Id", "X-Correlation-Id", "Request-Id", "X-Trace-Id")
_FEWEST, _LEAST_BITS = 100, 38
"""IDs that it takes to see how they are made, and bits that keep a million of them apart."""
_ORDERED, _COUNTED = 0.5, 0.05
"""A rank correlation with time, and a share of IDs that differ from another only at the end, that
random IDs do not reach."""


@case(
    "concurrent-request-ids",
    "Sixty-four concurrent requests get as many different IDs",
    since="1.8.0",
    requires=("request-id-unique",),
)
def _request_ids(context: CaseContext) -> Iterable[Finding]:
    answers = [
        one.answer for one in context.together([Request(first=None, pause=_PAUSE)] * _AT_ONCE)
    ]
    ids = Counter(str(a.fields.get("request_id")) for a in answers if a and a.fields)
    repeated = {name: times for name, times in ids.items() if times > 1}
    if not repeated:
        return []
    return context.finding("a unique ID for each request", actual=f"repeated: {repeated}")


@case(
    "request-id-own",
    "Two requests with the same ID of a client's own get different IDs",
    since="1.8.0",
    requires=("request-id-own",),
)
def _own_ids(context: CaseContext) -> Iterable[Finding]:
    headers = tuple((name, "0123456789abcdef") for name in _HEADERS)
    one, other = (context.ask(Request(first=None, headers=headers)) for _ in range(2))
    ids = [a.answer.fields.get("request_id") if a.answer else None for a in (one, other)]
    if ids[0] is None or ids[0] != ids[1]:
        return []
    return context.finding("an ID that the server makes", other, actual=f"twice {ids[0]!r}")


@case(
    "every-request-id-unique",
    "Every request_id of the run is unique",
    since="1.8.0",
    requires=("request-id-unique",),
    invariant=True,
)
def _request_id_unique(context: CaseContext) -> Iterable[Finding]:
    seen: defaultdict[str, list[Exchange]] = defaultdict(list)
    for one in _exchanges(context):
        own = dict(one.request.headers).keys() & {*_HEADERS}  # what another case judges
        name = one.answer.fields.get("request_id") if one.answer else None
        if isinstance(name, str) and not own:
            seen[name].append(one)
    if not seen:
        raise CouldNotJudge("no response has a request_id")
    repeated = [exchanges for exchanges in seen.values() if len(exchanges) > 1]
    if not repeated:
        return []
    actual = f"{len(repeated)} IDs were used more than once, one of them {len(repeated[0])} times"
    one, other = repeated[0][:2]
    expected = "a unique ID for each request"
    return context.finding(expected, other, actual=actual, also=(one.case,))


@case(
    "every-request-id-space",
    "Random request IDs are long enough to stay unique",
    since="1.8.0",
    requires=("request-id-space",),
    invariant=True,
)
def _space(context: CaseContext) -> Iterable[Finding]:
    names = [one.answer.fields.get("request_id") for one in _exchanges(context) if one.answer]
    ids = list(dict.fromkeys(name for name in names if isinstance(name, str)))
    length = Counter(map(len, ids)).most_common(1)[0][0] if ids else 0
    alike = [name for name in ids if len(name) == length]
    if len(alike) < _FEWEST or _in_order(ids) or _are_counted(alike):
        return []
    bits = sum(math.log2(len(set(characters))) for characters in zip(*alike, strict=True))
    if bits >= _LEAST_BITS:
        return []
    actual = f"random IDs of about {bits:.0f} bits, such as {alike[0]!r}"
    return context.finding(f"at least {_LEAST_BITS} bits, or a counter", actual=actual)


def _in_order(ids: Sequence[str]) -> bool:
    """Whether later requests have greater IDs, as of a clock or a counter."""
    rank = {name: float(n) for n, name in enumerate(sorted(ids, key=lambda i: (len(i), i)))}
    times = [float(n) for n in range(len(ids))]
    return abs(correlation(times, [rank[name] for name in ids])) > _ORDERED


def _are_counted(ids: Sequence[str]) -> bool:
    """Whether many differ from another at the end only, as counters of several processes do."""
    heads = Counter(name[:-1] for name in ids)
    return sum(heads[name[:-1]] > 1 for name in ids) > _COUNTED * len(ids)


def _exchanges(context: CaseContext) -> list[Exchange]:
    return [entry.exchange for entry in context.environment.log.all()]
