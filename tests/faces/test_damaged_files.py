"""Whatever file of weights is missing or damaged, the server says so in one sentence."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from reference_server.cli import serve
from reference_server.faces import occlusion, scorer

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
    for package in ("face_recognition_models", "mtcnn"):
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
    monkeypatch.setattr(occlusion, "MODEL", tmp_path / "models" / "occlusion.onnx")
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("face_recognition_models/models/shape_predictor_5_face_landmarks.dat", "pip install"),
        ("face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat", "pip install"),
        ("mtcnn/assets/weights/pnet.lz4", "pip install"),
        ("models/occlusion.onnx", "install verikit"),
        ("models/Dlib.npz", "install verikit"),
    ],
    ids=lambda value: Path(value).name,
)
def test_damaged_weights_stop_the_start_with_one_sentence(
    files: Path, name: str, remedy: str, damage: Callable[[Path], None]
) -> None:
    damage(own_copy(files / name))
    result = CliRunner().invoke(serve, ["--port", "0"])
    _loading, *complaint = result.output.strip().splitlines()
    assert result.exit_code == 1
    assert len(complaint) == 1
    assert complaint[0].startswith("Error: ")
    assert Path(name).name in complaint[0]
    assert remedy in complaint[0]
