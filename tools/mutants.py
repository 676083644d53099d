"""Changes our own code in one place at a time and says which changes no test notices.

    python tools/mutants.py --count 200 --seed 1 [--minutes 20]

Works on copies of the project. A place is a comparison, an operator, a condition or a constant; the
sample is drawn evenly over all places of the parts below. The part's tests first run on the code as
it is, and it is noted which of them take which line. A mutant meets the tests that take its line,
the shortest first, and then the other tests of their files; one of what runs at import, those of
every file that takes a line of its module. One of a line that no test takes survives without a run.
"""

from __future__ import annotations

import argparse
import ast
import copy
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path
from queue import Queue

import pytest
from coverage import CoverageData

ROOT = Path(__file__).parents[1]
PARTS = {
    "verikit/contract": (
        *("tests/contract", "tests/client/test_form.py", "tests/fuzz/test_found.py"),
        *(f"tests/conformance/test_{name}.py" for name in ("oracle", "answers", "cli")),
    ),
    "verikit/transport": ("tests/transport", "tests/client/test_clients.py"),
    "reference_server/request": (
        *("tests/server/request", "tests/server/test_app.py", "tests/server/test_deadline.py"),
        "tests/hostile/test_in_process.py",
    ),
    "calibration/statistics": (
        *("tests/calibration/statistics", "tests/calibration/judging"),
        *("tests/calibration/test_quality.py", "tests/calibration/test_plan.py"),
        *("tests/calibration/test_impostors.py", "tests/calibration/test_side_by_side.py"),
        *("tests/calibration/asking/test_degrading.py", "tests/calibration/test_report.py"),
    ),
    "conformance/judging": tuple(
        f"tests/conformance/test_{name}.py"
        for name in ("oracle", "codes", "answers", "junit", "page", "cli", "run", "mock")
    ),
    "reference_server/process/sandbox.py": ("tests/server/process/test_sandbox.py",),
    "reference_server/process/worker.py": (
        *("tests/server/process/test_live.py", "tests/server/process/test_faults.py"),
        "tests/server/test_deadline.py",
    ),
    "reference_server/faces/detection/hog.py": (
        *("tests/faces/test_detection.py", "tests/faces/test_orientation.py"),
    ),
}
IN_OTHER_PROCESSES = ("reference_server/process/", "reference_server/request/peer.py")
"""Which tests take a line of these is not known: a mutant meets all tests of its part."""

PYTEST = (
    *("-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of plugins that all forks have
)
BOUNDS = ("--timeout=300", "-m", "not slow and not timing and not browser and not nginx")
TOLD = re.compile(r"^([\d.]+)s (?:call|setup|teardown) +(.*)$", re.MULTILINE)
SAID = "said-by-tests"
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("anyio.pytest_plugin", "pytest_cov.plugin", "schemathesis.pytest.plugin", "numpy"),
        *("PIL.Image", "flask", "gunicorn.app.base", "jinja2", "jsonschema", "psutil", "requests"),
        *("scipy.stats", "sklearn.isotonic", "statsmodels.api", "yaml"),
    ]
)
"""Half of what a run of one test takes is the time to import these."""

NO_BEHAVIOUR = {"frozen", "slots", "kw_only", "eq", "strict", "repr", "compare"}
"""Of a dataclass or of ``zip``: what the type checker or the linter sees to."""
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
    """The file, the line, what stood there and what stands there now, and the whole new text.

    ``lines`` are those of its statement; none where that runs at import.
    """

    part: str
    path: Path
    line: int
    lines: frozenset[int]
    before: str
    after: str
    text: str


