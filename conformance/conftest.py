"""Every case as a test against the server that the options name; see :mod:`conformance.plugin`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from conformance.case import Case, Surroundings, Talk
from conformance.catalogue import load_catalogue
from conformance.exchange import Target
from conformance.outcome import Outcome
from conformance.photos.people import own_people
from conformance.play import play
from conformance.preflight import preflight
from conformance.profile import load_profile
from conformance.run import Options, surroundings
from conformance.verdicts import Result
from conformance.waivers import Waiver, excused, load_waivers
from verikit.errors import VerikitError, WrongUse


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case, called by its id."""
    if "case" not in metafunc.fixturenames:
        return
    if not metafunc.config.getoption("--server-url"):
        pytest.exit("Say which server to check: --server-url http://127.0.0.1:3000", returncode=4)
    catalogue = load_catalogue(metafunc.config.getoption("--server-release"))
    marked = [
        pytest.param(
            case,
            id=case.id,
            marks=getattr(pytest.mark, catalogue.requirements[case.requires[0]].level),
        )
        for case in catalogue.cases
    ]
    metafunc.parametrize("case", marked)


class Checker:
    """Plays one case after the other against one server."""

    def __init__(self, around: Surroundings, waivers: tuple[Waiver, ...]) -> None:
        self.around = around
        self._first: Outcome = preflight(around)
        self._waivers = waivers
        self._gone = Event()

    def play(self, case: Case) -> Result:
        """The verdict on a case, known failures excused."""
        talk = Talk(case=case, around=self.around, ordinary_outcome=self._first)
        result = play(talk, self._gone, 1)
        deviations = self.around.profile.deviations
        return excused(result, self._waivers, deviations, datetime.now(UTC).date())


@pytest.fixture(scope="session")
def checker(pytestconfig: pytest.Config) -> Checker:
    """The server under test, found to be there."""
    try:
        return _checker(pytestconfig)
    except WrongUse as error:
        pytest.exit(str(error), returncode=4)
    except VerikitError as error:
        pytest.exit(str(error), returncode=3)


def _checker(config: pytest.Config) -> Checker:
    given = config.getoption
    target = Target.of(given("--server-url"), key=given("--key"), iv=given("--iv"))
    photos, waivers = given("--server-photos"), given("--server-waivers")
    options = Options(
        seed=given("--fuzz-seed"),
        examples=given("--fuzz-examples"),
        release=given("--server-release"),
        people=own_people(Path(photos)) if photos else None,
    )
    around = surroundings(target, load_profile(given("--server-profile")), options)
    known = {case.id for case in load_catalogue(options.release).cases}
    return Checker(around, load_waivers(Path(waivers), known) if waivers else ())
