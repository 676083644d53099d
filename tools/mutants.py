"""Changes our own code in one place at a time and says which changes no test notices.

    python tools/mutants.py --count 200 --seed 1 [--minutes 20]

Works on a copy of the project. A place is a comparison, an operator, a condition or a constant; the
sample is drawn evenly over all places of the parts below, whose own tests are then run.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = {
    "verikit/contract": ("tests/contract", "tests/client/test_form.py"),
    "verikit/transport": ("tests/transport",),
    "reference_server/request": (
        *("tests/server/request", "tests/server/test_app.py", "tests/server/test_deadline.py"),
        "tests/hostile/test_in_process.py",
    ),
    "calibration/statistics": (
        "tests/calibration/statistics",
        "tests/calibration/judging/test_groups.py",
        "tests/calibration/asking/test_degrading.py",
        *(
            f"tests/calibration/test_{name}.py"
            for name in ("quality", "plan", "impostors", "side_by_side", "report")
        ),
    ),
    "conformance/judging": tuple(
        f"tests/conformance/test_{name}.py"
        for name in ("oracle", "codes", "answers", "junit", "page", "cli", "run", "mock")
    ),
}
PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly")
BOUNDS = ("--timeout=300", "-m", "not slow and not timing")
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}


@dataclass(frozen=True)
class Mutant:
    """The file, the line, what stood there and what stands there now, and the whole new text."""

    part: str
    path: Path
    line: int
    before: str
    after: str
    text: str


def changed(node: ast.AST) -> ast.AST | None:
    """The node with one thing different; None where nothing of it is changed here."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[only]) if type(only) in COMPARISONS:
            new.ops = [COMPARISONS[type(only)]()]
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            new.op = OPERATORS[type(op)]()
        case ast.BoolOp(op=op):
            new.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.UnaryOp(op=ast.Not()):
            return new.operand
        case ast.If() | ast.IfExp() | ast.While():
            new.test = ast.UnaryOp(ast.Not(), new.test)
        case ast.Constant(value=bool(value)):
            new.value = not value
        case ast.Constant(value=int(value) | float(value)):
            new.value = value + 1
        case _:
            return None
    return new


def mutants(part: str, path: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            for index, child in enumerate(value if isinstance(value, list) else [value]):
                new = changed(child) if isinstance(child, ast.AST) else None
                if new is None:
                    continue
                if isinstance(value, list):
                    value[index] = new
                else:
                    setattr(node, name, new)
                text = ast.unparse(ast.fix_missing_locations(tree))
                if isinstance(value, list):
                    value[index] = child
                else:
                    setattr(node, name, child)
                shown = (ast.unparse(each).splitlines()[0] for each in (child, new))
                yield Mutant(part, path.relative_to(ROOT), child.lineno, *shown, text)


def left_out(folder: str, names: list[str]) -> list[str]:
    """What the copy does without: hidden files, caches, and the reports of earlier sessions."""
    reports = {"reports"} if Path(folder) == ROOT else set()
    return [n for n in names if n.startswith(".") or n in {"__pycache__", *reports}]


def passes(tests: list[str], copied: Path) -> bool:
    """Whether some tests pass in the copy."""
    try:
        done = subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, *PYTEST, *BOUNDS, *tests],
            cwd=copied,
            env=os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=1200,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def nearest_first(mutant: Mutant, copied: Path) -> list[str]:
    """The part's tests, those that name the module before the others: most mutants end there."""
    files = [
        path
        for test in PARTS[mutant.part]
        for path in (sorted((copied / test).rglob("test_*.py")) or [copied / test])
    ]
    return [str(f) for f in sorted(files, key=lambda f: mutant.path.stem not in f.read_text())]


def survives(mutant: Mutant, copied: Path) -> bool:
    """Whether the part's tests pass all the same."""
    path = copied / mutant.path
    original = path.read_text()
    path.write_text(mutant.text)
    try:
        return passes(nearest_first(mutant, copied), copied)
    finally:
        path.write_text(original)


def main() -> None:
    """Draw the sample, try each, print what survived and the share that was killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--part", action="append", choices=list(PARTS))
    given = parser.parse_args()
    every = [
        mutant
        for part in given.part or PARTS
        for path in sorted((ROOT / part).rglob("*.py"))
        for mutant in mutants(part, path)
    ]
    sample = random.Random(given.seed).sample(every, min(given.count, len(every)))  # noqa: S311
    until = time.monotonic() + 60 * given.minutes
    tried, killed = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "project"
        shutil.copytree(ROOT, copied, ignore=left_out)
        for part in sorted({mutant.part for mutant in sample}):
            if not passes(list(PARTS[part]), copied):
                sys.exit(f"{part}: its tests fail without any mutant, so nothing can be measured")
        for mutant in sample:
            if time.monotonic() > until:
                break
            tried[mutant.part] += 1
            if survives(mutant, copied):
                place = f"{mutant.path}:{mutant.line}"
                print(f"survived {place}: {mutant.before}  ->  {mutant.after}", flush=True)
            else:
                killed[mutant.part] += 1
    for part in sorted(tried):
        print(f"{part}: {killed[part]} of {tried[part]} killed")
    print(
        f"in all {killed.total()} of {tried.total()} killed; "
        f"{len(sample)} of {len(every)} places were drawn"
    )


if __name__ == "__main__":
    main()
