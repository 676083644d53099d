"""Every case as a test::

    pytest -p conformance.plugin --pyargs conformance --server-url http://127.0.0.1:3000 -m MUST

Active only where ``-p`` asks for it, so that no other project meets its options.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue import load_catalogue
from conformance.judging.known_failures import load_waivers
from conformance.judging.verdicts import Level
from conformance.requests.exchange import Target
from conformance.requests.photos.people import own_people
from conformance.runner import Options, Runner
from verikit.contract import load_contract
from verikit.contract.profile import load_profile
from verikit.errors import VerikitError, WrongUse

_SCHEME = load_contract().encryption
_OPTIONS = {
    "--server-url": "the server to check, as in http://127.0.0.1:3000",
    "--server-key": f"its key; by default, the documented one [{_SCHEME.key_variable}]",
    "--server-iv": f"its IV; by default, the documented one [{_SCHEME.iv_variable}]",
    "--server-profile": "what is known of the server: a file, or 'reference'",
    "--server-photos": "photos of your own, a folder for each person",
    "--server-waivers": "known failures: case, reason, until",
    "--server-release": "the release that is scored, by default the newest",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """What ``verikit check`` takes too."""
    group = parser.getgroup("verikit", "checking a face-verification server")
    for name, text in _OPTIONS.items():
        group.addoption(name, help=text)
    group.addoption("--server-fuzz-seed", type=int, default=0, help="repeats an earlier fuzzing")
    group.addoption("--server-fuzz-examples", type=int, default=60, help="depth of the fuzzing")


def pytest_configure(config: pytest.Config) -> None:
    """A marker for each level, as in ``-m MUST``."""
    for level in Level:
        config.addinivalue_line("markers", f"{level}: a case of this level (verikit)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case, called by its id."""
    if "conformance_case" not in metafunc.fixturenames:
        return
    if not metafunc.config.getoption("--server-url"):
        pytest.exit("Give the server to check: --server-url http://127.0.0.1:3000", returncode=4)
    catalogue = load_catalogue(metafunc.config.getoption("--server-release"))
    marked = [
        pytest.param(
            case,
            id=case.id,
            marks=getattr(pytest.mark, catalogue.requirements[case.requires[0]].level),
        )
        for case in catalogue.cases
    ]
    metafunc.parametrize("conformance_case", marked)


@pytest.fixture(scope="session")
def conformance_runner(pytestconfig: pytest.Config) -> Runner:
    """The server under test, found to be there."""
    try:
        return _runner(pytestconfig)
    except WrongUse as error:
        pytest.exit(str(error), returncode=4)
    except VerikitError as error:
        pytest.exit(str(error), returncode=3)


def _runner(config: pytest.Config) -> Runner:
    given = config.getoption
    photos, waivers, release = (
        given(f"--server-{name}") for name in ("photos", "waivers", "release")
    )
    known = {case.id for case in load_catalogue(release).cases}
    options = Options(
        seed=given("--server-fuzz-seed"),
        examples=given("--server-fuzz-examples"),
        release=release,
        people=own_people(Path(photos)) if photos else None,
        waivers=load_waivers(Path(waivers), known) if waivers else (),
    )
    target = Target.of(given("--server-url"), key=given("--server-key"), iv=given("--server-iv"))
    return Runner(target, load_profile(given("--server-profile")), options)
