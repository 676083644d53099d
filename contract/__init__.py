"""The contract as frozen values, read from openapi.yaml: what server, suite and load tests share.

>>> contract = load_contract()
>>> contract.codes["DETECTION_FAILED"].code
4000
"""

from contract.errors import ContractError
from contract.loader import Contract, load_contract, load_photo_standards
from contract.values import (
    Encryption,
    ErrorRates,
    HttpStatus,
    Parameter,
    PhotoStandards,
    SystemCode,
)

__all__ = [
    "Contract",
    "ContractError",
    "Encryption",
    "ErrorRates",
    "HttpStatus",
    "Parameter",
    "PhotoStandards",
    "SystemCode",
    "load_contract",
    "load_photo_standards",
]
