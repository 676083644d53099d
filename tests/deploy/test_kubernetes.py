"""The Kubernetes manifests: their schemas, and that they fit each other and the server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from reference_server.commands.serve import serve
from reference_server.process.serve import GRACEFUL_SECONDS
from tests.support.needs import missing
from verikit.contract import load_contract

CONTRACT = load_contract()


@pytest.fixture(scope="module")
def manifests(deploy: Path) -> dict[str, Any]:
    folder = deploy / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert {*listed, "kustomization.yaml"} == {path.name for path in folder.iterdir()}
    loaded = (yaml.safe_load((folder / name).read_text()) for name in listed)
    return {manifest["kind"]: manifest for manifest in loaded}


@pytest.fixture(scope="module")
def pod(manifests: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = manifests["Deployment"]["spec"]["template"]["spec"]
    return found


@pytest.fixture(scope="module")
def server(pod: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod["containers"]
    assert isinstance(container, dict)
    return container


@pytest.mark.parametrize("version", ["1.27", "1.37"])
def test_they_keep_the_schemas(manifests: dict[str, Any], version: str) -> None:
    validator = pytest.importorskip(
        "kubernetes_validate", reason=missing("kubernetes-validate", "nox -s deploy")
    )
    for manifest in manifests.values():
        validator.validate(manifest, version, strict=True)


def test_the_pod_has_no_rights(pod: dict[str, Any], server: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["automountServiceAccountToken"] is False
    rights = server["securityContext"]
    assert rights["readOnlyRootFilesystem"]
    assert rights["allowPrivilegeEscalation"] is False
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert set(server["resources"]["limits"]) == {"cpu", "memory"}


def test_the_user_is_the_image_s(pod: dict[str, Any], deploy: Path) -> None:
    user, group = pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]
    assert f"USER {user}:{group}\n" in (deploy / "Dockerfile").read_text()


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_ask_paths_that_the_server_has(
    server: dict[str, Any], has_path: Callable[[str], bool], probe: str
) -> None:
    asked = server[probe]["httpGet"]
    assert has_path(asked["path"])
    assert asked["port"] == "http"


def test_ports_are_the_contract_s(manifests: dict[str, Any], server: dict[str, Any]) -> None:
    assert server["ports"] == [{"name": "http", "containerPort": CONTRACT.port}]
    (offered,) = manifests["Service"]["spec"]["ports"]
    assert (offered["port"], offered["targetPort"]) == (CONTRACT.port, "http")
    (let_in,) = manifests["NetworkPolicy"]["spec"]["ingress"]
    assert [port["port"] for port in let_in["ports"]] == ["http"]


def test_everything_is_about_the_same_pods(manifests: dict[str, Any]) -> None:
    labels = manifests["Deployment"]["spec"]["template"]["metadata"]["labels"]
    specs = {kind: manifest["spec"] for kind, manifest in manifests.items()}
    assert specs["Service"]["selector"] == labels
    assert specs["Deployment"]["selector"]["matchLabels"] == labels
    assert specs["PodDisruptionBudget"]["selector"]["matchLabels"] == labels
    assert specs["NetworkPolicy"]["podSelector"]["matchLabels"] == labels
    target = specs["HorizontalPodAutoscaler"]["scaleTargetRef"]
    assert target["name"] == manifests["Deployment"]["metadata"]["name"]


def test_the_key_is_a_mounted_secret(
    pod: dict[str, Any], server: dict[str, Any], key_files: dict[str, str]
) -> None:
    given = {variable["name"]: variable.get("value") for variable in server["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in server["volumeMounts"]}
    (secret,) = [volume for volume in pod["volumes"] if "secret" in volume]
    for variable in key_files:
        assert str(given[variable]).startswith(mounts[secret["name"]] + "/")
    assert not set(key_files.values()) & set(given)


def test_a_pod_has_a_worker_for_each_core_and_time_to_end(
    pod: dict[str, Any], server: dict[str, Any]
) -> None:
    (workers,) = [v for v in server["env"] if v["name"] == "VERIKIT_SERVE_WORKERS"]
    assert workers["valueFrom"] == {"resourceFieldRef": {"resource": "limits.cpu"}}
    assert "workers" in {parameter.name for parameter in serve.params}
    (_, seconds) = server["lifecycle"]["preStop"]["exec"]["command"]
    assert pod["terminationGracePeriodSeconds"] > GRACEFUL_SECONDS + int(seconds)