@dataclass
class Taken:
    """The tests that take each line of a file, and the seconds that each test lasts."""

    lines: dict[Path, dict[int, set[str]]] = field(default_factory=dict)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def near(self, mutant: Mutant) -> list[str]:
        """The tests that take a mutant's line, the shortest first; none where it runs at import."""
        tests = (self.lines.get(mutant.path, {}).get(line, set()) for line in mutant.lines)
        return sorted(set().union(*tests), key=lambda test: (self.seconds[test], test))

    def others(self, mutant: Mutant) -> list[str]:
        """The other tests of their files; of all that take any line, where it runs at import."""
        near = self.near(mutant)
        chosen = near if mutant.lines else set().union(*self.lines.get(mutant.path, {}).values())
        if str(mutant.path).startswith(IN_OTHER_PROCESSES):
            chosen = [*self.seconds]
        files = {file_of(test) for test in chosen}
        return sorted({test for test in self.seconds if file_of(test) in files} - {*near})


def file_of(test: str) -> str:
    """The file that a test is in."""
    return test.partition("::")[0]


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


def places(
    node: ast.AST, lines: frozenset[int] = frozenset()
) -> Iterator[tuple[ast.AST, str, int | None, ast.AST, frozenset[int]]]:
    """Each node with its parent, its place there, and the lines of the statement it is in."""
    for name, value in ast.iter_fields(node):
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST):
                continue
            if isinstance(node, ast.keyword) and node.arg in NO_BEHAVIOUR:
                continue
            inside = lines
            if isinstance(node, ast.Lambda):
                inside = lines | own_lines(node)
            later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and name == "body"
            if isinstance(child, ast.stmt) and (inside or later):
                inside = own_lines(child)
            yield node, name, index if isinstance(value, list) else None, child, inside
            yield from places(child, inside)


def own_lines(node: ast.expr | ast.stmt) -> frozenset[int]:
    """The lines of a statement or an expression, without those of the statements in it."""
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if isinstance(body, list) else node.end_lineno or node.lineno
    return frozenset(range(node.lineno, max(last, node.lineno) + 1))


def files(part: Path) -> list[Path]:
    """The modules of a part, which may be one."""
    return sorted(part.rglob("*.py")) if part.is_dir() else [part]


