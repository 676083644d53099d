import os
import resource
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from reference_server.commands import serve as command
from reference_server.limits import Limits
from reference_server.refusals import PHOTOS
from tests.support.fake_server import FakeEngine
from verikit.cli import main
from verikit.contract import load_contract

CONTRACT = load_contract()
SECRETS = CONTRACT.encryption
GIB = 2**30
OWN_KEY = {SECRETS.key_variable: "k" * 32}


def run(*options: str, environment: Mapping[str, str | None] = os.environ) -> Result:
    return CliRunner().invoke(main, ["serve", *options], env=environment)


def last_line(result: Result) -> str:
    return result.output.strip().splitlines()[-1]


def test_help_has_an_example_and_names_the_environment() -> None:
    text = run("--help").output
    for expected in (
        "verikit serve --port",
        SECRETS.key_variable,
        SECRETS.iv_variable,
        "[default: Dlib]",
    ):
        assert expected in " ".join(text.split())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "no.such.host.invalid"])  # noqa: S104 - refused
def test_the_default_key_is_refused_off_loopback(host: str) -> None:
    result = run("--host", host)
    assert result.exit_code == 2
    assert "The default key is public" in result.output


@pytest.mark.parametrize(
    ("options", "environment"),
    [(["--allow-default-key"], {}), ([], OWN_KEY)],
    ids=["insist", "own"],
)
def test_off_loopback_needs_a_key_of_its_own_or_insistence(
    options: list[str], environment: dict[str, str]
) -> None:
    """192.0.2.1 is no address of any machine, so the start gets exactly as far as binding."""
    result = run("--host", "192.0.2.1", *options, environment=environment)
    assert result.exit_code == 1
    assert last_line(result).startswith("Error: Cannot listen on port 3000 of 192.0.2.1: ")


def test_more_workers_than_can_be_are_refused_in_a_sentence() -> None:
    result = run("--workers", "257")
    assert result.exit_code == 2
    assert "257 is not in the range 1<=x<=256" in result.output


@pytest.mark.parametrize(("files", "word"), [(100, "too few to serve"), (300, "Ready: POST ")])
def test_few_open_files_are_kept_to_or_refused(files: int, word: str) -> None:
    command = [sys.executable, "-m", "verikit", "serve", "--port", "0", "--workers", "1"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),  # noqa: PLW1509 - no thread here
    ) as server:
        assert server.stdout is not None
        try:
            assert any(word in server.stdout.readline() for _ in range(2))
        finally:
            server.terminate()


