"""The sample photos are what they are said to be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from calibration.sources.labelled import Choice, open_labelled
from conformance.mock.server import serving
from verikit.commands.samples import PAIRS, SAMPLES
from verikit.exit_codes import Exit

Call = Callable[..., Result]


@pytest.fixture
def photos(call: Call, folder: Path) -> Path:
    assert call("samples", "photos").exit_code == 0
    return folder / "photos"


def test_every_sample_is_a_jpeg_file(photos: Path) -> None:
    written = {path.name for path in photos.glob("*.jpg")}
    assert written == set(SAMPLES)
    assert all((photos / name).read_bytes().startswith(b"\xff\xd8") for name in written)


@pytest.mark.parametrize(
    ("asked", "ending", "text"),
    [
        ("collins-small.jpg", Exit.PASSED, "Match"),
        ("hopper.jpg", Exit.FAILED, "No match"),
        ("turned.jpg", Exit.NO_VERDICT, "4000"),
        ("turned.jpg --auto-rotate", Exit.PASSED, "Match"),
        ("masked.jpg --check-quality", Exit.NO_VERDICT, "4004"),
        ("landscape.jpg", Exit.NO_VERDICT, "4000"),
        ("too-small.jpg", Exit.NO_VERDICT, "2003"),
    ],
)
def test_a_server_sees_in_a_sample_what_it_is_named_for(
    photos: Path, call: Call, asked: str, ending: Exit, text: str
) -> None:
    second, *options = asked.split()
    with serving() as url:
        both = (str(photos / "collins.jpg"), str(photos / second))
        told = call("verify", *both, "--url", url, *options)
    assert told.exit_code == ending, told.output
    assert text in told.output


def test_the_pairs_are_a_data_set_that_calibration_reads(photos: Path) -> None:
    pairs = open_labelled(Choice(data=str(photos / "pairs.csv"))).pairs
    assert pairs.size(mated=True) + pairs.size(mated=False) == len(PAIRS)
    assert {name for first, second, _ in PAIRS for name in (first, second)} <= set(SAMPLES)
