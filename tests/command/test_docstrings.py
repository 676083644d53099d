"""What takes or returns arrays says their shape, in calibration and in the face pipeline."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for part in ("calibration", "reference_server/faces")
    for path in ROOT.glob(f"{part}/**/*.py")
)
ARRAYS = re.compile(r"\b(?:Counts|Floats|NDArray|ndarray|Array)\b")
SHAPE = re.compile(
    r"shape|\([\w<]+, ?[^)]*\)|[Ss]ee (?::class:)?`|[Aa]s (?:of |for )?``|[Ll]ikewise"
)
"""A shape, or where it stands."""

Documented = ast.FunctionDef | ast.ClassDef


def public(body: list[ast.stmt]) -> Iterator[Documented]:
    for node in body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def annotations(node: Documented) -> str:
    """Those of a function's arguments and its result, or of a class's public fields."""
    if isinstance(node, ast.FunctionDef):
        found = [each.annotation for each in (*node.args.args, *node.args.kwonlyargs)]
        return " ".join(ast.unparse(each) for each in (*found, node.returns) if each)
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    return " ".join(
        ast.unparse(each.annotation)
        for each in fields
        if not ast.unparse(each.target).startswith("_")
    )


def text(node: Documented) -> str:
    return " ".join((ast.get_docstring(node) or "").split())


def without_shape(source: str) -> list[str]:
    return [
        node.name
        for node in public(ast.parse(source).body)
        if ARRAYS.search(annotations(node)) and not SHAPE.search(text(node))
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrays_are_documented_with_their_shapes(path: Path) -> None:
    assert without_shape(path.read_text(encoding="utf-8")) == []


def test_an_array_without_a_shape_is_noticed() -> None:
    source = 'def rate(scores: Floats) -> float:\n    """The rate of scores."""\n'
    assert without_shape(source) == ["rate"]
    assert without_shape(source.replace("of scores.", "of scores, shape (n,).")) == []
