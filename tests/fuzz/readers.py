"""Everything that reads what others wrote: files, and what servers say.

Each reader takes the bytes, and may raise nothing but an error of our own.
"""

from __future__ import annotations

import io
import json
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from hypothesis.strategies import SearchStrategy

from calibration.claims import load_claims
from calibration.evaluation import from_scores
from calibration.judging.requirements import load_standard
from calibration.sources.formats.bin_file import BinFile
from calibration.sources.formats.pair_lists import read_list
from calibration.sources.formats.people_tables import photo_people
from calibration.sources.photos import Folder
from calibration.sources.quality import photo_qualities
from calibration.sources.score_map import thresholds_of_map
from calibration.sources.templates import load as load_templates
from conformance.catalogue import load_catalogue
from conformance.judging.answers import violations
from conformance.judging.known_failures import load_waivers
from conformance.reports.json_lines import read_lines
from conformance.requests.exchange import Exchange
from conformance.requests.recipe import Request
from loadtests.generator.answers import AnswerCheck
from loadtests.generator.cases import Case
from loadtests.profile import load_profile as load_load_profile
from loadtests.report.files import read_run
from loadtests.statistics.compare import compare
from reference_server.faces.errors import ModelError, reading
from reference_server.faces.fitting.people import LabelledTemplates
from reference_server.faces.scoring.score_map import ScoreMap
from tests.fuzz.mutations import (
    BOMB,
    corrupted,
    corrupted_archive,
    corrupted_database,
    either,
    other_values,
)
from tests.support.hostile_server import refused, scored, whole
from verikit import settings
from verikit.client.errors import ClientError
from verikit.client.reading import read_answer
from verikit.commands.reports.runs import find
from verikit.contract import load_contract
from verikit.contract.profile import Profile, load_profile
from verikit.errors import VerikitError
from verikit.transport import Answer
from verikit.transport import Request as HttpRequest
from verikit.transport.headers import headers_of_file
from verikit.transport.reader import Reader as AnswerReader
from verikit.transport.strict_json import NotStrictJson, read_json

CONTRACT = load_contract()
CASE = Case(
    name="x",
    kind="comparison",
    expected=CONTRACT.success_code,
    request=HttpRequest(method="POST", path=CONTRACT.path),
)


@dataclass(frozen=True)
class Foreign:
    """A reader, and inputs to try it on. ``refusals``: what it may raise."""

    read: Callable[[bytes], object]
    inputs: SearchStrategy[bytes]
    refusals: tuple[type[Exception], ...] = (VerikitError,)


READERS: dict[str, Foreign] = {}


@contextmanager
def kept(content: bytes, suffix: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder, f"foreign{suffix}")
        path.write_bytes(content)
        yield path


