import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.routing import Map

from reference_server.app import create_app
from reference_server.settings import Settings
from reference_server.verifier import Verifier
from tests.support.needs import missing
from verikit.contract import load_contract

ROOT = Path(__file__).parents[2]
Lint = Callable[..., str]


@pytest.fixture(scope="session")
def deploy() -> Path:
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def routes() -> Map:
    """The paths that the server has."""
    settings = Settings.from_environment({})
    portrait = SimpleNamespace(compare=None)
    return create_app(settings, Verifier(settings, portrait)).url_map  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def has_path(routes: Map) -> Callable[[str], bool]:
    """Whether the server answers a path."""
    return lambda path: routes.bind("server").test(path, method="GET")


@pytest.fixture(scope="session")
def lint() -> Lint:
    """Runs a linter of the development environment; what it found, nothing if all is well."""

    def run(tool: str, *arguments: Any) -> str:
        found = shutil.which(tool, path=str(Path(sys.executable).parent)) or shutil.which(tool)
        if found is None:
            pytest.skip(missing(tool, "nox -s deploy"))
        command = [found, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        return "" if done.returncode == 0 else done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def key_files() -> dict[str, str]:
    """Which file each secret comes from, by the name of the variable that says so."""
    return {
        "VERIKIT_KEY_FILE": load_contract().encryption.key_variable,
        "VERIKIT_IV_FILE": load_contract().encryption.iv_variable,
    }
