"""Each promise of the pages stands there, and a test stands behind it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CLAIMS = yaml.safe_load(Path(__file__).with_name("claims.yaml").read_text("utf-8"))


def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["promise"][:50])
def test_a_promise_is_made_and_tested(claim: dict[str, Any]) -> None:
    page = " ".join((ROOT / claim["page"]).read_text("utf-8").split())
    assert claim["promise"] in page
    assert claim["tests"]
    for test in claim["tests"]:
        path, _, name = test.partition("::")
        assert name in functions(path), test
