"""Do as many people as `verikit plan` asks for decide a row, as often as it says?

Draws so many people at random from templates of more, one photo each, and judges all pairs of them.
A right server is to pass with a power of 90 %::

    verikit fit lfw.npz --out half --hold-out 0.5
    python -m benchmarks.calibration.plan half/held-out.npz half/Dlib.json
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from calibration.commands.plan import SPREAD
from calibration.counting.comparisons import Measurement
from calibration.judging.conditions import RunConditions
from calibration.judging.judgement import find
from calibration.sources import all_pairs
from calibration.sources.score_map import thresholds_of_map
from calibration.sources.templates import Templates, load
from calibration.statistics.dependence import LEAST_PEOPLE
from calibration.statistics.planning import people_for, to_pass
from calibration.statistics.verdicts import Rule
from verikit.contract import load_contract

RATES = load_contract().error_rates


def main() -> None:
    """Print the verdicts of each row over the draws."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("templates", type=Path)
    parser.add_argument("score_map", type=Path)
    parser.add_argument("--draws", type=int, default=20)
    options = parser.parse_args()
    templates = load(options.templates)
    thresholds = thresholds_of_map(options.score_map, RATES)
    everybody = np.unique(templates.people).size
    for place, (threshold, claimed) in enumerate(RATES.rows):
        limit = Rule().tolerance * claimed  # as the command asks
        people = max(people_for(to_pass(claimed, Rule().tolerance), limit, SPREAD), LEAST_PEOPLE)
        if people > everybody:
            print(f"{threshold:g}: plan asks for {people:,} people; there are {everybody:,}")
            continue
        rng = np.random.default_rng(place)
        found = Counter(
            verdict(drawn(templates, people, rng), thresholds, place) for _ in range(options.draws)
        )
        told = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
        print(f"{threshold:g}: plan asks for {people:,} people; of {options.draws} draws {told}")


def drawn(templates: Templates, people: int, rng: np.random.Generator) -> Templates:
    """One photo each of some people."""
    order = rng.permutation(len(templates.people))
    _, first = np.unique(templates.people[order], return_index=True)
    chosen = np.sort(order[rng.permutation(first)[:people]])
    given = {field.name: getattr(templates, field.name) for field in fields(templates)}
    kept = {name: array[chosen] for name, array in given.items() if array is not None}
    return replace(templates, **kept)


def verdict(templates: Templates, thresholds: tuple[float, ...], place: int) -> str:
    """The verdict on one row, judged by itself."""
    low, high = templates.range
    measurement = Measurement(thresholds, 4000, low=low, high=high)
    all_pairs.measure(templates, measurement)
    conditions = RunConditions(up_to=RATES.thresholds[place], known_direction=True)
    return str(find(measurement, RATES, Rule(), conditions).rows[place].verdict)


if __name__ == "__main__":
    main()
