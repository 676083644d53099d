"""Writes the rows of conformance/cases/crossed.yaml: what has to be met together, once at least.

    python tools/crossed_design.py > conformance/cases/crossed.yaml

That is every pair of values of two factors, and every triple of body, options and what is done to
the encryption or to the people shown. A row is added greedily, the one of many random candidates
that covers most of what is left; the same seed writes the same rows. Released rows stay: a new
design goes into a later release.
"""

from __future__ import annotations

import itertools
import random

from conformance.cases.crossed import FACTORS, is_possible

SEED, CANDIDATES, RELEASE = 1, 400, "1.8.0"
Row = tuple[str, ...]
Combination = tuple[tuple[int, str], ...]
"""Values, each with the place of its factor."""
PLACES = {name: place for place, name in enumerate(FACTORS)}
TRIPLE = (PLACES["fault"], PLACES["body"], PLACES["options"])
CROSSED_THRICE = {
    fault
    for fault in FACTORS["fault"]
    if fault.partition("-")[0] in ("mated", "impostor", "tag", "tail", "key")
}


def combinations(row: Row) -> set[Combination]:
    """What is met in a row."""
    places = list(itertools.combinations(range(len(row)), 2))
    if row[PLACES["fault"]] in CROSSED_THRICE:
        places.append(TRIPLE)  # type: ignore[arg-type]
    return {tuple((place, row[place]) for place in chosen) for chosen in places}


def completed(part: dict[int, str], dice: random.Random) -> Row | None:
    """A possible row that has the values of ``part``, the others drawn."""
    for _ in range(50):
        row = tuple(
            part.get(place, dice.choice(values)) for place, values in enumerate(FACTORS.values())
        )
        if is_possible(row):
            return row
    return None


def wanted() -> set[Combination]:
    """Everything that should be met, possible or not."""
    lists = list(FACTORS.values())
    found: set[Combination] = {
        ((i, a), (j, b))
        for i, j in itertools.combinations(range(len(lists)), 2)
        for a in lists[i]
        for b in lists[j]
    }
    for values in itertools.product(CROSSED_THRICE, FACTORS["body"], FACTORS["options"]):
        found.add(tuple(zip(TRIPLE, values, strict=True)))
    return found


def design() -> list[Row]:
    """Rows until everything that can be met is met."""
    dice = random.Random(SEED)  # noqa: S311 - not for secrets
    left = wanted()
    rows: list[Row] = []
    while left:
        # Triples first: they bring most pairs along.
        first = min(left, key=lambda combination: (-len(combination), combination))
        drawn = [completed(dict(first), dice) for _ in range(CANDIDATES)]
        possible = [row for row in drawn if row]
        if not possible:
            left.discard(first)
            continue
        best = max(possible, key=lambda row: len(combinations(row) & left))
        left -= combinations(best)
        rows.append(best)
    lists = list(FACTORS.values())
    return sorted(rows, key=lambda row: [v.index(x) for v, x in zip(lists, row, strict=True)])


if __name__ == "__main__":
    print("# Made by tools/crossed_design.py; a row holds a value of each factor, in this order:")
    print(f"# {', '.join(FACTORS)}.")
    print(f'"{RELEASE}":')
    for row in design():
        print(f"- [{', '.join(row)}]")
