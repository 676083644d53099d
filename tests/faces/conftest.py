"""The engine, two portraits, and the research photos where they are."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reference_server.faces.detection.detectors import Detector
from reference_server.faces.detection.hog import HogDetector
from reference_server.faces.detection.low_confidence import LowConfidenceFaces
from reference_server.faces.detection.mtcnn import MtcnnDetector, Network, Networks, load_networks
from reference_server.faces.engine import Engine, load_engine
from reference_server.pictures import Photo
from tests.support.needs import missing
from verikit.portraits import portrait

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return load_engine()


@pytest.fixture(scope="session")
def hog() -> HogDetector:
    return HogDetector()


@pytest.fixture(scope="session")
def mtcnn(engine: Engine) -> MtcnnDetector:
    return engine.finder.mtcnn


@pytest.fixture(scope="session")
def detector(engine: Engine) -> Detector:
    return engine.finder.detector


@pytest.fixture
def low_confidence(engine: Engine) -> LowConfidenceFaces:
    return LowConfidenceFaces(load_networks(), engine.finder.aligner, engine.finder.occlusion)


@pytest.fixture
def watched_networks() -> tuple[Networks, dict[str, list[int]]]:
    """MTCNN's networks, and how many pictures each of them was given at a time."""
    seen: dict[str, list[int]] = {"pnet": [], "rnet": [], "onet": []}

    def watched(name: str, network: Network) -> Network:
        return lambda pictures: seen[name].append(len(pictures)) or network(pictures)

    return {name: watched(name, network) for name, network in load_networks().items()}, seen


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
        pytest.skip(missing("the research photos", "export VERIKIT_DATA=FOLDER"))
    return folder


@pytest.fixture(
    params=[pytest.param(10, id="a tenth"), pytest.param(1, id="all", marks=pytest.mark.slow)]
)
def step(request: pytest.FixtureRequest) -> int:
    """How research photos are gone through: every so many."""
    count: int = request.param
    return count


@pytest.fixture
def photo_of(data: Path):
    def read(name: str) -> Photo:
        return Photo(np.asarray(Image.open(data / name).convert("RGB")))

    return read
