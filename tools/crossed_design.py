"""Writes the rows of conformance/cases/crossed.yaml: every pair of values of two factors once.

    python tools/crossed_design.py > conformance/cases/crossed.yaml

A row is added greedily, the one of many random candidates that covers most new pairs; the same
seed writes the same rows. Released rows stay: a new design goes into a later release.
"""

from __future__ import annotations

import itertools
import random

from conformance.cases.crossed import FACTORS, is_possible

SEED, CANDIDATES, RELEASE = 1, 400, "1.8.0"
Row = tuple[str, ...]


def pairs(row: Row) -> set[tuple[int, str, int, str]]:
    """The pairs of values in a row."""
    return {(i, row[i], j, row[j]) for i, j in itertools.combinations(range(len(row)), 2)}


def completed(part: dict[int, str], dice: random.Random) -> Row | None:
    """A possible row that has the values of ``part``, the others drawn."""
    for _ in range(50):
        row = tuple(
            part.get(place, dice.choice(values)) for place, values in enumerate(FACTORS.values())
        )
        if is_possible(row):
            return row
    return None


def design() -> list[Row]:
    """Rows until every pair that can be is covered."""
    dice = random.Random(SEED)  # noqa: S311 - not for secrets
    lists = list(FACTORS.values())
    left = {
        (i, a, j, b)
        for i, j in itertools.combinations(range(len(lists)), 2)
        for a in lists[i]
        for b in lists[j]
    }
    rows: list[Row] = []
    while left:
        i, a, j, b = min(left)
        drawn = [completed({i: a, j: b}, dice) for _ in range(CANDIDATES)]
        possible = [row for row in drawn if row]
        if not possible:
            left.discard((i, a, j, b))
            continue
        best = max(possible, key=lambda row: len(pairs(row) & left))
        left -= pairs(best)
        rows.append(best)
    return sorted(rows, key=lambda row: [v.index(x) for v, x in zip(lists, row, strict=True)])


if __name__ == "__main__":
    print("# Made by tools/crossed_design.py; a row holds a value of each factor, in this order:")
    print(f"# {', '.join(FACTORS)}.")
    print(f'"{RELEASE}":')
    for row in design():
        print(f"- [{', '.join(row)}]")
