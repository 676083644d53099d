"""The lock names everything that is asked for: what it lacks would be installed unchecked."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = dict(re.findall(r"^(\S+)==(\S+) .*\\\n    --hash=", LOCK, re.M))
UNLOCKED = {"training"}
ASKED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(text for extra in PROJECT["project"]["optional-dependencies"].values() for text in extra),
    *(
        text
        for name, group in PROJECT["dependency-groups"].items()
        for text in group
        if name not in UNLOCKED
    ),
]


@pytest.mark.parametrize("asked", sorted({text for text in ASKED if "verikit" not in text}))
def test_the_lock_has_it(asked: str) -> None:
    requirement = Requirement(asked)
    assert requirement.specifier.contains(LOCKED[canonicalize_name(requirement.name)])


def test_the_lock_has_what_the_locked_packages_ask_for() -> None:
    installed = [
        package
        for package in metadata.distributions()
        if canonicalize_name(package.metadata["Name"]) in LOCKED
    ]
    needed = {
        canonicalize_name(requirement.name)
        for package in installed
        for requirement in map(Requirement, package.requires or [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    }
    assert len(installed) > 50
    assert needed <= LOCKED.keys()


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    """What is downloaded and not what the lock names: nothing is installed."""
    wrong = tmp_path / "requirements.lock"
    wrong.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", LOCK))
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run(  # noqa: S603 - the environment's own
        [uv, "pip", "install", "--target", tmp_path / "there", "--constraint", wrong, "click"],
        env=os.environ | {"UV_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "not found in the cache" in done.stderr or "network" in done.stderr:
        pytest.skip("click is not in uv's cache")
    assert done.returncode != 0
    assert "Hash mismatch" in done.stderr
    assert not (tmp_path / "there" / "click").exists()


def test_no_registry_is_named() -> None:
    """Whoever installs says where from."""
    assert "://" not in LOCK
    assert not re.search(r"^-", LOCK, re.M)
