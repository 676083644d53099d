"""The wheel holds everything that the code opens at run time."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PACKAGES = [Path(folder).name for folder in WheelBuilder(str(ROOT)).config.only_include]
ELSEWHERE = {
    "verikit/contract/openapi.yaml": "openapi.yaml",
    "calibration/datasets": "datasets",
    "verikit/commands/score-map.json": "docs/evidence/score-map.json",
}

USE = """
import json, sys
from pathlib import Path

opened = set()
sys.addaudithook(lambda event, what: opened.add(str(what[0])) if event == "open" else None)
sys.path.insert(0, sys.argv[1])

from click.testing import CliRunner
from verikit.cli import main

def call(*words):
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, (words, done.output)

call("--version")
call("check", "--list")
call("load", "--list")
call("datasets", "list")

from verikit.contract.profile import load_profile
from loadtests.profile import load_profile as load_load_profile, profile_names
from reference_server.faces.engine import load_engine
from reference_server.health import Health
from reference_server.settings import Settings
from reference_server.verifier import Verifier

load_profile("reference")
[load_load_profile(name) for name in profile_names()]
settings = Settings.from_environment({})
Health(Verifier(settings, load_engine("Dlib"))).check()
print(json.dumps([path for path in opened if path.startswith(sys.argv[2])]))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel installs."""
    folder = tmp_path_factory.mktemp("wheel")
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_there(unpacked: Path, package: str) -> None:
    assert files(ROOT / package)
    assert files(ROOT / package) <= files(unpacked / package)


@pytest.mark.parametrize(("there", "here"), ELSEWHERE.items())
def test_what_stands_elsewhere_in_the_project_is_there(
    unpacked: Path, there: str, here: str
) -> None:
    assert (unpacked / there).exists()
    assert files(ROOT / here) == files(unpacked / there)


def test_licence_and_notices_are_there(unpacked: Path) -> None:
    (information,) = unpacked.glob("*.dist-info")
    for name in ("LICENSE", "NOTICE"):
        assert (information / "licenses" / name).read_bytes() == (ROOT / name).read_bytes()


def test_commands_and_engine_work_from_it_alone(unpacked: Path, tmp_path: Path) -> None:
    """Run from an empty folder, nothing but the wheel's own files is opened."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", USE, unpacked, f"{ROOT}/"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    opened = [path for path in json.loads(done.stdout) if "/.venv/" not in path]
    assert opened == []
