"""Runs with degraded photos: what is done to them, what is asked, and what is told."""

import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from calibration.asking.store import FILE
from calibration.judging.findings import DegradedRow
from calibration.report.words import where_the_claim_ends
from calibration.sources.degradations import EVERY, Degradation, Degraded
from calibration.statistics.intervals import Interval, measured
from calibration.statistics.verdicts import Verdict
from tests.calibration.conftest import CONTRACT, Answering, Stub
from tests.support.serving import serving
from verikit.cli import main

pytestmark = pytest.mark.composed
KINDS = {how.kind for how in EVERY}


class Memory:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, name: str) -> bytes:
        return self.content


def photo(number: int = 0, size=(96, 120), orientation: int = 1) -> bytes:
    """A picture of blocks in the colors of a person."""
    rng = np.random.default_rng(number)
    blocks = rng.integers(60, 200, (6, 6, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST)
    picture.save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"), float)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_stronger_degradation_is_further_from_the_photo(kind):
    original = pixels(photo())
    apart = []
    for strength in (1, 2, 3):
        how = Degradation(kind=kind, strength=strength)
        worse = Image.open(io.BytesIO(Degraded(Memory(photo()), how, 1).read("a")))
        same_size = worse.convert("RGB").resize((96, 120), Image.Resampling.BILINEAR)
        apart.append(float(np.abs(np.asarray(same_size, float) - original).mean()))
    assert apart == sorted(apart)
    assert apart[0] > 0.5


def test_the_seed_and_the_name_decide_and_nothing_else():
    how = Degradation(kind="noise", strength=1)
    one, again, other_name, other_seed = (
        Degraded(Memory(photo()), how, seed).read(name)
        for seed, name in ((1, "a"), (1, "a"), (1, "b"), (2, "a"))
    )
    assert one == again
    assert len({one, other_name, other_seed}) == 3


def test_a_photo_is_turned_upright_first_and_one_that_is_none_stays():
    how = Degradation(kind="compression", strength=1)
    turned = Degraded(Memory(photo(orientation=6)), how, 1).read("a")
    with Image.open(io.BytesIO(turned)) as picture:
        assert picture.size == (120, 96)
        assert not picture.getexif()
    assert Degraded(Memory(b"no picture"), how, 1).read("a") == b"no picture"


class Seeing(Answering):
    """Compares pictures; refuses what is too dark to see."""

    def answer(self, first: bytes, second: bytes) -> None:
        with self.server.lock:
            self.server.asked[first, second] += 1
        seen = [np.asarray(Image.open(io.BytesIO(p)).convert("RGB").resize((6, 6))) for p in
                (first, second)]  # fmt: skip
        code = CONTRACT.codes["DETECTION_FAILED"]
        if min(one.mean() for one in seen) < 40:
            self.send(code.status, {"code": code.code, "message": "dark", "request_id": "1"})
            return
        apart = float(np.abs(seen[0].astype(float) - seen[1]).mean())
        body = {"code": CONTRACT.success_code, "verification_score": max(0.0, 0.95 - apart / 50)}
        self.send(200, body | {"request_id": "1"})


@pytest.fixture
def seeing():
    server = Stub()
    server.RequestHandlerClass = Seeing
    with serving(server):
        yield server


@pytest.fixture
def few_settings(monkeypatch):
    chosen = tuple(how for how in EVERY if how.kind in {"dark", "bright"} and how.strength != 2)
    monkeypatch.setattr("calibration.asking.degrading.EVERY", chosen)
    return chosen


@pytest.mark.live
def test_the_same_pairs_are_asked_at_each_setting(seeing, tmp_path, few_settings):
    for person in range(32):
        for number in range(2):
            path = tmp_path / "people" / f"p{person:02}" / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photo(person, (96, 120 + 6 * number)))
    command = [seeing.url, "--data", str(tmp_path / "people"), "--out", str(tmp_path / "out"),
               "--degrade", "--budget", "60", "--rate", "100000", "--quiet"]  # fmt: skip
    result = CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    rows = json.loads((tmp_path / "out" / "report.json").read_text())["degraded"]
    assert [(row["kind"], row["strength"]) for row in rows] == [
        (how.kind, how.strength) for how in few_settings
    ]
    assert {row["asked"] for row in rows} == {60}
    refused = {(row["kind"], row["strength"]): row["refused"] for row in rows}
    assert refused == {("dark", 1): 0, ("dark", 3): 60, ("bright", 1): 0, ("bright", 3): 0}
    over = {(row["kind"], row["strength"]): row["k"] for row in rows}
    assert over["bright", 3] > over["bright", 1]  # all white: everybody looks alike
    assert "With degraded photos, at 0.7" in result.output
    page = (tmp_path / "out" / "report.html").read_text()
    assert "UnderExposurePrevention" in page
    assert (tmp_path / "out" / "degraded" / "dark-3" / FILE).stat().st_mode & 0o77 == 0

    before = seeing.asked.total()
    CliRunner().invoke(main, ["calibrate", *command], catch_exceptions=False)
    assert seeing.asked.total() == before


def test_pairs_that_show_no_rate_are_not_degraded():
    result = CliRunner().invoke(main, ["calibrate", "http://127.0.0.1:9", "--degrade"])
    assert result.exit_code == 2
    assert "--degrade needs photos that show error rates" in " ".join(result.output.split())


def row_of(kind: str, strength: int, verdict: Verdict) -> DegradedRow:
    return DegradedRow(
        kind=kind, component="Sharpness", strength=strength, setting="so", verdict=verdict,
        asked=10, refused=1, fnmr=measured(1, 10), gfrr=measured(2, 10), k=0, n=9, fmr=0.0,
        interval=Interval(0, 0.3), confidence=0.95,
    )  # fmt: skip


def test_the_strength_at_which_the_claim_ends_is_the_mildest_that_fails():
    rows = [
        *(
            row_of("blur", n, v)
            for n, v in ((1, Verdict.PASS), (2, Verdict.FAIL), (3, Verdict.FAIL))
        ),
        *(row_of("tilt", n, Verdict.PASS) for n in (1, 2, 3)),
        *(row_of("dark", n, Verdict.INCONCLUSIVE) for n in (1, 2, 3)),
        *(row_of("size", n, v) for n, v in enumerate((Verdict.PASS, Verdict.INCONCLUSIVE), 1)),
    ]
    assert where_the_claim_ends(rows) == [
        "blur: first above the claim at strength 2 (so)",
        "tilt: the claim holds up to strength 3",
        "dark: no false match rate above the claim is shown",
        "size: the claim holds up to strength 1, and is not shown to be broken beyond it",
    ]
