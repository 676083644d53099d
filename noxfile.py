"""Every check of the project; ``nox -l`` lists them.

Run from the project's own ``.venv`` (what ``make test`` sets up) most sessions use it, and add what
they need to it; run from any other nox they make environments of their own. All versions are those
of requirements.lock, checked by hash.
"""

import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
LOCK = "requirements.lock"
IN_PROJECT_VENV = Path(sys.prefix) == ROOT / ".venv"
os.environ |= {"UV_CONSTRAINT": LOCK, "UV_BUILD_CONSTRAINT": LOCK}
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process compiles all that it imports
if IN_PROJECT_VENV:
    os.environ["PATH"] = f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"

nox.needs_version = ">=2025.11.12"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.default_venv_backend = "none" if IN_PROJECT_VENV else "uv"
nox.options.reuse_existing_virtualenvs = True


def prepare(session: nox.Session, *groups: str) -> None:
    """Give the session the project and the libraries of some dependency groups."""
    options = [word for group in groups for word in ("--group", group)]
    if IN_PROJECT_VENV:
        command = ("uv", "pip", "install", "--quiet", "--python", sys.executable)
        session.run(*command, "--requirements", "pyproject.toml", "--extra", "all", *options)
    else:
        session.install("--editable", ".[all]", *options)


@nox.session
def demo(session: nox.Session) -> None:
    """Show what a good and a bad server look like: start both, check both, link the reports."""
    prepare(session)
    session.run("verikit", "demo", *session.posargs)


def beside(processes: int) -> tuple[str, ...]:
    """The options for more processes than processors: much of a test is waiting for a server."""
    return f"--numprocesses={processes}", "--dist=worksteal"


ELSEWHERE = "not timing and not slow and not browser and not nginx"


def pytest(session: nox.Session, *options: str) -> None:
    """Run pytest in the session's environment."""
    order = ("--randomly-seed=1",) if "CI" in os.environ else ()  # what lands can be repeated
    own = ("-o", f"cache_dir=.pytest_cache/{session.name}")  # what failed in it, for --last-failed
    session.run("python", "-m", "pytest", *own, *options, *order, *session.posargs)


@nox.session
def quick(session: nox.Session) -> None:
    """Run what needs no server, no faces and no whole calibration: a quarter of the tests."""
    prepare(session, "tests")
    parts = ("statistics", "counting", "judging", "sources", "asking")
    folders = [f"tests/{name}" for name in ("client", "contract", "conformance", "load")]
    folders += [f"tests/calibration/{part}" for part in parts]
    pytest(session, *beside(3), "-m", f"{ELSEWHERE} and not live", *folders)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests in seven processes and random order, but for those of `browser` and `slow`.

    Arguments go to pytest, which then runs in one process.
    """
    prepare(session, "tests")
    if not session.posargs and not (ROOT / "tests/__pycache__").exists():
        # Else all seven compile the same 2,000 modules, each for itself.
        session.run("python", "-m", "pytest", "--collect-only", "-q", silent=True)
    pytest(session, *(() if session.posargs else beside(7)), "-m", ELSEWHERE)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that take long: clusters that are lost, long simulations, killed runs."""
    prepare(session, "tests")
    pytest(session, *beside(6), "-m", "slow and not timing")


