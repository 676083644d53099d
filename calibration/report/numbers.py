"""Numbers in words: rates, ratios, counts and times, with as many digits as count."""

from __future__ import annotations

import math

from calibration.judging.findings import (
    GroupDifferential,
    GroupRow,
    ImpostorRow,
    PairedRow,
    RequiredRow,
)
from calibration.statistics.intervals import Interval, Rate


def rate(value: float, *beside: float) -> str:
    """A rate in percent, or as 1.2e-4 if it is tiny or all rates ``beside`` it are below 1 %."""
    if math.isnan(value):
        return "–"  # noqa: RUF001 - a dash in a table
    if value == 0:
        return "0"
    if value < 1e-5 or max(value, *beside, 0) < 0.01:
        return f"{value:.1e}".replace("e-0", "e-")
    return f"{100 * value:#.3g}".removesuffix(".") + " %"


def bounds(interval: Interval) -> str:
    """An interval of rates."""
    ends = interval.lower, interval.upper
    return " to ".join(rate(end, *ends) for end in ends)


def beside(value: float, interval: Interval) -> str:
    """A rate in the notation of its interval."""
    return rate(value, interval.upper)


def percent_between(measured: Rate) -> str:
    """A rate and its interval in percent, two digits each: 9.1 % (8.2 to 10 %)."""
    if math.isnan(measured.rate):
        return "not measured"
    ends = measured.interval.lower, measured.interval.upper
    rate, lower, upper = (percent(share) for share in (measured.rate, *ends))
    return f"{rate} % ({lower} to {upper} %)"


def percent(share: float) -> str:
    """A share as a percentage with two digits, without the sign."""
    if 0 < share < 1e-4:
        return "<0.01"
    return f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.2g}"


def one_in(value: float) -> str:
    """A claimed rate: 1 in 10,000."""
    return f"1 in {two_digits(1 / value)}"


def one_in_between(value: float, interval: Interval, *, short: bool = False) -> str:
    """A measured rate and its interval: 1 in 9,800 (between 6,100 and 17,000).

    ``short``: without the words.
    """
    if math.isnan(value):
        return "not measured"
    least, middle, most = (
        two_digits(1 / rate, short=short) if rate else "any number"
        for rate in (interval.upper, value, interval.lower)
    )
    if not value:
        return f"none (over {least})" if short else f"none (at most 1 in {least})"
    if short:
        return f"{middle} ({least} to {most})"
    return f"1 in {middle} (between {least} and {most})"


def about(count: int, *, short: bool = False) -> str:
    """An estimated count: 4,700, 130,000, 13 million (``short``: 13 M)."""
    return two_digits(count, short=short)


def two_digits(value: float, *, short: bool = False) -> str:
    """Two digits that count: 9.2, 98, 9,800, 2.3 million (2.3 M)."""
    rounded = float(f"{value:.2g}")
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if rounded >= size:
            return f"{rounded / size:,g} {name[0].upper() if short else name}"
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def share_of(part: int, whole: int) -> str:
    """A share in percent with two digits."""
    return f"{percent(part / whole)} %" if whole else "not measured"


def ratio_between(one: GroupDifferential) -> str:
    """A ratio and its interval: 2.4 (1.3 to 6.1)."""
    return ratio(one.value, one.interval)


def ratio(value: float, interval: Interval, *, short: bool = False) -> str:
    """A ratio of rates and its interval: 2.4 (1.3 to 6.1)."""
    if math.isnan(value):
        return "no error in any group"
    if math.isinf(value):
        least = f"at least {interval.lower:.2g}"
        return least if short else f"{least}, as the lowest showed no error"
    middle, upper = (
        two_digits(number) if math.isfinite(number) else "without bound"
        for number in (value, interval.upper)
    )
    return f"{middle} ({interval.lower:.2g} to {upper})"


def difference_between(row: PairedRow) -> str:
    """A difference of rates and its interval, in percent with two digits."""
    ends = row.difference, row.interval.lower, row.interval.upper
    middle, lower, upper = (f"{100 * end:+.2g}" if end else "0" for end in ends)
    return f"{middle} ({lower} to {upper}) %"


def factor_between(row: ImpostorRow) -> str:
    """The FMR of impostors divided by that of random pairs: 3.1 (2.2 to 4.4)."""
    ends = (row.factor, row.interval.lower, row.interval.upper)
    value, lower, upper = (
        "not measured" if math.isnan(end) else two_digits(end) if end >= 1 else f"{end:.2g}"
        for end in ends
    )
    return f"{value} ({lower} to {upper})"


def measured_as_required(row: RequiredRow, *, short: bool = False) -> str:
    """A measured rate, or ratio, in the notation of its kind."""
    if not row.n:
        return "not measured"
    if row.limit > 1:
        return ratio(row.rate, row.interval, short=short)
    if row.measure == "fmr":
        told = one_in_between(row.rate, row.interval, short=short)
        return f"1 in {told}" if short and row.rate else told
    return percent_between(Rate(rate=row.rate, interval=row.interval))


def latency(row: GroupRow) -> str:
    """The latency of a group's answers: 0.12 s (95 %: 0.3 s)."""
    if row.median is None or row.slowest is None:
        return "not measured"
    return f"{row.median:.2g} s (95 %: {row.slowest:.2g} s)"


def out_of(rate: float) -> int:
    """The least power of ten of which a rate is ten, to two digits, or more."""
    return int(10 ** min(10, max(1, math.ceil(1 - math.log10(max(rate, 1e-9)) - 0.02))))


def whole(value: float, *, up: bool) -> int:
    """A whole number of two digits that count, rounded up or down."""
    step = int(10 ** max(0, math.floor(math.log10(max(value, 1))) - 1))
    return step * (math.ceil(value / step - 1e-9) if up else math.floor(value / step + 1e-9))
