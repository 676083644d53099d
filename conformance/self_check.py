"""Tests the suite on this machine with a good and a bad mock server.

It checks the mock without a fault, and with the fault that ignores the second photo.
"""

from __future__ import annotations

from conformance.catalogue import load_catalogue
from conformance.errors import SelfCheckFailed
from conformance.judging.verdicts import Verdict
from conformance.mock.faults import FAULTS
from conformance.mock.server import serving
from conformance.mock.verifier import verify
from conformance.requests.exchange import Target
from conformance.run import Run, run
from verikit.contract.profile import REFERENCE, load_profile
from verikit.plural import counted

_GROUPS = ("bodies", "encryption", "faces", "parameters", "scores", "invariants")


def self_check() -> str:
    """Check the mock without and with a fault; the result in a sentence.

    Raises:
        SelfCheckFailed: the good server failed or the bad one was not detected.
    """
    return describe(_checked(), _checked("second-photo-ignored"))


def describe(good: Run, bad: Run) -> str:
    """The result of the two runs in a sentence.

    Raises:
        SelfCheckFailed: the good server failed or the bad one was not detected.
    """
    if good.exit_code != 0:
        named = ", ".join(r.case for r in good.results if r.verdict is Verdict.FAILED)
        raise SelfCheckFailed(
            f"Self-check failed: a server that keeps the contract did not pass ({named})."
        )
    failed = [r.case for r in bad.results if r.verdict is Verdict.FAILED]
    if not any("second-judged" in bad.cases[case].requires for case in failed):
        raise SelfCheckFailed(
            "Self-check failed: a server that ignores the second photo was not detected."
        )
    return (
        f"Self-check passed: a server that keeps the contract passed "
        f"{counted(good.count(Verdict.PASSED), 'case')}, one that ignores the second photo failed "
        f"{len(failed)}."
    )


def _checked(fault: str | None = None) -> Run:
    judge = FAULTS[fault].judge if fault else verify
    with serving(judge) as url:
        cases = [case for case in load_catalogue().cases if case.group in _GROUPS]
        return run(Target.of(url), cases, profile=load_profile(REFERENCE))
