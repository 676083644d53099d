"""The licence notices: every weights file and every photo is named in them."""

from pathlib import Path

import pytest

from reference_server.faces.weights import LANDMARKS, RECOGNISER

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "reference_server" / "models"
OURS = {path.relative_to(MODELS).as_posix() for path in MODELS.rglob("*.*")}
OTHERS = {RECOGNISER.name, LANDMARKS.name}


@pytest.mark.parametrize("file", sorted(OURS | OTHERS))
def test_every_weights_file_has_a_notice(file: str) -> None:
    assert file in (ROOT / "NOTICE").read_text()


@pytest.mark.parametrize("file", sorted(OURS | OTHERS))
def test_every_weights_file_is_in_the_docs(file: str) -> None:
    assert f"`{file}`" in (ROOT / "docs" / "reference" / "weights.md").read_text()


def test_every_picture_of_the_packages_has_a_notice() -> None:
    notice = (ROOT / "NOTICE").read_text()
    files = [file for name in ("verikit", "reference_server") for file in (ROOT / name).rglob("*")]
    pictures = [file for file in files if file.suffix in {".jpg", ".png"}]
    assert pictures
    assert all(picture.relative_to(ROOT).as_posix() in notice for picture in pictures)
