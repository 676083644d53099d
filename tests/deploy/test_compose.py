"""The compose file: its schema, and that what it says fits the command and the contract."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from loadtests.cli import load
from reference_server.commands.serve import serve
from reference_server.process.serve import GRACEFUL_SECONDS
from verikit.contract import load_contract

CONTRACT = load_contract()
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
OURS = ["server", "replica", "load-master", "load-worker"]


@pytest.fixture(scope="module")
def compose(deploy: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((deploy / "compose.yaml").read_text())
    return content


def parsed(command: click.Command, words: list[str]) -> dict[str, Any]:
    """The options of a command line, each variable with its default."""
    name, *options = [DEFAULT.sub(r"\1", word) for word in words]
    assert name == command.name
    return command.make_context(name, options).params


def test_it_keeps_the_schema(deploy: Path, lint: Callable[..., str]) -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    assert lint("check-jsonschema", *schema, deploy / "compose.yaml") == ""


@pytest.mark.parametrize("name", [*OURS, "front"])
def test_every_service_is_locked_down(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


@pytest.mark.parametrize("name", OURS)
def test_key_and_iv_come_from_files(
    compose: dict[str, Any], name: str, key_files: dict[str, str]
) -> None:
    service = compose["services"][name]
    given = service["environment"]
    assert [given[variable] for variable in key_files] == ["/run/secrets/key", "/run/secrets/iv"]
    assert set(service["secrets"]) == set(compose["secrets"]) == {"key", "iv"}
    assert not set(key_files.values()) & set(given)


def test_the_server_is_open_to_this_machine_only(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["server"]["ports"] == [f"127.0.0.1:{CONTRACT.port}:{CONTRACT.port}"]
    assert "ports" not in services["replica"]
    assert compose["networks"]["inside"]["internal"]
    assert services["replica"]["networks"] == ["inside"]


@pytest.mark.parametrize("name", ["server", "replica"])
def test_a_server_has_a_worker_for_each_core_and_time_to_end(
    compose: dict[str, Any], name: str
) -> None:
    service = compose["services"][name]
    cores = service["deploy"]["resources"]["limits"]["cpus"]
    assert service["environment"]["VERIKIT_SERVE_WORKERS"] == cores
    assert "workers" in {parameter.name for parameter in serve.params}
    assert int(service["stop_grace_period"].removesuffix("s")) > GRACEFUL_SECONDS


def test_master_and_workers_find_each_other(compose: dict[str, Any]) -> None:
    services = compose["services"]
    master = parsed(load, services["load-master"]["command"])
    worker = parsed(load, services["load-worker"]["command"])
    assert master["url"] == worker["url"] == f"http://server:{CONTRACT.port}"
    assert master["master"]
    assert worker["worker"]
    assert worker["master_host"] == "load-master"
    assert str(master["expect_workers"]) == DEFAULT.sub(
        r"\1", services["load-worker"]["deploy"]["replicas"]
    )


def test_the_front_reads_the_files_that_are_there(compose: dict[str, Any], deploy: Path) -> None:
    mounted = [volume.split(":")[0] for volume in compose["services"]["front"]["volumes"]]
    there = {place for place in mounted if (deploy / place).exists()}
    assert there == set(mounted) - {"./secrets/front"}
    assert f"server replica:{CONTRACT.port} " in (deploy / "nginx-replicas.conf").read_text()
