import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from verikit.cli import main
from verikit.contract import load_contract

SECRETS = load_contract().encryption


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, without key or IV in the environment."""
    for variable in (SECRETS.key_variable, SECRETS.iv_variable):
        monkeypatch.setenv(variable, "")  # so that it is put back whatever a command sets
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def photo(folder: Path) -> Callable[[str], str]:
    """Writes a photo of one color, and says how its file is called."""

    def draw(colour: str) -> str:
        file = io.BytesIO()
        Image.new("RGB", (64, 64), colour).save(file, "PNG")
        (folder / f"{colour}.png").write_bytes(file.getvalue())
        return f"{colour}.png"

    return draw


def call(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture(name="call")
def calling(folder: Path) -> Callable[..., Result]:
    """Calls ``verikit`` in an empty folder."""
    return call
