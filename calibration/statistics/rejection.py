"""Error against reject: an error rate where comparisons of poor quality are rejected.

Source: error versus discard characteristic (ISO/IEC 29794-1; Grother & Tabassi, 2007). The quality
of a comparison is the lower one of its two photos. Comparisons of equal quality are rejected
together, so a share that is rejected may be less than the one that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from calibration.statistics.arrays import Counts, Floats
from calibration.statistics.dependence import Shares
from calibration.statistics.differentials import Differential, same_group
from calibration.statistics.evidence import evidence_of
from calibration.statistics.intervals import Rate
from calibration.statistics.verdicts import Rule

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
WORST = 0.1
"""The share of the worst comparisons that is put beside the rest."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The error rate of what is kept if comparisons of low quality are rejected.

    ``rejected`` is the share of comparisons below the quality ``lowest``; ``rate`` is that of the
    ``n`` others, which are of so many ``people``.
    """

    rejected: float
    lowest: float
    n: int
    people: int
    rate: Rate


def error_against_reject(
    quality: Floats, wrong: np.ndarray, person: Counts, rule: Rule, open_still: int = 0
) -> list[list[Kept]]:
    """The error rate of what is kept, for each threshold and growing shares of rejected ones.

    ``quality`` of each comparison, of shape (n,), whether it went ``wrong`` at each threshold, of
    shape (rows, n), and the number of its ``person``, of shape (n,). ``open_still`` further ones,
    of unknown quality, may have gone wrong.
    """
    ranked = np.sort(quality)
    starts = sorted({_start(ranked, share) for share in SHARES}) if ranked.size else []
    found: list[list[Kept]] = [[] for _ in wrong]
    for start in starts:
        kept = quality >= ranked[start]
        for points, rate in zip(
            found, _rates(wrong[:, kept], person[kept], rule, open_still), strict=True
        ):
            points.append(
                Kept(
                    rejected=start / ranked.size,
                    lowest=float(ranked[start]),
                    n=int(kept.sum()),
                    people=int(np.unique(person[kept]).size),
                    rate=rate,
                )
            )
    return found


def worst_against_rest(
    quality: Floats, wrong: np.ndarray, person: Counts, rule: Rule
) -> tuple[float, Differential] | None:
    """The share of the worst tenth, and its error rate divided by that of the rest.

    None if too many comparisons have the lowest quality to single out a tenth. See
    ``error_against_reject`` for the arguments, but ``wrong`` is of one threshold. Both rates are of
    the same people; each is bounded at alpha / 2, so both hold together.
    """
    ranked = np.sort(quality)
    start = _start(ranked, WORST) if ranked.size else 0
    if not start:
        return None
    kept = quality >= ranked[start]
    half = replace(rule, alpha=rule.alpha / 2)
    worst, rest = (_rates(wrong[None, some], person[some], half)[0] for some in (~kept, kept))
    return start / ranked.size, same_group(worst, rest)


def _start(ranked: Floats, share: float) -> int:
    """The place of the first of those that are kept, all of its quality being kept."""
    place = min(int(share * ranked.size), ranked.size - 1)
    return int(np.searchsorted(ranked, ranked[place]))


def _rates(wrong: np.ndarray, person: Counts, rule: Rule, open_still: int = 0) -> list[Rate]:
    size = int(person.max()) + 1 if person.size else 0
    shares = Shares(
        tried=np.bincount(person, minlength=size),
        events=np.array([np.bincount(person[row], minlength=size) for row in wrong]),
        per_comparison=1,
    )
    rows = evidence_of(shares)
    return [replace(row, open_still=open_still).measured(rule) for row in rows]
