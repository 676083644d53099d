"""A documented code is known wherever the suite has to know it; a new one fails until it is."""

import pytest

from conformance.cases.table import OneRequest, resolved
from conformance.catalogue import load_catalogue
from conformance.judging.oracle import right
from conformance.judging.outcome import outcome
from conformance.probe import provoking
from conformance.requests.exchange import Target, exchange
from conformance.requests.recipe import Request, build, fitted
from verikit.contract import load_contract
from verikit.contract.profile import REFERENCE, load_profile

PROFILE = load_profile(REFERENCE)


def requests_for(code: str) -> list[Request]:
    """Those of the tables that have to be refused with the code, and with no other."""
    plays = [case.play for case in load_catalogue().cases]
    rows = [play for play in plays if isinstance(play, OneRequest) and play.expect == (code,)]
    sends = [resolved(row.send, PROFILE.standards) for row in rows if not row.without]
    return [fitted(build(Request, send), 400, "JPEG") for send in sends]


@pytest.mark.parametrize("code", load_contract().codes)
def test_cases_oracle_mock_and_probe_know_every_documented_code(code: str, good_url: str) -> None:
    requests = requests_for(code)
    assert requests, f"no row of a table expects {code} alone"
    found = [right(request, PROFILE, lambda reading: False) for request in requests]
    assert any(one and code in one.outcomes and "accepted" not in one.outcomes for one in found), (
        f"the oracle never demands {code}"
    )
    answers = (exchange(Target.of(good_url), "codes", request).answer for request in requests)
    assert any(outcome(answer) == code for answer in answers), f"the mock never says {code}"
    assert code in provoking(PROFILE.standards), f"verikit profile does not provoke {code}"
