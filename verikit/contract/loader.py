"""Parses openapi.yaml into frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from operator import getitem
from pathlib import Path
from typing import Any

import yaml

from verikit.contract.plain_yaml import read_own
from verikit.contract.values import (
    Encryption,
    ErrorRates,
    HttpStatus,
    Parameter,
    PhotoStandards,
    SystemCode,
)
from verikit.errors import ContractError, in_words

_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The contents of openapi.yaml.

    ``document`` is the parsed file, for tools that read OpenAPI; :meth:`schema` gives its schemas.
    """

    source: Path
    version: str
    path: str
    method: str
    port: int
    media_types: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    statuses: Mapping[int, HttpStatus]
    success_code: int
    codes: Mapping[str, SystemCode]
    check_order: tuple[str, ...]
    error_rates: ErrorRates
    encryption: Encryption
    photo_standards: PhotoStandards
    document: Mapping[str, Any]

    def schema(self, name: str) -> dict[str, Any]:
        """A response schema by name, self-contained: without references."""
        resolved: dict[str, Any] = self._resolved({"$ref": f"#/components/schemas/{name}"})
        return resolved

    def _resolved(self, part: Any) -> Any:
        """The same with what its references within the document refer to in their place."""
        if isinstance(part, Mapping):
            if "$ref" in part:
                names = part["$ref"].removeprefix("#/").split("/")
                return self._resolved(reduce(getitem, names, self.document))
            return {name: self._resolved(value) for name, value in part.items()}
        return [self._resolved(value) for value in part] if isinstance(part, list) else part


def contract_path() -> Path:
    """Where openapi.yaml is: inside the installed package, else at the top of the checkout."""
    packaged = _HERE / "openapi.yaml"
    return packaged if packaged.exists() else _HERE.parents[1] / "openapi.yaml"


@cache
def load_contract(source: Path | None = None) -> Contract:
    """The contract of this release, or of another file.

    Raises:
        ContractError: the file cannot be read or is incomplete.
    """
    path = source or contract_path()
    try:
        return _read(path, read_own(path))
    except (OSError, yaml.YAMLError) as error:
        raise ContractError(f"{path} cannot be read: {in_words(error)}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(f"{path} is not a complete contract: {error!r}") from error


def _read(source: Path, document: Mapping[str, Any]) -> Contract:
    ((path, item),) = document["paths"].items()
    ((method, operation),) = item.items()
    schemas = document["components"]["schemas"]
    result = schemas["VerificationResult"]["properties"]
    system_codes = schemas["SystemCode"]
    return Contract(
        source=source,
        version=document["info"]["version"],
        path=path,
        method=method.upper(),
        port=int(document["servers"][0]["variables"]["port"]["default"]),
        media_types=tuple(operation["requestBody"]["content"]),
        parameters=_parameters(schemas["VerificationRequest"], schemas),
        statuses=_statuses(operation["responses"]),
        success_code=result["code"]["const"],
        codes=_codes(system_codes["oneOf"]),
        check_order=tuple(system_codes["x-check-order"]["names"]),
        error_rates=_error_rates(result["verification_score"]["x-error-rates"]),
        encryption=_encryption(schemas["EncryptedPhoto"]["x-encryption"]),
        photo_standards=PhotoStandards.from_mapping(document["x-photo-standards"]),
        document=document,
    )


def _parameters(form: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Parameter]:
    parameters = {}
    for name, entry in form["properties"].items():
        referenced = schemas[entry["$ref"].rpartition("/")[2]] if "$ref" in entry else entry
        parameters[name] = Parameter(
            name=name,
            type=referenced["type"],
            required=name in form["required"],
            default=entry.get("default"),
            heading=entry["x-heading"],
        )
    return parameters


def _statuses(responses: Mapping[str, Any]) -> dict[int, HttpStatus]:
    return {
        int(status): HttpStatus(status=int(status), reason=entry.get("x-reason"))
        for status, entry in responses.items()
    }


def _codes(entries: list[Mapping[str, Any]]) -> dict[str, SystemCode]:
    return {
        entry["x-name"]: SystemCode(
            name=entry["x-name"],
            code=entry["const"],
            message=entry["title"],
            description=entry["description"],
            status=entry["x-status"],
        )
        for entry in entries
    }


def _error_rates(entry: Mapping[str, Any]) -> ErrorRates:
    rows = tuple((row["threshold"], row["error_rate"]) for row in entry["rows"])
    return ErrorRates(rows=rows, recommended_above=entry["recommended_above"])


def _encryption(entry: Mapping[str, Any]) -> Encryption:
    return Encryption(
        cipher=entry["cipher"],
        tag_bytes=entry["tag_bytes"],
        key_characters=entry["key"]["characters"],
        key_variable=entry["key"]["environment"],
        default_key=entry["key"]["default"],
        iv_characters=entry["iv"]["characters"],
        iv_variable=entry["iv"]["environment"],
        default_iv=entry["iv"]["default"],
    )
