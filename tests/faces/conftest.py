"""The engine, two photos that packages carry, and the research photos where they are."""

import os
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import skimage.data
from PIL import Image

from reference_server.faces.engine import Engine, load_engine
from reference_server.pictures import Photo

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return load_engine()


@pytest.fixture(scope="session")
def astronaut() -> Photo:
    return Photo(skimage.data.astronaut())


@pytest.fixture(scope="session")
def hopper() -> Photo:
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return Photo(np.asarray(Image.open(path).convert("RGB")))


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
