"""The thresholds of similarities, from a score map or from the command line.

A similarity is not a score of the documented table. A score map is a JSON file with ``knots``,
pairs [similarity, log10 of the FMR], as the reference server has it. The threshold for a documented
rate is the similarity at which the map promises that rate.
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from verikit.contract import ErrorRates
from verikit.errors import WrongUse, in_words
from verikit.foreign_files import LARGEST_SETTINGS, MALFORMED, read_text


def thresholds_of_map(path: Path, rates: ErrorRates) -> tuple[float, ...]:
    """The similarity at which the map promises each documented rate, ascending.

    Raises:
        WrongUse: the file is not a map, or does not reach a documented rate.
    """
    try:
        knots = np.array(json.loads(read_text(path, LARGEST_SETTINGS))["knots"], float)
        similarities, logs = knots[:, 0], knots[:, 1]
    except (OSError, *MALFORMED) as error:
        raise WrongUse(
            f"{path} is not a score map with knots [similarity, log10 FMR]: {in_words(error)}."
        ) from error
    wanted = [math.log10(rate) for _, rate in rates.rows]
    if not np.isfinite([similarities, logs]).all():
        raise WrongUse(f"{path}: each knot must be two finite numbers.")
    if np.any(np.diff(similarities) <= 0) or np.any(np.diff(logs) > 0):
        raise WrongUse(f"{path}: similarities must rise and log10 FMR fall from knot to knot.")
    if max(wanted) > logs[0] or min(wanted) < logs[-1]:
        raise WrongUse(f"{path} does not reach every documented rate.")
    return tuple(np.interp(wanted, logs[::-1], similarities[::-1]).tolist())


def thresholds_of_text(text: str, rates: ErrorRates) -> tuple[float, ...]:
    """Parse similarities: one for each documented threshold, ascending.

    Raises:
        WrongUse: they are not as many finite numbers, or not ascending.
    """
    try:
        given = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise WrongUse("--similarities takes numbers separated by commas.") from error
    rising = all(map(math.isfinite, given)) and all(a < b for a, b in pairwise(given))
    if len(given) != len(rates.rows) or not rising:
        raise WrongUse(f"--similarities takes {len(rates.rows)} rising numbers, one for each row.")
    return given
