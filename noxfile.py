"""Every check of the project; ``nox -l`` lists them.

Run from the project's own ``.venv`` (what ``make`` sets up) the sessions use it as it is;
run from any other nox they build environments of their own from the lock.
"""

import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
IN_PROJECT_VENV = Path(sys.prefix) == ROOT / ".venv"
if IN_PROJECT_VENV:
    os.environ["PATH"] = f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"

nox.needs_version = ">=2025.11.12"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.default_venv_backend = "none" if IN_PROJECT_VENV else "venv"
nox.options.reuse_existing_virtualenvs = True


def prepare(session: nox.Session) -> None:
    """Give the session the locked versions and the project, unless it runs where they are."""
    if not IN_PROJECT_VENV:
        session.install("--require-hashes", "-r", "requirements.lock")
        session.install("--no-deps", "--no-build-isolation", "-e", ".")


@nox.session
def demo(session: nox.Session) -> None:
    """Start the reference server, run the suite against it and say where the report is."""
    prepare(session)
    session.run("verikit", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, in two processes; arguments go to pytest, which then runs them in one."""
    prepare(session)
    options = session.posargs or ["--numprocesses=2", "--dist=loadfile"]
    session.run("python", "-m", "pytest", *options)


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
    prepare(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-logo")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    prepare(session)
    session.run("mypy")


@nox.session(venv_backend="uv", reuse_venv=False)
@nox.parametrize("artifact", ["wheel", "sdist"])
def build(session: nox.Session, artifact: str) -> None:
    """Build a wheel or an sdist, install it into an empty environment and run its demo."""
    session.install("-c", "requirements.lock", "build", "hatchling")
    out = session.create_tmp()
    session.run("python", "-m", "build", "--no-isolation", f"--{artifact}", "--outdir", out)
    session.run("uv", "pip", "uninstall", "build", "hatchling", external=True)
    (built,) = Path(out).glob("verikit-*")
    session.install("-c", "requirements.lock", f"verikit[all] @ {built.resolve().as_uri()}")
    session.chdir(out)
    session.run("verikit", "demo", "--html", "report.html")


@nox.session(venv_backend="uv", reuse_venv=False)
def suite_alone(session: nox.Session) -> None:
    """Install the suite's extra only: it must work where Flask, DeepFace and Locust are absent."""
    session.install("-c", "requirements.lock", ".[conformance]")
    absent = "import importlib.util as u; assert not any(map(u.find_spec, {names}))"
    session.run("python", "-c", absent.format(names=["flask", "deepface", "locust"]))
    session.chdir(session.create_tmp())
    session.run("verikit", "check", "--list", silent=True)


@nox.session(venv_backend="uv", reuse_venv=False)
def client_alone(session: nox.Session) -> None:
    """Install the client's extra only: library and commands must work with nothing else."""
    session.install("-c", "requirements.lock", ".[client]")
    session.run("python", "-c", "import verikit.client")
    for command in ("verify", "encrypt"):
        session.run("verikit", command, "--help", silent=True)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation's site; a link or a name that leads nowhere is an error."""
    prepare(session)
    session.run("sphinx-build", "-q", "-W", "-n", "--keep-going", "docs", "reports/site")


@nox.session
def hostile(session: nox.Session) -> None:
    """Send the reference server 20,000 hostile bodies; none may crash, stall or swell it."""
    prepare(session)
    session.run("python", "-m", "tests.hostile", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz all that a body goes through before the engine, guided by coverage, for ten minutes."""
    prepare(session)
    session.run(
        *("python", "-m", "tests.hostile.fuzz_decode", "reports/fuzz"),
        *("-max_total_time=600", *session.posargs),
    )


@nox.session(venv_backend="uv")
def audit(session: nox.Session) -> None:
    """Look the locked versions up among known vulnerabilities; needs the network."""
    session.install("pip-audit")
    session.run(
        "pip-audit", "--strict", "--disable-pip", "--require-hashes", "-r", "requirements.lock"
    )


@nox.session(venv_backend="uv")
def sbom(session: nox.Session) -> None:
    """List what is installed, from the lock, as CycloneDX: reports/sbom.json."""
    session.install("cyclonedx-bom")
    Path("reports").mkdir(exist_ok=True)
    options = (
        "--pyproject",
        "pyproject.toml",
        "--output-reproducible",
        "--output-format",
        "JSON",
        "--output-file",
        "reports/sbom.json",
    )
    session.run("cyclonedx-py", "requirements", *options, "requirements.lock")


@nox.session
def mutation(session: nox.Session) -> None:
    """Measure the suite: every mutant must be killed, every legal variant must pass."""
    prepare(session)
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session
def benchmark(session: nox.Session) -> None:
    """Time the server beside DeepFace's own and in-process, and the calibration's counting."""
    prepare(session)
    session.run("python", "benchmarks/against_deepface.py")
    session.run("python", "benchmarks/pipeline.py")
    # pyeer is compared with and no dependency; it needs a setuptools that still has pkg_resources.
    pyeer = Path(session.create_tmp()).resolve() / "pyeer"
    session.run("uv", "venv", "--quiet", "--clear", str(pyeer))
    python = str(pyeer / "bin" / "python")
    session.run("uv", "pip", "install", "--quiet", "--python", python, "pyeer", "setuptools<81")
    session.run("python", "benchmarks/calibration_speed.py", "--pyeer", python, *session.posargs)


@nox.session(venv_backend="uv")
def tensorflow(session: nox.Session) -> None:
    """Serve with DeepFace and the MTCNN detector on TensorFlow, and pass the suite."""
    session.install("--require-hashes", "-r", "requirements-tensorflow.lock")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    session.run("python", "-m", "pytest", "tests/faces/test_tensorflow.py")
    session.run(
        *("verikit", "demo", "--html", "reports/tensorflow.html"),
        *("--", "--detector", "mtcnn-tensorflow"),
        env={"DEEPFACE_BACKEND_ENGINE": "tensorflow"},
    )


@nox.session
def lock(session: nox.Session) -> None:
    """Write both locks anew from pyproject.toml, for every platform, with hashes."""
    prepare(session)
    compile_lock(session, "requirements.lock", "--group", "docs")
    compile_lock(
        session, "requirements-tensorflow.lock", "--extra", "tensorflow", "-c", "requirements.lock"
    )


def compile_lock(session: nox.Session, lock_file: str, *options: str) -> None:
    """Resolve every extra but TensorFlow's, and what the options add, into a lock file."""
    session.run(
        *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate"),
        *("--python-version", "3.11", "--extra", "all", "--group", "dev", *options),
        *("--custom-compile-command", "nox -s lock", "pyproject.toml"),
        *("-o", lock_file, *session.posargs),
    )
