"""Scores stay what they were, whatever the processor: recorded-scores.csv, to 1e-6.

python -m tests.faces.test_recorded_scores    # records them anew, where the research photos are
"""

import csv
import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from reference_server.faces.engine import Engine, load_engine
from reference_server.faces.recognition.recogniser import Precision
from reference_server.pictures import Photo
from reference_server.request.photo import read_photo
from tests.support.seeing import seeing_once
from verikit.commands.samples import write
from verikit.contract import load_contract
from verikit.portraits import head, portrait

RECORD = Path(__file__).with_name("recorded-scores.csv")
STANDARDS = load_contract().photo_standards
DOCS = Path(__file__).parents[2] / "docs"
TOLERANCE = 1e-6
DATA = Path(os.environ.get("VERIKIT_DATA", Path(__file__).parents[3] / "shared" / "data"))

PORTRAITS: dict[str, Callable[[], Image.Image]] = {
    "collins": lambda: portrait("collins"),
    "collins 250": lambda: head("collins", 250),
    "collins 1000": lambda: head("collins", 1000),
    "collins mirrored": lambda: head("collins", 400).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "collins dark": lambda: ImageEnhance.Brightness(head("collins", 400)).enhance(0.4),
    "collins turned": lambda: head("collins", 400).rotate(90),
    "hopper": lambda: portrait("hopper"),
    "hopper 250": lambda: head("hopper", 250),
    "hopper small": lambda: portrait("hopper").resize((160, 200), Image.Resampling.LANCZOS),
    "hopper tilted": lambda: head("hopper", 500).rotate(25, Image.Resampling.BICUBIC),
    "hopper turned": lambda: head("hopper", 400).rotate(180),
}


def rows() -> list[dict[str, str]]:
    with RECORD.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def photo(name: str) -> Photo:
    picture = PORTRAITS[name]() if name in PORTRAITS else Image.open(DATA / name).convert("RGB")
    return Photo(np.asarray(picture))


def score(engine: Engine, first: str, second: str) -> float:
    turn = any("turned" in name for name in (first, second))
    return engine.compare(photo(first), photo(second), auto_rotate=turn)


@cache
def loaded(precision: Precision) -> Engine:
    """An engine of a precision; all find the same faces."""
    engine = seeing_once(load_engine(precision=precision))
    if precision == Precision.INT8:
        return engine
    return replace(engine, finder=loaded(Precision.INT8).finder)


def differing(precision: Precision, recorded: list[dict[str, str]]) -> list[dict[str, str]]:
    assert recorded
    return [
        row
        for row in recorded
        if abs(score(loaded(precision), row["first"], row["second"]) - float(row[precision]))
        > TOLERANCE
    ]


@pytest.mark.parametrize("precision", Precision)
def test_scores_of_portraits_are_those_recorded(precision):
    assert differing(precision, [row for row in rows() if row["first"] in PORTRAITS]) == []


@pytest.mark.data
@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("precision", Precision)
def test_scores_of_research_photos_are_those_recorded(precision, step):
    found = [row for row in rows() if row["first"] not in PORTRAITS]
    assert differing(precision, found[::step]) == []


SHOWN = re.compile(r"^\$ verikit verify (.*)\n.*\nscore    (\S+)$", re.MULTILINE)


def test_scores_in_the_docs_are_those_of_the_samples(tmp_path):
    write(tmp_path)
    pages = (page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    shown = [found for page in pages for found in SHOWN.findall(page)]
    assert len(shown) >= 3

    def found(words: list[str]) -> float:
        first, second = (
            read_photo((tmp_path / Path(word).name).read_bytes(), STANDARDS)
            for word in words
            if word.endswith(".jpg")
        )
        turn = "--auto-rotate" in words
        return loaded(Precision.INT8).compare(first, second, auto_rotate=turn)

    assert [score for _, score in shown] == [f"{found(words.split()):.4g}" for words, _ in shown]


def test_scores_of_both_precisions_are_close():
    apart = [abs(float(row[Precision.INT8]) - float(row[Precision.FP32])) for row in rows()]
    assert 0 < np.median(apart) < 0.005
    assert max(apart) < 0.1


if __name__ == "__main__":
    lines = (DATA / "lfw-pairs.csv").read_text(encoding="utf-8").splitlines()[1:]
    drawn = np.random.default_rng(17).choice(lines, 60, replace=False)
    pairs = [*combinations_with_replacement(PORTRAITS, 2)]
    pairs += [tuple(f"lfw/{name}" for name in line.split(",")[:2]) for line in drawn]
    with RECORD.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["first", "second", *Precision])
        writer.writerows(
            [*pair, *(repr(score(loaded(precision), *pair)) for precision in Precision)]
            for pair in pairs
        )
