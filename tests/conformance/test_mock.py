"""The mock keeps the contract; each of its faults is caught for the right reason."""

import re
import socket
import subprocess
import sys
import urllib.request

import psutil
import pytest
from click.testing import CliRunner

from conformance.catalogue import load_catalogue
from conformance.commands.mock import mock
from conformance.judging.verdicts import Verdict
from conformance.mock.faults import FAULTS
from conformance.mock.server import make_server, serving, unchanged
from conformance.mock.verifier import Judge, verify
from conformance.requests.exchange import Target
from conformance.run import run
from verikit.cli import main
from verikit.contract.encryption import Secrets
from verikit.contract.profile import load_profile

BROKEN = {
    "second-photo-ignored": "second-required",
    "tag-not-verified": "encryption-tag",
    "tag-of-large-photos-not-verified": "encryption-tag",
    "score-reversed": "threshold-recommended",
    "everybody-the-same": "threshold-recommended",
    "options-ignored": "auto-rotate-true",
    "quality-always-checked": "check-quality-default",
    "one-code-for-all-refusals": "code-4000",
    "score-as-text": "score-type",
    "score-in-percent": "score-range",
    "request-id-always-the-same": "request-id-unique",
    "request-id-of-24-bits": "request-id-space",
    "refusals-without-message": "refusal-shape",
    "refusals-as-html": "answer-json",
    "refusals-as-internal-errors": "status-500",
}
pytestmark = [pytest.mark.live, pytest.mark.waits]
TRAFFIC = (
    *("ordinary", "first-missing", "second-empty", "score-different-people"),
    *("concurrent-request-ids", "connection-of-many-requests"),
)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_breaks_what_it_says(name: str) -> None:
    catalogue = load_catalogue()
    about = {*catalogue.cases_of(BROKEN[name]), *TRAFFIC}
    cases = [case for case in catalogue.select("!crossed-") if case.id in about]
    with serving(FAULTS[name].judge, reply=FAULTS[name].reply) as url:
        done = run(Target.of(url), cases, profile=load_profile("reference"))
    failed = {
        f.requirement for r in done.results for f in r.findings if r.verdict is Verdict.FAILED
    }
    assert BROKEN[name] in failed


def test_faults_are_listed_with_what_they_do() -> None:
    lines = CliRunner().invoke(mock, ["--list"]).output.splitlines()
    assert [line.split()[0] for line in lines] == list(FAULTS)
    assert all(len(line.split()) > 3 for line in lines)


def test_an_unknown_fault_is_wrong_use() -> None:
    refused = CliRunner().invoke(mock, ["--fault", "tag-not-verifid"])
    assert refused.exit_code == 2
    assert "did you mean tag-not-verified?" in refused.output
    assert "--list shows them" in CliRunner().invoke(mock, ["--fault", "nonsense"]).output


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        refused = CliRunner().invoke(main, ["mock", "--port", str(port)])
    assert refused.exit_code == 2
    assert f"Port {port} of 127.0.0.1 is in use: stop what listens there" in refused.output


def test_the_command_is_soon_ready() -> None:
    command = [sys.executable, "-m", "verikit", "mock", "--port", "0", "--fault", "score-as-text"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stderr
            line = process.stderr.readline()
            url = re.search(r"http://\S+", line)
            assert url, line
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(url[0])  # noqa: S310 - our own server
            took = psutil.Process(process.pid).cpu_times()
        finally:
            process.terminate()
    assert took.user + took.system < 5


@pytest.mark.parametrize("judge", [verify, FAULTS["tag-not-verified"].judge])
def test_it_decrypts_by_the_key_that_it_was_given(judge: Judge) -> None:
    given = Secrets(key="k" * 32, iv="i" * 12)
    cases = load_catalogue().select("ordinary")
    with serving(judge, secrets=given) as url:
        assert run(Target.of(url, key=given.key, iv=given.iv), cases).exit_code == 0
        assert run(Target.of(url), cases).exit_code != 0


def test_a_client_that_hangs_up_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    with make_server("127.0.0.1", 0, verify, unchanged) as server:
        for error in (BrokenPipeError(), ConnectionResetError()):
            try:
                raise error
            except OSError:
                server.handle_error(None, ("127.0.0.1", 1))
        assert capsys.readouterr().err == ""
        try:
            raise KeyError("bug")
        except KeyError:
            server.handle_error(None, ("127.0.0.1", 1))
        assert "KeyError" in capsys.readouterr().err


def test_a_photo_that_pillow_minds_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "import warnings\n"
        "from conformance.mock.server import serving\n"
        "with serving():\n"
        "    warnings.warn_explicit('Corrupt EXIF data', UserWarning, 'T.py', 1, 'PIL.Tiff')\n"
        "    warnings.warn_explicit('ours', UserWarning, 'a.py', 1, 'conformance.a')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - ourselves
    assert "ours" in (said := capfd.readouterr().err)
    assert "EXIF" not in said