def of_file(suffix: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def read_bytes(content: bytes) -> object:
        with kept(content, suffix) as path:
            return read(path)

    return read_bytes


def saved(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type] # as numpy's own
    return file.getvalue()


def json_and_yaml(documents: list[Any]) -> SearchStrategy[bytes]:
    written = [yaml.safe_dump(one).encode() for one in documents]
    return either(corrupted([*written, BOMB]), other_values(documents))


# What servers say

HEADS = (
    whole(scored()),
    whole(refused("no"), status="400 Bad Request"),
    b"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2;x=y\r\n{}\r\n0\r\nTrailer: x\r\n\r\n",
    b'HTTP/1.0 200 OK\r\nContent-Type: application/json; charset="utf-8"\r\n folded\r\n\r\n{}',
)


def read_exchange(content: bytes) -> object:
    """By the suite: framing, JSON, and all that is wrong with the answer."""
    reader = AnswerReader()
    if not reader.feed(content):
        reader.end()
    answer = reader.answer()
    one = Exchange(case="x", request=Request(), answer=answer)
    return [str(found) for found in violations(one, Profile())]


READERS["answer"] = Foreign(read_exchange, corrupted(HEADS))
BODIES = [json.loads(scored()), json.loads(refused("invalid argument: x"))]
READERS["body, strictly"] = Foreign(
    read_json, either(corrupted([scored()]), other_values(BODIES)), (NotStrictJson,)
)
READERS["body, by the client"] = Foreign(
    lambda body: read_answer(200, body),
    either(corrupted([scored(), refused("x")]), other_values(BODIES)),
    (ClientError,),
)
READERS["body, by the load test"] = Foreign(
    lambda body: AnswerCheck(CONTRACT)(
        CASE, Answer(status=200, reason="", headers={}, body=body, head=b"")
    ),
    either(corrupted([scored(), refused("x")]), other_values(BODIES)),
)

# Scores

ROWS = "first,second,mated,score\n" + "".join(
    f"p{n % 7}/{n}.jpg,p{n % 5}/{n + 1}.jpg,{n % 5 == n % 7},0.{n}\n" for n in range(40)
)
LINES = "".join(
    json.dumps({"first": f"a/{n}", "second": f"b/{n}", "mated": False, "score": n / 50}) + "\n"
    for n in range(40)
)
TABLE = pa.table(
    {
        "first": [f"a/{n}" for n in range(40)],
        "second": [f"b/{n}" for n in range(40)],
        "mated": [n % 3 == 0 for n in range(40)],
        "score": [n / 50 for n in range(40)],
    }
)


def as_parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(TABLE, sink)
    return bytes(sink.getvalue())


def score_file(path: Path) -> object:
    return from_scores(path, CONTRACT, 0.9)


READERS["scores as text"] = Foreign(
    of_file(".csv", score_file),
    corrupted([ROWS.encode(), ROWS.replace(",", "\t").encode(), ROWS.encode("utf-16")]),
)
READERS["scores as JSON lines"] = Foreign(
    of_file(".jsonl", score_file),
    either(corrupted([LINES.encode()]), other_values([json.loads(LINES.splitlines()[0])])),
)
READERS["scores as Parquet"] = Foreign(of_file(".parquet", score_file), corrupted([as_parquet()]))
MATRIX = saved(
    scores=np.linspace(0, 1, 16).reshape(4, 4).astype(np.float32), people=np.array(list("aabc"))
)
READERS["scores as a matrix"] = Foreign(
    of_file(".npz", score_file), either(corrupted([MATRIX]), corrupted_archive(MATRIX))
)

# Pairs and people

LFW = b"2 1\nann 1 2\nann 1 bob 3\ncid 1 2\ncid 2 dan 1\n"
LONG = b"ann " + b"9" * 5_000 + b" 2\n"
PAIRS = b"first,second,mated,group\nann/1.jpg,ann/2.jpg,1,a\nann/1.jpg,bob/1.jpg,0,b\n"
READERS["a list of pairs"] = Foreign(
    of_file(".csv", lambda path: read_list(path, Folder(path.parent), {})),
    corrupted([LFW, LONG, PAIRS]),
)
READERS["a table of people"] = Foreign(
    of_file(".csv", photo_people), corrupted([b"photo,person\nann/1.jpg,ann\nx.jpg,bob\n"])
)
READERS["a table of qualities"] = Foreign(
    of_file(".csv", photo_qualities),
    corrupted(
        [
            b"photo,quality\nann/1.jpg,0.5\nx.jpg,1e2\n",
            b"Filename;UnifiedQualityScore;UnifiedQualityScore.scalar;\n/d/a/1.jpg;3.1;64\nb;;\n",
        ]
    ),
)
MAP = {"knots": [[0.1, -0.5], [0.5, -4.0], [0.9, -7.0]]}
READERS["a score map"] = Foreign(
    of_file(".json", lambda path: thresholds_of_map(path, CONTRACT.error_rates)),
    either(corrupted([json.dumps(MAP).encode()]), other_values([MAP])),
)


def served_score(path: Path) -> None:
    with reading(path, "mend it"):
        score_map = ScoreMap.load(path)
    assert ((scores := score_map.scores([-9, 0.2, 9])) >= 0).all(), scores


SERVED = MAP | {"model": "Made", "bounds": [-2, 2], "pairs": 9, "version": 2}
READERS["a score map to serve"] = Foreign(
    of_file(".json", served_score),
    either(corrupted([json.dumps(SERVED).encode()]), other_values([SERVED])),
    (ModelError,),
)

# Runs

RUN_CELL = "UPDATE run SET value = ?1 WHERE name = '{}'"
ANSWER_CELL = "UPDATE answers SET {} = ?1"
RUN_VALUES = ("head", "budget", "ended", "terms", "data")


def make_run(database: sqlite3.Connection) -> None:
    database.executescript(
        "CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT);"
        "CREATE TABLE people (photo TEXT PRIMARY KEY, person TEXT);"
    )
    for name in ("answers", "alone"):
        database.execute(
            f"CREATE TABLE {name} (place INTEGER PRIMARY KEY, first, second, mated, score, code,"
            ' trouble, "group", seconds)'
        )
        database.executemany(
            f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL, 0.1)",  # noqa: S608
            [(n, f"a/{n}", f"b/{n}", n % 2, n / 50) for n in range(40)],
        )
    data = {"people": {"origin": "given"}, "objections": [["labels", "none", "x"]]}
    for name, value in {"head": {}, "budget": 40, "ended": "budget", "data": data}.items():
        database.execute("INSERT INTO run VALUES (?, ?)", (name, json.dumps(value)))


READERS["a run"] = Foreign(
    of_file(".sqlite", score_file),
    corrupted_database(
        make_run,
        [
            *(RUN_CELL.format(name) for name in RUN_VALUES),
            "INSERT INTO run VALUES ('terms', ?)",
            *(ANSWER_CELL.format(name) for name in ("first", "mated", "score", "code")),
            "INSERT INTO people VALUES (?1, ?1)",
        ],
    ),
)

# Photos and templates