@pytest.mark.parametrize(
    ("memory", "workers", "mebibytes"),
    [(64 * GIB, 2, 512), (GIB, 2, 153), (GIB // 2, 1, 101), (GIB // 4, 4, 20)],
)
def test_bodies_take_half_of_the_memory_that_is_left(
    monkeypatch: pytest.MonkeyPatch, memory: int, workers: int, mebibytes: int
) -> None:
    monkeypatch.setattr("verikit.machine.memory", lambda: memory)
    made: list[Limits] = []
    monkeypatch.setattr(command, "create_app", lambda settings, _: made.append(settings.limits))
    monkeypatch.setattr(command, "load_engine", lambda *_, **__: FakeEngine())
    monkeypatch.setattr(command, "run", lambda *_: None)
    assert run("--port", "0", "--workers", str(workers)).exit_code == 0
    assert made[0].body_bytes // 2**20 == mebibytes


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_the_engine_computes_as_precisely_as_asked(
    monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    asked: list[str] = []

    def load(*_: object, **given: str) -> FakeEngine:
        asked.append(given["precision"])
        return FakeEngine()

    monkeypatch.setattr(command, "load_engine", load)
    monkeypatch.setattr(command, "run", lambda *_: None)
    assert run("--port", "0", "--precision", precision).exit_code == 0
    assert asked == [precision]


@pytest.mark.parametrize(
    "name", ["", ".", "*", "*.example.com", "http://x", "a b", "x.com:80", "a..b", "a" * 64, "-a"]
)
def test_a_name_that_no_host_can_have_is_wrong_use(name: str) -> None:
    result = run("--allowed-host", name)
    assert result.exit_code == 2
    assert "is no host name: write it like faces.example.com" in result.output


@pytest.mark.parametrize(
    "name", ["faces", "faces.example.com", ".example.com", "b\u00fccher.example"]
)
def test_names_of_hosts_are_taken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(command, "load_engine", lambda *_, **__: FakeEngine())
    monkeypatch.setattr(command, "run", lambda *_: None)
    assert run("--port", "0", "--allowed-host", name).exit_code == 0


@pytest.mark.parametrize("option", ["--deadline", "--rate-limit"])
@pytest.mark.parametrize("number", ["nan", "inf", "1e300"])
def test_a_number_that_no_clock_can_wait_for_is_wrong_use(option: str, number: str) -> None:
    result = run(option, number)
    assert result.exit_code == 2
    assert f"{number} is not a number up to 1,000,000,000" in result.output


@pytest.mark.parametrize("variable", [SECRETS.key_variable, SECRETS.iv_variable])
def test_a_secret_of_the_wrong_length_is_wrong_use(variable: str) -> None:
    result = run(environment={variable: "short"})
    assert result.exit_code == 2
    assert last_line(result).startswith(f"Error: {variable} must be ")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense", "a profile must be a mapping"),
        ("formats: JPEG", "formats"),
        (
            "{formats: [HEIC], side_px: {minimum: 1, maximum: 9}, file_bytes: {maximum: 9}, "
            "body_bytes: {maximum: 9}}",
            "cannot read HEIC",
        ),
        ("photo_standards: {file_bytes: {minimum: 100}}", "knows no smallest file size"),
    ],
)
def test_senseless_photo_standards_are_wrong_use(tmp_path: Path, text: str, complaint: str) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text(text)
    result = run("--profile", str(profile))
    assert result.exit_code == 2
    assert complaint in last_line(result)


def test_photo_standards_of_a_profile_are_served_by(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    draw: Callable[..., bytes],
    encrypt: Callable[[bytes], str],
) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text("photo_standards: {formats: [png], side_px: {maximum: 90}}")
    clients: list[FlaskClient] = []

    def serve(app: Flask, *_: object) -> None:
        clients.append(app.test_client())

    monkeypatch.setattr(command, "load_engine", lambda *_, **__: FakeEngine())
    monkeypatch.setattr(command, "run", serve)
    assert run("--port", "0", "--profile", str(profile)).exit_code == 0

    def code(**photo: object) -> int:
        (client,) = clients
        form = dict.fromkeys(PHOTOS, encrypt(draw(**photo)))
        return int(client.post(CONTRACT.path, data=form).get_json()["code"])

    assert code(size=(90, 90)) == CONTRACT.success_code
    assert code(size=(91, 90)) == CONTRACT.codes["INVALID_IMAGE_SIZE"].code
    assert code(kind="BMP") == CONTRACT.codes["INVALID_IMAGE_TYPE"].code


def test_a_busy_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = run("--port", str(port))
    assert result.exit_code == 1
    assert result.output == (
        f"Error: Port {port} of 127.0.0.1 is in use: "
        "stop what listens there or take another --port.\n"
    )


def test_an_unknown_model_cannot_start() -> None:
    result = run("--port", "0", "--model", "Nonsense", "--uncalibrated")
    assert result.exit_code == 1
    assert last_line(result).startswith("Error: ")
    assert "Nonsense" in last_line(result)


@pytest.mark.live
def test_the_real_engine_is_ready_once_the_command_says_so() -> None:
    command = [sys.executable, "-m", "verikit", "serve", "--port", "0", "--workers", "1"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            loading, ready = server.stdout.readline(), server.stdout.readline()
            assert loading.startswith("Loading Dlib for http://127.0.0.1:")
            url = ready.removeprefix(f"Ready: {CONTRACT.method} ").strip()
            health = url.removesuffix(CONTRACT.path) + "/healthz"
            with urllib.request.urlopen(health, timeout=120) as answer:  # noqa: S310 - loopback
                assert answer.status == 200
        finally:
            server.terminate()
    assert server.returncode == 0
