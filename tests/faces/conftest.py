"""The engine, two portraits, and the research photos where they are."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reference_server.faces.engine import Engine, load_engine
from reference_server.pictures import Photo
from verikit.portraits import portrait

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return load_engine()


@pytest.fixture(scope="session")
def astronaut() -> Photo:
    return Photo(np.asarray(portrait("collins")))


@pytest.fixture(scope="session")
def hopper() -> Photo:
    return Photo(np.asarray(portrait("hopper")))


@pytest.fixture(scope="session")
def data() -> Path:
    folder = Path(os.environ.get("VERIKIT_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "lfw").is_dir():
        pytest.skip(f"the research photos are not in {folder}; name their folder in VERIKIT_DATA")
    return folder


@pytest.fixture
def photo_of(data: Path):
    def read(name: str) -> Photo:
        return Photo(np.asarray(Image.open(data / name).convert("RGB")))

    return read
