"""Whatever file of weights is missing or damaged, the server says so in one sentence."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from reference_server.commands.serve import serve
from reference_server.faces import occlusion, weights
from reference_server.faces.detection import hog, mtcnn_networks
from reference_server.faces.detection.mtcnn import load_networks
from reference_server.faces.errors import WeightsError
from reference_server.faces.recognition import recogniser
from reference_server.faces.recognition.recogniser import DlibOnnx, Precision
from reference_server.faces.scoring import scorer
from reference_server.faces.scoring.scorer import load_scorer

find_spec = importlib.util.find_spec


def own_copy(link: Path) -> Path:
    content = link.read_bytes()
    link.unlink()
    link.write_bytes(content)
    return link


def remove(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])


def overwrite(file: Path) -> None:
    file.write_bytes(b"something else" * 1000)


DAMAGES = [remove, cut, overwrite]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Links to all files of weights, which the server then reads."""
    package = "face_recognition_models"
    folder = Path(str(find_spec(package).origin)).parent  # type: ignore[union-attr]
    shutil.copytree(folder, tmp_path / package, copy_function=os.symlink)
    shutil.copytree(scorer.SHIPPED, tmp_path / "models", copy_function=os.symlink)

    def found(name: str, package: str | None = None) -> object:
        copied = tmp_path / name
        if copied.exists():
            return SimpleNamespace(origin=str(copied / "__init__.py"))
        return find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", found)
    monkeypatch.setattr(scorer, "SHIPPED", tmp_path / "models")
    monkeypatch.setattr(hog, "DETECTOR", tmp_path / "models" / "frontal-faces.svm")
    monkeypatch.setattr(mtcnn_networks, "WEIGHTS", tmp_path / "models" / "mtcnn.npz")
    monkeypatch.setattr(recogniser, "RANGES", tmp_path / "models" / "Dlib-ranges.json")
    monkeypatch.setattr(occlusion, "MODEL", tmp_path / "models" / "occlusion.onnx")
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path / "home"))
    return tmp_path


recogniser_of = cache(DlibOnnx)


def read_scorer(precision: Precision = Precision.INT8) -> object:
    return load_scorer(recogniser_of(precision))


FILES: dict[str, tuple[Callable[[], object], str]] = {
    f"face_recognition_models/models/{weights.LANDMARKS.name}": (
        weights.LANDMARKS.read,
        "pip install",
    ),
    f"face_recognition_models/models/{weights.RECOGNISER.name}": (
        weights.RECOGNISER.read,
        "pip install",
    ),
    "models/frontal-faces.svm": (hog.dlib_look, "install verikit"),
    "models/mtcnn.npz": (load_networks, "install verikit"),
    "models/occlusion.onnx": (occlusion.Occlusion, "install verikit"),
    "models/Dlib-ranges.json": (partial(DlibOnnx, Precision.INT8), "install verikit"),
    "models/Dlib.npz": (read_scorer, "install verikit"),
    "models/fp32/Dlib.npz": (partial(read_scorer, Precision.FP32), "install verikit"),
    "models/Dlib-penalty.json": (read_scorer, "install verikit"),
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", FILES, ids=lambda name: Path(name).name)
def test_a_damaged_file_is_named_with_the_remedy(
    files: Path, name: str, damage: Callable[[Path], None]
) -> None:
    read, remedy = FILES[name]
    read()
    damage(own_copy(files / name))
    with pytest.raises(WeightsError, match=rf"^\S*{Path(name).name} is .*{remedy}[^\n]*$"):
        read()


def test_the_server_says_so_in_one_sentence_and_does_not_start(files: Path) -> None:
    cut(own_copy(files / "face_recognition_models" / "models" / weights.LANDMARKS.name))
    result = CliRunner().invoke(serve, ["--port", "0"])
    _loading, *complaint = result.output.strip().splitlines()
    assert result.exit_code == 1
    assert len(complaint) == 1
    assert complaint[0].startswith("Error: ")
    assert weights.LANDMARKS.name in complaint[0]
