"""The GitHub Action and the CI files: schemas, holes, and the action's steps run for real."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
import yaml

from verikit.cli import main
from verikit.contract import load_contract
from verikit.exit_codes import Exit

CONTRACT = load_contract()
ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
A_CASE = "path-cut"
Check = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", "deploy/ci/github.yml"),
        ("custom.github-workflows-require-timeout", "deploy/ci/github.yml"),
        ("vendor.gitlab-ci", "deploy/ci/gitlab.yml"),
    ],
)
def test_they_keep_the_schemas(lint: Callable[..., str], schema: str, file: str) -> None:
    assert lint("check-jsonschema", "--builtin-schema", schema, ROOT / file) == ""


@pytest.mark.parametrize("file", ["action.yml", ".github/workflows/github.yml"])
def test_no_holes_are_known(
    deploy: Path, tmp_path: Path, lint: Callable[..., str], file: str
) -> None:
    copy = tmp_path / file  # what kind of file it is goes by its place
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text((ACTION if file == "action.yml" else deploy / "ci/github.yml").read_text())
    assert lint("zizmor", "--offline", "--config", deploy / "ci" / "zizmor.yml", copy) == ""


def test_inputs_of_the_workflow_are_the_action_s(deploy: Path) -> None:
    workflow = yaml.safe_load((deploy / "ci" / "github.yml").read_text())
    (given,) = [
        step["with"]
        for step in workflow["jobs"]["verikit"]["steps"]
        if step["uses"].startswith("your-organisation/verikit@")
    ]
    assert set(given) <= set(yaml.safe_load(ACTION.read_text())["inputs"])
    names = [CONTRACT.encryption.key_variable, CONTRACT.encryption.iv_variable]
    assert [given["key"], given["iv"]] == ["${{ secrets." + name + " }}" for name in names]


def test_variables_of_the_gitlab_job_are_options(deploy: Path) -> None:
    job = yaml.safe_load((deploy / "ci" / "gitlab.yml").read_text())["verikit"]
    check = main.get_command(main.make_context("verikit", ["check"]), "check")
    assert check is not None
    options = {f"VERIKIT_CHECK_{parameter.name}".upper() for parameter in check.params}
    assert set(job["variables"]) <= options


def test_the_gitlab_job_installs_as_the_action_does(deploy: Path) -> None:
    """From a pinned commit and the lock: verikit is on no index."""
    (install,) = [s for s in yaml.safe_load(ACTION.read_text())["runs"]["steps"] if "UV" in str(s)]
    names = [name for name in install["env"] if name.startswith("UV_")]
    script = yaml.safe_load((deploy / "ci" / "gitlab.yml").read_text())["verikit"]["script"]
    for name in names:
        assert f"export {name}={install['env'][name]}" in script
    asked = [part for part in install["run"].split() if part.startswith(("tools/", '".['))]
    assert len(asked) == 2
    assert all(any(part in line.split() for line in script) for part in asked)
    assert any(line.startswith("git ") and line.endswith(" COMMIT") for line in script)


class Step(NamedTuple):
    script: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def step() -> Step:
    """What the action does to check a server, its inputs at their defaults."""
    action = yaml.safe_load(ACTION.read_text())
    (found,) = [s for s in action["runs"]["steps"] if s.get("name") == "Check the server"]
    inputs = {f"${{{{ inputs.{n} }}}}": i.get("default", "") for n, i in action["inputs"].items()}
    return Step(found["run"], {name: inputs[value] for name, value in found["env"].items()})


@pytest.fixture
def check(step: Step, tmp_path: Path) -> Check:
    """Runs the step as a runner would, in an empty folder, with a program for ``verikit``."""
    installed = tmp_path / "runner" / "verikit" / "bin" / "verikit"
    installed.parent.mkdir(parents=True)

    def run(program: str, **given: Any) -> subprocess.CompletedProcess[str]:
        installed.write_text(f"#!/bin/sh\n{program}\n")
        installed.chmod(0o755)
        environment = os.environ | step.environment | {"RUNNER_TEMP": str(tmp_path / "runner")}
        return subprocess.run(  # noqa: S603
            ["/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step.script],
            env=environment | given,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.live
def test_the_action_checks_a_server_and_leaves_reports(
    check: Check, fake_server: Any, tmp_path: Path
) -> None:
    ours = f'exec "{Path(sys.executable).with_name("verikit")}" "$@"'
    done = check(ours, URL=fake_server.url, CASES=A_CASE, REPORTS="my reports")
    assert done.returncode == Exit.PASSED, done.stdout + done.stderr
    reports = tmp_path / "my reports"
    assert ElementTree.parse(reports / "junit.xml").getroot().tag == "testsuites"  # noqa: S314
    assert '"runs"' in (reports / "verikit.sarif").read_text()
    assert "<html" in (reports / "report.html").read_text()


def test_the_action_ends_as_the_suite_does(check: Check) -> None:
    assert check(f"exit {Exit.NO_VERDICT}").returncode == Exit.NO_VERDICT


def test_inputs_are_words_and_no_shell(check: Check, tmp_path: Path) -> None:
    evil = "a b; touch hacked; $(touch hacked) `touch hacked`"
    done = check('printf "%s\\n" "$@"', URL=evil, CASES=evil, PROFILE=evil, WAIVERS=evil)
    words = ["check", evil, "--profile", evil, "--waivers", evil, "-k", evil]
    assert done.stdout.splitlines()[: len(words)] == words
    assert not (tmp_path / "hacked").exists()
