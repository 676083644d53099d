"""The shell scripts: the linter finds nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.parametrize("script", sorted(path.name for path in TOOLS.glob("*.sh")))
def test_the_linter_finds_nothing(lint: Callable[..., str], script: str) -> None:
    assert lint("shellcheck", TOOLS / script) == ""
