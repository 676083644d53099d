"""verikit verify PAIRS --out SCORES: every pair of a list, and nothing lost."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from click.testing import Result

from verikit.contract import load_contract

CONTRACT = load_contract()
SECRETS = CONTRACT.encryption
NO_FACE = CONTRACT.codes["DETECTION_FAILED"].code
Call = Callable[..., Result]
Photo = Callable[[str], str]

pytestmark = pytest.mark.live


def write_list(*pairs: str, heading: str = "first,second,mated") -> None:
    lines = [f"{pair.replace(' ', '.png,', 1)}.png,1" if " " in pair else pair for pair in pairs]
    Path("pairs.csv").write_text("\n".join([heading, *lines]) + "\n")


@pytest.fixture
def asked(photo: Photo, fake_server: Any) -> tuple[str, ...]:
    """A list of three pairs; the last one shows no face."""
    for colour in ("blue", "navy", "black"):
        photo(colour)
    write_list("blue blue", "navy blue", "black blue")
    return ("verify", "pairs.csv", "--url", fake_server.url, "--out")


def rows(name: str) -> list[dict[str, Any]]:
    with Path(name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_pair_gets_a_score_or_the_code_of_its_refusal(
    call: Call, asked: tuple[str, ...]
) -> None:
    done = call(*asked, "out/scores.csv")
    assert done.exit_code == 0
    assert done.stdout == (
        f"2 pairs with a score\n1 refused with {NO_FACE} "
        f"({CONTRACT.codes['DETECTION_FAILED'].message})\nScores: out/scores.csv\n"
    )
    found = [
        (row["first"], row["mated"], row["score"], row["code"]) for row in rows("out/scores.csv")
    ]
    assert found == [
        ("blue.png", "1", "0.9", str(CONTRACT.success_code)),
        ("navy.png", "1", "0.1", str(CONTRACT.success_code)),
        ("black.png", "1", "", str(NO_FACE)),
    ]
    assert [path.name for path in Path("out").iterdir()] == ["scores.csv"]


def test_calibrate_reads_what_is_written(call: Call, asked: tuple[str, ...]) -> None:
    call(*asked, "scores.parquet")
    assert pyarrow.parquet.read_table("scores.parquet")["score"].to_pylist() == [0.9, 0.1, None]
    told = call("calibrate", "scores.parquet", "--json")
    findings = json.loads(told.stdout)
    assert (findings["mated"], findings["refused"]) == (
        1,
        {str(NO_FACE): 1},
    )  # blue with itself is none


def test_programs_are_told_the_counts(call: Call, asked: tuple[str, ...]) -> None:
    told = json.loads(call(*asked, "s.csv", "--json").stdout)
    assert told == {"out": "s.csv", "scored": 2, "refused": {str(NO_FACE): 1}, "open": 0}


def test_what_has_no_answer_is_asked_again(
    call: Call, photo: Photo, asked: tuple[str, ...]
) -> None:
    photo("lime")  # breaks the server
    write_list("blue blue", "lime blue", "black blue")
    done = call(*asked, "s.csv")
    assert done.exit_code == 3
    assert "1 without a response; the others are kept in s.csv.part: run it again" in done.stdout
    assert not Path("s.csv").exists()
    Path("blue.png").rename("lime.png")
    photo("blue")
    again = call(*asked, "s.csv")
    assert (again.exit_code, Path("s.csv.part").exists()) == (0, False)
    assert [row["score"] for row in rows("s.csv")] == ["0.9", "0.9", ""]


def test_a_line_that_broke_off_is_asked_again(
    call: Call, photo: Photo, asked: tuple[str, ...]
) -> None:
    photo("lime")
    write_list("blue blue", "lime blue")
    call(*asked, "s.csv")
    part = Path("s.csv.part")
    part.write_text(part.read_text()[:-4])
    Path("blue.png").rename("lime.png")
    photo("blue")
    assert call(*asked, "s.csv").exit_code == 0
    assert [row["score"] for row in rows("s.csv")] == ["0.9", "0.9"]


def test_answers_of_another_list_are_not_taken(
    call: Call, photo: Photo, asked: tuple[str, ...]
) -> None:
    photo("lime")
    write_list("blue blue", "lime blue")
    call(*asked, "s.csv")
    write_list("navy blue", "lime blue")
    done = call(*asked, "s.csv")
    assert (done.exit_code, "another list, server or option" in done.stderr) == (2, True)
    assert call(*asked, "s.csv", "--auto-rotate").exit_code == 2
    Path("s.csv.part").write_text("[]\n")
    assert call(*asked, "s.csv").exit_code == 2


def test_a_file_of_kept_answers_is_written_by_one_run(call: Call, asked: tuple[str, ...]) -> None:
    with Path("s.csv.part").open("w") as other:
        flock(other, LOCK_EX)
        done = call(*asked, "s.csv")
    assert (done.exit_code, "s.csv.part is being written by another run" in done.stderr) == (
        2,
        True,
    )
    Path("file").touch()
    done = call(*asked, "file/s.csv")
    assert (done.exit_code, "s.csv.part cannot be written: " in done.stderr) == (2, True)


@pytest.mark.parametrize("damage", ["{", '{"row": 1}', '{"row": "x", "score": 1, "code": 1}', "[]"])
def test_damaged_answers_are_not_taken(
    call: Call, photo: Photo, asked: tuple[str, ...], damage: str
) -> None:
    photo("lime")
    write_list("blue blue", "lime blue")
    call(*asked, "s.csv")
    part = Path("s.csv.part")
    kept = part.read_text()
    part.write_text(f"{kept}{damage}\n")
    done = call(*asked, "s.csv")
    assert (done.exit_code, "is damaged: delete it to start over" in done.stderr) == (2, True)
    assert part.read_text() == f"{kept}{damage}\n"


def test_another_key_is_told_before_all_pairs_are_refused(
    call: Call, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRETS.key_variable, "k" * SECRETS.key_characters)
    done = call(*asked, "s.csv")
    assert (done.exit_code, "probably has a different key or IV" in done.stderr) == (3, True)


def test_no_server_ends_it(call: Call, asked: tuple[str, ...]) -> None:
    done = call("verify", "pairs.csv", "--out", "s.csv", "--url", "http://127.0.0.1:9")
    assert done.exit_code == 3
    assert "0 of 3 pairs answered, kept in s.csv.part; the same command resumes" in done.stderr


def test_ctrl_c_loses_nothing(photo: Photo, fake_server: Any, folder: Path) -> None:
    for colour in ("red", "blue"):
        photo(colour)  # a red one takes a quarter of a second
    write_list(
        *["red blue"] * 1_000
    )  # more than are asked about before the signal, however slow this test is
    words = ("verify", "pairs.csv", "--url", fake_server.url, "--out", "s.csv")
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "verikit", *words], stderr=subprocess.PIPE, text=True
    )
    part = folder / "s.csv.part"
    while not part.exists() or part.read_text().count("\n") < 4:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "Interrupted." in told
    assert "Traceback" not in told
    assert part.read_text().count("\n") >= 4


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "columns first and second"),
        ("first,second\n", "and rows"),
        ("first,second,score\nblue.png,blue.png,1\n", "already has the column score"),
        ("first,second\nblue.png,nowhere.png\nx,y\n", "3 of the 4 photos"),
        ("first,second\nblue.png\n", "1 of the 2 photos"),
        ("first,second\nblue.png,../../etc/passwd\n", "names files outside"),
        ("first,second\nblue.png,/etc/passwd\n", "names files outside"),
        (f"first,second\nblue.png,{'x' * 9000}\n", "1 of the 2 photos"),
        ("first,second\nblue.png,\0\n", "pairs.csv"),
        ("\xff\xfe", "is not a table of pairs"),
    ],
)
def test_what_is_no_list_is_wrong_use(
    call: Call, asked: tuple[str, ...], text: str, sentence: str
) -> None:
    Path("pairs.csv").write_text(text, encoding="latin-1")
    done = call(*asked, "s.csv")
    assert (done.exit_code, sentence in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("words", [["s.txt"], ["s.csv", "blue.png"], ["s.csv", "--at", "1/1000"]])
def test_wrong_use(call: Call, asked: tuple[str, ...], words: list[str]) -> None:
    assert call(*asked, *words).exit_code == 2


def test_a_list_has_a_limit(call: Call, asked: tuple[str, ...]) -> None:
    with Path("pairs.csv").open("r+") as file:
        file.truncate(2**28 + 1)
    done = call(*asked, "s.csv")
    assert (done.exit_code, "larger than 256 MiB: split it" in done.stderr) == (2, True)


def test_a_photo_that_cannot_be_read_ends_the_run(call: Call, asked: tuple[str, ...]) -> None:
    Path("navy.png").unlink()
    Path("navy.png").mkdir()
    done = call(*asked, "s.csv")
    assert (done.exit_code, "navy.png" in done.stderr) == (2, True), done.stderr


def test_a_list_may_be_written_by_a_spreadsheet(call: Call, asked: tuple[str, ...]) -> None:
    Path("pairs.csv").write_text("\ufefffirst;second\nblue.png;blue.png\n")
    assert call(*asked, "s.csv").exit_code == 0
    assert rows("s.csv")[0]["first"] == "blue.png"
