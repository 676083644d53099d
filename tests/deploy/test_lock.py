"""The lock names everything that is asked for: what it lacks would be installed unchecked."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKED = dict(
    re.findall(r"^(\S+)==(\S+) .*\\\n    --hash=", (ROOT / "requirements.lock").read_text(), re.M)
)
ASKED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *PROJECT["dependency-groups"]["dev"],
    *(wanted for name, extra in EXTRAS.items() if name != "tensorflow" for wanted in extra),
]


@pytest.mark.parametrize("asked", sorted(text for text in ASKED if "verikit" not in text))
def test_the_lock_has_it(asked: str) -> None:
    requirement = Requirement(asked)
    assert requirement.specifier.contains(LOCKED[canonicalize_name(requirement.name)])
