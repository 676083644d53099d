"""Every place that must know a documented code knows it; what it does there is tested elsewhere."""

import pytest

from conformance.catalogue import load_catalogue
from conformance.probe import provoking
from loadtests.generator.cases import WRONG_PHOTOS
from loadtests.profile import COMPARISON, load_profile
from reference_server.refusals import Refusal
from reference_server.ui.words import HINTS
from verikit import client
from verikit.client.errors import REFUSALS
from verikit.contract import load_contract
from verikit.contract import profile as server_profile

CONTRACT = load_contract()
STANDARDS = server_profile.load_profile(server_profile.REFERENCE).standards
NUMBERS = {f"code-{entry.code}": name for name, entry in CONTRACT.codes.items()}
PLACES = {
    "a Refusal in reference_server/refusals.py": {kind.code for kind in Refusal.__subclasses__()},
    "advice in HINTS in reference_server/ui/words.py": set(HINTS),
    "an exception in verikit/client/errors.py": set(REFUSALS),
    "its exception in __all__ of verikit/client/__init__.py": {
        name for name, kind in REFUSALS.items() if kind.__name__ in client.__all__
    },
    "a requirement code-N in conformance/requirements.yaml": {
        name for id, name in NUMBERS.items() if id in load_catalogue().requirements
    },
    "a request in provoking() in conformance/probe.py": set(provoking(STANDARDS)),
    "an entry of WRONG_PHOTOS in loadtests/generator/cases.py": set(WRONG_PHOTOS),
    "a share of loadtests/profiles/mixed-errors.yaml": set(load_profile("mixed-errors").mix)
    - {COMPARISON},
}


@pytest.mark.parametrize("place", PLACES)
def test_every_documented_code_has(place: str) -> None:
    assert {name: CONTRACT.codes[name].code for name in CONTRACT.codes.keys() - PLACES[place]} == {}


def test_no_place_knows_another_code() -> None:
    assert {name for names in PLACES.values() for name in names} - CONTRACT.codes.keys() == set()


def test_the_client_exports_every_error() -> None:
    errors = {kind.__name__ for kind in vars(client.errors).values() if _is_error(kind)}
    assert errors - set(client.__all__) == set()


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, client.ClientError)
