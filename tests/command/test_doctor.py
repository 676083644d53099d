import json
import signal
import socket
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from tests.support.hostile_server import ATTACKS, hostile, whole
from tests.support.peer import answering
from tests.support.ports import free_port
from verikit.commands.doctor import cli, data, engine, installation, machine
from verikit.commands.doctor.finding import Finding, State
from verikit.commands.doctor.secrets import secrets
from verikit.contract import load_contract

SECRETS = load_contract().encryption
Call = Callable[..., Result]


@pytest.mark.live
def test_this_machine_is_well(call: Call) -> None:
    """The real thing: libraries, weights, a comparison, for people and for programs."""
    told = call("doctor", "--port", str(free_port()), "--json")
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    states = {finding["check"]: finding["state"] for finding in report["findings"]}
    assert report["good"]
    wanted = ["python", "client", "server", "port", "weights", "engine", "data sample"]
    assert [states[check] for check in wanted] == ["ok"] * len(wanted)
    assert states["key"] == "note"


def test_what_is_wrong_is_named_with_what_to_do(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = [
        Finding(check="port", found="3000 [free]"),
        Finding(check="key", state=State.WRONG, found="short", advice="set another"),
    ]
    monkeypatch.setattr(cli, "look", lambda port: findings)
    told = call("doctor")
    assert told.exit_code == 1
    assert "3000 [free]" in told.stdout
    assert "-> set another" in told.stdout
    assert told.stdout.strip().endswith("Problems: key.")
    report = json.loads(call("doctor", "--json").stdout)
    assert (report["good"], report["findings"][1]["state"]) == (False, "wrong")


@pytest.mark.parametrize(
    ("key", "state", "found"),
    [
        (None, "note", "the documented default"),
        ("k" * SECRETS.key_characters, "ok", "your own"),
        (
            "short",
            "wrong",
            f"{SECRETS.key_variable} must be 32 ASCII characters, but has 5 bytes",
        ),
    ],
)
def test_the_key_is_judged_and_never_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, key: str | None, state: str, found: str
) -> None:
    if key:
        monkeypatch.setenv(SECRETS.key_variable, key)
    judged, iv = secrets({})
    assert (judged.state, iv.state) == (state, "ok")
    assert judged.found.startswith(found)
    assert (key or SECRETS.default_key) not in str([judged, iv])


def test_a_port_that_is_taken_is_wrong_unless_by_our_server(
    fake_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, monkeypatch.context() as impatient:
        impatient.setattr(machine, "SECONDS", 0.1)
        taken = machine.port(listener.getsockname()[1])
    assert (taken.state, "in use" in taken.found) == (State.WRONG, True)
    assert (
        machine.port(fake_server.port).found
        == f"the reference server is ready on {fake_server.port}"
    )
    assert machine.port(free_port()).state is State.OK


@pytest.fixture
def requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra with one library that is there, one that is too old and one that is missing."""
    asked = ["click", "rich>=9999; extra == 'old'", "no-such-library; extra == 'new'"]
    asked.append("click; extra == 'new'")
    monkeypatch.setattr(metadata, "requires", lambda name: asked)


@pytest.mark.usefixtures("requirements")
@pytest.mark.parametrize(
    ("extra", "state", "found"),
    [
        ("old", "wrong", "but >=9999 is needed"),
        ("new", "note", "lacks no-such-library"),
        ("other", "ok", "installed"),
    ],
)
def test_an_extra_is_whole_absent_or_too_old(extra: str, state: str, found: str) -> None:
    finding = installation.judged(extra)
    assert finding.state == state
    assert finding.found.endswith(found)


@pytest.mark.parametrize(("version", "state"), [("3.11.0", "ok"), ("3.10.14", "wrong")])
def test_an_old_python_is_wrong(monkeypatch: pytest.MonkeyPatch, version: str, state: str) -> None:
    monkeypatch.setattr("platform.python_version", lambda: version)
    finding = installation.python()
    assert (finding.state, finding.found.startswith(version)) == (state, True)


@pytest.mark.parametrize(
    ("whole", "differences", "found", "state"),
    [
        (False, [], "not checked without calibration", "note"),
        (True, ["2 photos are missing", "1 differs"], "2 photos are missing; 1 differs", "wrong"),
        (True, [], "whole", "ok"),
    ],
)
def test_data_sets_are_whole_or_what_is_wrong_is_told(
    monkeypatch: pytest.MonkeyPatch, whole: bool, differences: list[str], found: str, state: str
) -> None:
    monkeypatch.setattr(data, "is_whole", lambda extra: whole)
    monkeypatch.setattr("calibration.sources.datasets.names", lambda: ["sample"])
    monkeypatch.setattr("calibration.sources.datasets.check", lambda *_: differences)
    (finding,) = data.data()
    assert (finding.found, finding.state) == (found, state)


def test_without_the_server_s_libraries_the_engine_is_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "is_whole", lambda extra: False)
    (finding,) = engine.engine()
    assert finding.state is State.NOTE


@pytest.mark.parametrize(
    ("ended", "found"),
    [
        (SimpleNamespace(returncode=-signal.SIGILL, stdout="", stderr=""), "Illegal instruction"),
        (SimpleNamespace(returncode=1, stdout="", stderr="Trace\nError: x\n"), "Error: x"),
    ],
)
def test_an_engine_that_dies_takes_nobody_along(
    monkeypatch: pytest.MonkeyPatch, ended: Any, found: str
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)
    (finding,) = engine.engine()
    assert finding.state is State.WRONG
    assert found in finding.found
    assert finding.advice


def test_an_engine_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.01)
    (finding,) = engine.engine()
    assert finding.found == "no comparison within 0.01 s"


@pytest.mark.parametrize(
    ("maximum", "quota", "states"),
    [("max", "max 100000", ["ok", "ok"]), (str(2**20), "50000 100000", ["note", "ok"])],
)
def test_a_container_s_limits_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maximum: str, quota: str, states: list[str]
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:   16777216 kB\n")
    for name, text in {"memory.max": maximum, "memory.current": "0", "cpu.max": quota}.items():
        (tmp_path / name).write_text(text + "\n")
    (tmp_path / "own").write_text("0::/\n")
    monkeypatch.setattr("verikit.machine.MEMORY_FILE", meminfo)
    monkeypatch.setattr("verikit.machine.OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr("verikit.machine.CONTROL_GROUPS", tmp_path)
    assert [machine.memory().state, machine.processors().state] == states


def test_a_folder_that_cannot_be_written_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.os, "access", lambda *_: False)
    assert machine.folder().state is State.WRONG


@pytest.mark.parametrize("attack", ATTACKS)
def test_whatever_listens_on_the_port_is_another(
    attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "SECONDS", 0.2)
    with hostile(attack) as peer:
        found = machine.port(peer.port)
    assert found.state is State.WRONG
    assert f"{found.found} {found.advice}".isprintable()


def test_the_reference_server_on_the_port_is_known_by_its_name() -> None:
    healthy = whole(b'{"status": "alive"}', extra="Server: verikit\r\n")
    with answering(lambda connection: connection.sendall(healthy)) as peer:
        assert machine.port(peer.port).state is State.OK
    with answering(lambda connection: connection.sendall(whole(b"{}"))) as peer:
        assert machine.port(peer.port).state is State.WRONG