PHOTOS = [b"one", b"2" * 70, b"three" * 60, b"four" * 2_000]
SETS = [pickle.dumps((PHOTOS, [True, False]), protocol=protocol) for protocol in range(6)] + [
    pickle.dumps(([np.frombuffer(photo, np.uint8) for photo in PHOTOS], np.array([True, False])))
]


def bin_set(path: Path) -> object:
    found = BinFile(path)
    return [found.read(name) for name in found.names()]


READERS["a .bin set"] = Foreign(of_file(".bin", bin_set), corrupted(SETS))
TEMPLATES = saved(
    vectors=np.eye(8, dtype=np.float32),
    people=np.array(list("aabbccdd")),
    photos=np.array([f"{n}.jpg" for n in range(8)]),
    model=np.array("Made"),
    weights=np.array("0" * 64),
)
for name, read in {
    "templates": load_templates,
    "templates to fit": LabelledTemplates.load,
}.items():
    READERS[name] = Foreign(
        of_file(".npz", read), either(corrupted([TEMPLATES]), corrupted_archive(TEMPLATES))
    )

# What says how to judge

READERS["a profile"] = Foreign(
    of_file(".yaml", lambda path: load_profile(str(path))),
    json_and_yaml(
        [
            {
                "photo_standards": {"formats": ["JPEG"], "side_px": {"minimum": 32, "maximum": 64}},
                "statuses": {"INVALID_ARGUMENT": 400},
                "readings": ["check-order"],
                "deviations": {"ordinary": "it is being replaced"},
                "known_flaky": {"ordinary": "it is slow"},
                "score_tolerance": 0.01,
            },
            {
                "formats": ["JPEG"],
                "side_px": {"minimum": 32, "maximum": 64},
                "file_bytes": {"maximum": 1000},
                "body_bytes": {"maximum": 5000},
            },
        ]
    ),
)
READERS["waivers"] = Foreign(
    of_file(".yaml", lambda path: load_waivers(path, [case.id for case in load_catalogue().cases])),
    json_and_yaml([[{"case": "ordinary", "reason": "x", "until": "2027-01-31"}]]),
)
READERS["a load profile"] = Foreign(
    of_file(".yaml", lambda path: load_load_profile(str(path))),
    json_and_yaml(
        [
            {
                "about": "x",
                "stages": [{"users": 1, "seconds": 2}],
                "mix": {"comparison": 1},
                "gates": {"error_share": 0},
            },
            {"about": "x", "search": {"start": 1, "growth": 2, "seconds": 5}, "photos": [64]},
        ]
    ),
)
READERS["claims"] = Foreign(
    of_file(".yaml", lambda path: load_claims(str(path))),
    json_and_yaml(
        [{"title": "x", "rows": [[0.4, 0.1], [0.5, 0.01]], "lowest": 0, "send": {"a": "b"}}]
    ),
)
READERS["a standard"] = Foreign(
    of_file(".yaml", lambda path: load_standard(str(path))),
    json_and_yaml([
        {
            "title": "x", "source": "y", "date": "2020", "threshold": 0.7,
            "require": ["FNMR at {threshold} <= 0.05"],
        }
    ]),
)  # fmt: skip

# Reports and settings

HEADER = {"kind": "header", "format": 1, "cases": ["ordinary"], "release": "1.8.0", "url": "x"}
RESULT = {"kind": "result", "case": "ordinary", "verdict": "passed", "findings": [], "reason": ""}
FOOTER = {"kind": "footer", "exit_code": 0, "sentence": "x", "counts": {}, "requests": 1}
REPORT = "\n".join(map(json.dumps, (HEADER, RESULT, FOOTER))).encode()
READERS["a report of check"] = Foreign(
    of_file(".jsonl", read_lines), either(corrupted([REPORT]), other_values([HEADER]))
)
WINDOW = {
    "latencies": [[3, 4]], "answers": {"200 1000": 4}, "failures": {}, "arrived": 4,
    "dropped": 0, "finished": 4, "lag": 0.0,
}  # fmt: skip
LOAD = {"windows": [WINDOW, WINDOW], "window_seconds": 1.0, "outcome": {}, "profile": {}}


def load_report(path: Path) -> object:
    run = read_run(path)
    return compare(run, run)


READERS["a report of load"] = Foreign(
    of_file(".json", load_report),
    either(corrupted([json.dumps(LOAD).encode()]), other_values([LOAD])),
)
READERS["a folder of reports"] = Foreign(
    of_file(".jsonl", lambda path: find(path.parent)),
    either(corrupted([REPORT]), other_values([HEADER, LOAD])),
)
READERS["a header file"] = Foreign(
    of_file(".txt", headers_of_file), corrupted([b"Authorization: Bearer x\n# y\nX-A: b\n"])
)
READERS["settings"] = Foreign(
    of_file(".toml", settings.read),
    corrupted([b'key-file = "x"\n[check]\nprofile = "reference"\n']),
)