def mutants(part: str, path: Path, root: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    tree = ast.parse(path.read_text())
    for node, name, index, child, lines in list(places(tree)):
        new = changed(child)
        if new is None or not isinstance(child, ast.expr | ast.stmt):
            continue
        put(node, name, index, new)
        text = ast.unparse(ast.fix_missing_locations(tree))
        put(node, name, index, child)
        before, after = (ast.unparse(each).splitlines()[0] for each in (child, new))
        yield Mutant(part, path.relative_to(root), child.lineno, lines, before, after, text)


def put(node: ast.AST, name: str, index: int | None, child: ast.AST) -> None:
    """Put a child into its place."""
    if index is None:
        setattr(node, name, child)
    else:
        getattr(node, name)[index] = child


def left_out(folder: str, names: list[str]) -> list[str]:
    """What the copy does without: hidden files, caches, and the reports of earlier sessions."""
    reports = {"reports"} if Path(folder) == ROOT else set()
    return [n for n in names if n.startswith(".") or n in {"__pycache__", *reports}]


def ran(copied: Path, tests: list[str], *options: str, seconds: float = 3600) -> str | None:
    """What tests say that pass in a copy of the project; None where they do not, or not in time."""
    process = FORKS.Process(target=run, args=(copied, [*PYTEST, *BOUNDS, *options, *tests]))
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
    return (copied / SAID).read_text() if process.exitcode == 0 else None


def run(copied: Path, words: list[str]) -> None:
    """Be pytest in a copy of the project, in a fork that has imported no line of it."""
    os.setsid()
    os.chdir(copied)
    sys.path.insert(0, str(copied))
    os.environ["PYTHONPATH"] = str(copied)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    said = os.open(SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)
    code = pytest.main(words)
    sys.stdout.flush()
    os._exit(code)  # whatever threads a test has left


def unchanged(part: str, copied: Path) -> Taken:
    """The part's tests run on the code as it is.

    Raises:
        SystemExit: they fail, so that nothing could be measured.
    """
    module = part.removesuffix(".py").replace("/", ".")
    measured = ["--cov-config=", f"--cov={module}", "--cov-context=test", "--cov-report="]
    measured += ("--durations=0", "--durations-min=0", "-vv")
    done = ran(copied, list(PARTS[part]), *measured)
    if done is None:
        said = (copied / SAID).read_text()[-2000:]
        sys.exit(f"{part}: its tests fail without any mutant, so nothing can be measured\n{said}")
    taken = Taken()
    for seconds, test in TOLD.findall(done):
        taken.seconds[test] += float(seconds)
    data = CoverageData(str(copied / ".coverage"))
    data.read()
    for file in data.measured_files():
        lines: dict[int, set[str]] = defaultdict(set)
        for line, contexts in data.contexts_by_lineno(file).items():
            lines[line] |= {context.rpartition("|")[0] for context in contexts} - {""}
        taken.lines[Path(file).relative_to(copied)] = lines
    return taken


def survives(mutant: Mutant, taken: Taken, copied: Path) -> bool:
    """Whether every test passes all the same."""
    path = copied / mutant.path
    original = path.read_text()
    path.write_text(mutant.text)
    try:
        return not any(
            tests and fails(copied, tests, taken)
            for tests in (taken.near(mutant), taken.others(mutant))
        )
    finally:
        path.write_text(original)
        Path(cache_from_source(str(path))).unlink(missing_ok=True)


def fails(copied: Path, tests: list[str], taken: Taken) -> bool:
    """Whether some tests fail, or take far longer than they do."""
    lasts = sum(taken.seconds[test] for test in tests)
    return ran(copied, tests, seconds=120 + 10 * lasts) is None


@contextmanager
def copies(count: int) -> Iterator[Queue[Path]]:
    """Copies of the project, each to be taken by one at a time."""
    free: Queue[Path] = Queue()
    with tempfile.TemporaryDirectory() as folder:
        source = ROOT
        for number in range(count):
            copied = Path(folder).resolve() / f"{number}" / "project"
            source = shutil.copytree(source, copied, ignore=left_out)
            free.put(copied)
        yield free


def main() -> None:
    """Draw the sample, try each, print what survived and the share that was killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--part", action="append", choices=list(PARTS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    tried, killed = Counter[str](), Counter[str]()
    with copies(given.jobs) as free, ThreadPoolExecutor(given.jobs) as pool:
        free.put(copied := free.get())  # which nobody edits meanwhile
        every = [
            mutant
            for part in given.part or PARTS
            for path in files(copied / part)
            for mutant in mutants(part, path, copied)
        ]
        count = min(given.count, len(every))
        sample = random.Random(given.seed).sample(every, count)  # noqa: S311 - no secret

        def measure(part: str) -> tuple[str, Taken]:
            copied = free.get()
            try:
                return part, unchanged(part, copied)
            finally:
                free.put(copied)

        def attempt(mutant: Mutant) -> None:
            if time.monotonic() > until:
                return
            copied = free.get()
            try:
                survivor = survives(mutant, taken[mutant.part], copied)
            finally:
                free.put(copied)
            tried[mutant.part] += 1
            killed[mutant.part] += not survivor
            if survivor:
                place = f"{mutant.path}:{mutant.line}"
                seen = taken[mutant.part].near(mutant) or taken[mutant.part].others(mutant)
                unseen = "" if seen else " (no test takes this line)"
                print(f"survived {place}: {mutant.before}  ->  {mutant.after}{unseen}", flush=True)

        taken = dict(pool.map(measure, sorted({mutant.part for mutant in sample})))
        print(f"{sum(len(one.seconds) for one in taken.values())} tests pass unchanged", flush=True)
        list(pool.map(attempt, sample))
    for part in sorted(tried):
        print(f"{part}: {killed[part]} of {tried[part]} killed")
    print(
        f"in all {killed.total()} of {tried.total()} killed; "
        f"{len(sample)} of {len(every)} places were drawn"
    )


if __name__ == "__main__":
    main()
