"""Parses the values of a table."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calibration.counting.comparisons import Measurement
from calibration.statistics.arrays import Counts, Floats
from verikit.foreign_text import shown

SENTINEL = -1.0
"""What stands for a failed template in the files of NIST's evaluations."""
TRUTH = dict.fromkeys(
    ("1", "1.0", "+1", "+1.0", "true", "t", "yes", "y", "genuine", "g", "mated", "match", "same",
     "client"), True
) | dict.fromkeys(
    ("0", "0.0", "false", "f", "no", "n", "impostor", "imposter", "non-mated", "nonmated",
     "non_mated", "mismatch", "different", "diff", "-1", "-1.0", "i", "nonmatch",
     "non-match", "non_match", "no match"), False
)  # fmt: skip
"""How the truth about a pair is written, in lower case."""
NO_SCORE = ("", "NA", "N/A", "n/a", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "-")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?", re.ASCII | re.I)
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+", re.ASCII)
_ROUNDING = 1e-6
"""How far beyond the scale, as a share of it, a rounded score may lie."""


def on_scale(
    scores: np.ndarray,
    measurement: Measurement,
    refuse: Callable[[np.ndarray, Floats, str], None],
) -> tuple[Floats, Counts]:
    """Scores on the scale that is counted on, and a code for each sentinel, each of shape (n,).

    ``refuse`` is called with a mask of the values that are not scores, the scores, and the reason.
    """
    values = scores if scores.dtype.kind == "f" else scores.astype(np.float64)
    if values.dtype == np.float16:
        values = as_written(values)
    codes = np.zeros(len(values), np.int64)
    unreal = np.isinf(values)
    if unreal.any():
        refuse(unreal, values, "is not a finite number")
    sign = values.dtype.type(measurement.sign)
    if measurement.limits is None:
        return values * sign, codes
    low, high = measurement.limits
    least, most = sorted((measurement.sign * low, measurement.sign * high))
    if least > SENTINEL:
        failed = values == SENTINEL
        codes[failed] = measurement.no_face
        measurement.sentinels += int(np.count_nonzero(failed))
        values = np.where(failed, values.dtype.type(np.nan), values)
    room = _ROUNDING * (high - low)
    outside = (values < least - room) | (values > most + room)
    if outside.any():
        refuse(
            outside,
            values,
            f"lies outside {least:g} to {most:g}: name the scale with --claims, or leave the score "
            "empty where there is none",
        )
    return np.clip(values * sign, values.dtype.type(low), values.dtype.type(high)), codes


def as_written(halves: np.ndarray) -> Floats:
    """Numbers of 16 bits, shape (n,), as their shortest decimals: 0.4 is less in 16 bits."""
    distinct, place = np.unique(halves, return_inverse=True)
    return np.array([float(str(one)) for one in distinct])[place.ravel()]


def numbers_in(column: pa.Array, missing: float) -> np.ndarray:
    """A column of numbers, shape (n,), without pandas, which pyarrow would import."""
    if not len(column):
        return np.zeros(0, column.type.to_pandas_dtype())
    validity, values = column.buffers()
    part = slice(column.offset, column.offset + len(column))
    numbers = np.frombuffer(values, column.type.to_pandas_dtype())[part]
    if not column.null_count:
        return numbers.copy()
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
    return np.where(bits[part].astype(bool), numbers, numbers.dtype.type(missing))


def words_of(column: pa.Array) -> tuple[list[str], Counts]:
    """The distinct values as text ("" for none), and the index of each row's value, shape (n,)."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    places = numbers_in(column.indices, len(column.dictionary))
    values = column.dictionary
    if not pa.types.is_string(values.type):
        values = pc.cast(values, pa.string()) if len(values) else pa.array([], pa.string())
    words = [word or "" for word in values.to_pylist()]
    return [*words, ""] if column.null_count else words, places.astype(np.int64)


def is_number(value: str, *, decimal_comma: bool = True) -> bool:
    """Whether a word is a number, with a decimal point or, unless that is ruled out, a comma."""
    return bool(_NUMBER.fullmatch(value) or (decimal_comma and DECIMAL_COMMA.fullmatch(value)))


def no_number(word: str) -> str:
    """A sentence that a word is not a score, and what to do."""
    hint = "leave it empty where there is none"
    if word.rstrip().endswith("%"):
        hint = "leave the % out, and name the scale with --claims"
    elif "," in word:
        hint = "write a decimal point, and nothing between thousands"
    return f"{shown(word, limit=60)!r} is not a number: {hint}"


def no_code(word: str) -> str:
    """That a code is none; a file that merely leaves it out loses its refusals."""
    return (
        f"{shown(word, limit=60)!r} is not a number: for each kind of refusal, write the code of "
        "the contract, such as 4000 where no face was found"
    )
