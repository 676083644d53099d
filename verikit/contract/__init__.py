"""The contract as frozen values, parsed from openapi.yaml.

>>> contract = load_contract()
>>> contract.codes["DETECTION_FAILED"].code
4000
"""

from verikit.contract.loader import Contract, load_contract
from verikit.contract.values import (
    Encryption,
    ErrorRates,
    HttpStatus,
    Parameter,
    PhotoStandards,
    SystemCode,
)
from verikit.errors import ContractError

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
]
