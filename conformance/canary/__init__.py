"""Shows, before a foreign server is judged, that the suite tells good from bad.

Two small servers of the suite's own run in this process: one keeps the contract, the other breaks
it in one place. They know two faces, those of the suite's own portraits, and say nothing about
any real server; the good one must pass every case and the bad one must be caught.
"""

from __future__ import annotations

from conformance.canary.server import serving
from conformance.canary.verifier import Judge, ignoring_second, verify
from conformance.catalogue import load_catalogue
from conformance.errors import CanaryDead
from conformance.exchange import Target
from conformance.profile import REFERENCE, load_profile
from conformance.run import Run, run
from conformance.verdicts import Verdict

_BROKEN = "second-judged"
_GROUPS = ("bodies", "encryption", "faces", "parameters", "scores", "surveys")


def canary() -> str:
    """Check both servers; a sentence about it.

    Raises:
        CanaryDead: the good server failed or the bad one was not caught.
    """
    good, bad = (_checked(judge) for judge in (verify, ignoring_second))
    if good.exit_code != 0:
        named = ", ".join(r.case for r in good.results if r.verdict is Verdict.FAILED)
        raise CanaryDead(f"Canary dead: a server that keeps the contract did not pass ({named}).")
    failed = [r.case for r in bad.results if r.verdict is Verdict.FAILED]
    if not any(_BROKEN in bad.cases[case].requires for case in failed):
        raise CanaryDead("Canary dead: a server that ignores the second photo was not caught.")
    return (
        f"Canary alive: a server that keeps the contract passed {good.count(Verdict.PASSED)} cases,"
        f" one that ignores the second photo failed {len(failed)}."
    )


def _checked(judge: Judge) -> Run:
    with serving(judge) as url:
        cases = [case for case in load_catalogue().cases if case.group in _GROUPS]
        return run(Target.of(url), cases, profile=load_profile(REFERENCE))