@nox.session
def browser(session: nox.Session) -> None:
    """Drive Chromium through the pages, and nginx in front of the server, where they are."""
    prepare(session, "tests", "browser")
    by_file = "--numprocesses=2", "--dist=loadfile"  # a file has its servers and its browser
    pytest(session, *(() if session.posargs else by_file), "-m", "browser or nginx")


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure which branches the tests and what they start take: reports/coverage/index.html."""
    prepare(session, "tests")
    reports = ("--cov-report=html:reports/coverage", "--cov-report=term")
    pytest(session, *beside(4), "-m", f"{ELSEWHERE} and not unmeasured", "--cov", *reports)


@nox.session
def deploy(session: nox.Session) -> None:
    """Judge image, compose file, manifests, CI files and scripts by their linters."""
    prepare(session, "tests", "deploy")
    pytest(session, "tests/deploy")


@nox.session
def conformance(session: nox.Session) -> None:
    """Check a server: nox -s conformance -- http://127.0.0.1:3000 [options of verikit check]."""
    if not session.posargs:
        session.error("name the server: nox -s conformance -- http://127.0.0.1:3000")
    prepare(session)
    session.run("verikit", "check", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and the direction of imports."""
    prepare(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-logo")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly; benchmarks, training and tools included."""
    prepare(session, "tests", "lint")
    session.run("mypy")


@nox.session(venv_backend="uv", reuse_venv=False)
def build(session: nox.Session) -> None:
    """Build an sdist and a wheel from it, install it into an empty environment and run its demo.

    What the sdist lacks, the wheel lacks too; `alone` installs wheels that are built without one.
    """
    session.install("--group", "build")
    out = session.create_tmp()
    session.run("python", "-m", "build", "--no-isolation", "--outdir", out)
    session.run("uv", "pip", "uninstall", "build", "hatchling", external=True)
    (built,) = Path(out).glob("verikit-*.whl")
    session.install(f"verikit[conformance,server] @ {built.resolve().as_uri()}")
    session.chdir(out)
    session.run("verikit", "demo", "--out", "demo")


@nox.session(venv_backend="uv", reuse_venv=False)
@nox.parametrize("extra", ["client", "conformance", "calibration", "load", "server"])
def alone(session: nox.Session, extra: str) -> None:
    """Install one extra only: its commands must work where the others' libraries are absent."""
    commands, absent = ALONE[extra]
    session.install(f".[{extra}]")
    session.chdir(session.create_tmp())
    look = (
        f"import importlib.util as u; assert not [name for name in {absent} if u.find_spec(name)]"
    )
    session.run("python", "-c", look)
    for command in commands:
        session.run("verikit", *command, silent=True)


ALONE = {
    "client": ([("verify", "--help"), ("encrypt", "--help")], ["numpy", "PIL", "flask"]),
    "conformance": ([("check", "--list")], ["flask", "deepface", "locust", "scipy", "pyarrow"]),
    "calibration": ([("datasets", "list"), ("calibrate", "--help")], ["flask", "deepface"]),
    "load": ([("load", "--list")], ["deepface", "schemathesis", "pyarrow"]),
    "server": ([("serve", "--help")], ["locust", "schemathesis", "scipy", "pyarrow"]),
}


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation's site; a link or a name that leads nowhere is an error."""
    prepare(session, "docs")
    session.run("sphinx-build", "-q", "-W", "-n", "--keep-going", "docs", "reports/site")


@nox.session
def hostile(session: nox.Session) -> None:
    """Send the reference server 20,000 hostile bodies; none may crash, stall or swell it."""
    prepare(session, "tests")
    session.run("python", "-m", "tests.hostile", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz all that a body goes through before the engine, guided by coverage, for ten minutes."""
    prepare(session, "tests", "fuzz")
    session.run(
        *("python", "-m", "tests.hostile.fuzz_decode", "reports/fuzz"),
        *("-max_total_time=600", *session.posargs),
    )


@nox.session
def fuzz_readers(session: nox.Session) -> None:
    """Fuzz every reader of foreign files and responses; -- --minutes 10 for each of them."""
    prepare(session, "tests")
    session.run("python", "-m", "tests.fuzz", *session.posargs)


@nox.session(venv_backend="uv")
def audit(session: nox.Session) -> None:
    """Look the locked versions up among known vulnerabilities; needs the network."""
    session.install("pip-audit")
    session.run("pip-audit", "--strict", "--disable-pip", "--require-hashes", "-r", LOCK)


@nox.session(venv_backend="uv")
def sbom(session: nox.Session) -> None:
    """List what is installed, from the lock, as CycloneDX: reports/sbom.json."""
    session.install("cyclonedx-bom")
    Path("reports").mkdir(exist_ok=True)
    options = (
        *("--pyproject", "pyproject.toml", "--output-reproducible"),
        *("--output-format", "JSON", "--output-file", "reports/sbom.json"),
    )
    session.run("cyclonedx-py", "requirements", *options, LOCK)


@nox.session
def mutation(session: nox.Session) -> None:
    """Measure the suite: every mutant must be killed, every legal variant must pass."""
    prepare(session, "tests")
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change our own code in 200 places, one at a time, and list what no test notices."""
    prepare(session, "tests")
    session.run("python", "tools/mutants.py", *session.posargs)


@nox.session
def benchmark(session: nox.Session) -> None:
    """Time the server beside DeepFace's own and in-process, and the calibration's counting."""
    prepare(session, "benchmark")
    session.run("python", "-m", "benchmarks.faces.against_deepface")
    session.run("python", "-m", "benchmarks.faces.pipeline")
    # pyeer is compared with and no dependency; it needs a setuptools that still has pkg_resources.
    pyeer = Path(session.create_tmp()).resolve() / "pyeer"
    session.run("uv", "venv", "--quiet", "--clear", str(pyeer))
    python = str(pyeer / "bin" / "python")
    session.run(
        *("uv", "pip", "install", "--quiet", "--python", python, "pyeer", "setuptools<81"),
        env={"UV_CONSTRAINT": ""},
    )
    session.run(
        *("python", "-m", "benchmarks.calibration.speed", "--pyeer", python, *session.posargs)
    )


@nox.session(venv_backend="uv")
def tensorflow(session: nox.Session) -> None:
    """Serve with DeepFace and the MTCNN detector on TensorFlow, and pass the suite."""
    session.install("--editable", ".[conformance,tensorflow]", "--group", "tests")
    session.run("python", "-m", "pytest", "tests/faces/test_tensorflow.py")
    session.run(
        *("verikit", "demo", "--out", "reports/tensorflow"),
        *("--", "--detector", "mtcnn-tensorflow"),
        env={"DEEPFACE_BACKEND_ENGINE": "tensorflow"},
    )


@nox.session
def lock(session: nox.Session) -> None:
    """Write the lock anew from pyproject.toml, for every platform, with hashes."""
    prepare(session, "tests")
    groups = nox.project.load_toml("pyproject.toml")["dependency-groups"].keys() - UNLOCKED
    session.run(
        *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate"),
        *("--python-version", "3.11", "--all-extras"),
        *(word for group in sorted(groups) for word in ("--group", group)),
        *("--custom-compile-command", "nox -s lock", "pyproject.toml", "-o", LOCK),
        *session.posargs,
        env={"UV_CONSTRAINT": "", "UV_BUILD_CONSTRAINT": ""},
    )


UNLOCKED = {"training"}
"""PyTorch is made for one kind of graphics card or another."""
