"""Inputs that fuzzing found: each once ended a command in a traceback, a crash or never."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fuzz.mutations import BOMB
from tests.fuzz.readers import LINES, LOAD, MATRIX, READERS, ROWS
from tests.fuzz.run import tried
from verikit.contract.plain_yaml import NotPlainYaml, read_yaml

DEEP = b"[" * 5_000 + b"]" * 5_000
CENTRAL = MATRIX.index(b"PK\1\2") + 6
"""Where an archive's directory names the version that its first file needs."""
YAML = ("a profile", "waivers", "a load profile", "claims", "a standard")
FOUND = {
    **{f"{name}: references that multiply": (name, BOMB) for name in YAML},
    **{f"{name}: nested deeply": (name, b"[" * 1_000) for name in YAML},
    "a load profile: null": (
        "a load profile",
        b"about: x\nstages: [{users: 1, seconds: 1}]\nmix:\n",
    ),
    "a report of check: nested deeply": ("a report of check", DEEP),
    "a report of load: nested deeply": ("a report of load", DEEP),
    "settings: nested deeply": ("settings", b"key-file = " + DEEP),
    "a report of load: counts that are lists": (
        "a report of load",
        b'{"windows": [{"latencies": [[3, 4]], "answers": {"200 1000": 4}, "failures": {},'
        b' "arrived": 4, "dropped": 0, "finished": [], "lag": 0.0}], "window_seconds": 1.0}',
    ),
    "a report of load: windows of no length": (
        "a report of load",
        json.dumps(LOAD | {"window_seconds": 0}).encode(),
    ),
    "a report of load: windows of hardly any length": (
        "a report of load",
        json.dumps(LOAD | {"window_seconds": 1.2e-308}).encode(),
    ),
    "a score map: nested deeply": ("a score map", DEEP),
    "scores: no UTF-8 behind no number": ("scores as text", ROWS.encode() + b"a,b,True,0.39\xc2"),
    "scores: JSON lines that are no UTF-8": (
        "scores as JSON lines",
        LINES.encode().replace(b"a/0", b"a/\xff"),
    ),
    "scores: a matrix in an archive of a later version": (
        "scores as a matrix",
        MATRIX[:CENTRAL] + b"\xff" + MATRIX[CENTRAL + 1 :],
    ),
    "scores: a name of digits, but for its end": (
        "scores as text",
        b"first,second,mated,score\n" + b"9" * 30_000 + b"x,b,1,0.5\n",
    ),
    "a list of pairs: a name of digits, but for its end": (
        "a list of pairs",
        b"9" * 30_000 + b"x 2\n",
    ),
    "a table of people: names of blanks, but for their end": (
        "a table of people",
        b"photo,person\n" + b"_" * 30_000 + b"x,ann\n",
    ),
    "a list of pairs: a long number": ("a list of pairs", b"ann " + b"9" * 5_000 + b" 2\n"),
}


@pytest.mark.parametrize("which", FOUND)
def test_what_was_found_is_refused(which: str) -> None:
    name, content = FOUND[which]
    tried(READERS[name], content)


@pytest.mark.parametrize("content", [BOMB.decode(), DEEP.decode(), "&a [*a]", "x" * (2**20 + 1)])
def test_yaml_that_is_more_than_it_seems_is_refused(content: str) -> None:
    with pytest.raises(NotPlainYaml):
        read_yaml(content)


def test_references_that_do_not_multiply_stay() -> None:
    assert read_yaml("a: &a [1, 2]\nb: *a") == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("place", [40, 128, 176])
@pytest.mark.parametrize("change", [0x07, 0xFF])
def test_parquet_whose_text_or_dictionary_is_damaged_is_refused(place: int, change: int) -> None:
    rows = range(40)
    table = {
        "first": [f"a{row % 4}" for row in rows],
        "second": [f"b{row % 5}" for row in rows],
        "mated": [row % 7 == 0 for row in rows],
        "score": [row / 40 for row in rows],
    }
    file = io.BytesIO()
    pq.write_table(pa.table(table), file, compression="none")
    content = bytearray(file.getvalue())
    content[place] ^= change
    tried(READERS["scores as Parquet"], bytes(content))
