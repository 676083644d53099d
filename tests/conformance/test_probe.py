"""verikit profile finds out what a server is, and the profile that it writes holds the server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.case import Case, ordinary
from conformance.catalogue import Catalogue, load_catalogue
from conformance.commands import profile as profile_command
from conformance.judging.verdicts import Level
from conformance.mock.server import Answer, serving
from conformance.probe import Probe
from conformance.requests.exchange import Target
from conformance.run import run
from verikit.cli import main
from verikit.contract import load_contract
from verikit.contract.profile import MADE, load_profile
from verikit.errors import NoVerdict

STANDARDS = load_contract().photo_standards
LONG = ("!crossed-", "!score-", "!second-", "!megabytes", "!far-above")
"""Cases that show no reading that others do not."""


def readings(catalogue: Catalogue) -> Iterator[Case]:
    """The cases that may show how a server reads what the page leaves open."""
    for case in catalogue.select(*LONG):
        judged = (case.requires[0], *case.readings)
        if any(catalogue.requirements[one].level is not Level.MUST for one in judged):
            yield case


@pytest.mark.parametrize("name", MADE)
def test_a_server_of_any_format_that_is_probed_can_be_checked(name: str, tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text(f"photo_standards: {{formats: [{name}, ICO, TGA]}}")
    assert ordinary(load_profile(str(path)))[1] == name


def test_a_server_that_compares_nothing_has_no_profile() -> None:
    def refuses(answer: Answer) -> Answer:
        return Answer(400, {"code": 1200, "message": "invalid argument", "request_id": "1"})

    with serving(reply=refuses) as url, pytest.raises(NoVerdict, match="not compared"):
        Probe(Target.of(url))


@pytest.mark.live
def test_the_profile_of_a_server_holds_it_to_itself(
    good_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = load_catalogue()
    lighter = replace(catalogue, cases=tuple(readings(catalogue)))
    monkeypatch.setattr(profile_command, "load_catalogue", lambda: lighter)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "found.yaml"
    done = CliRunner().invoke(main, ["profile", good_url, "--output", str(path)])
    assert done.exit_code == 0, done.output
    assert list(tmp_path.iterdir()) == [path]

    text, profile = path.read_text(), load_profile(str(path))
    for limit in ("min_side", "max_side", "max_file_bytes", "max_body_bytes"):
        found = getattr(profile.standards, limit)
        assert found == getattr(STANDARDS, limit), f"{limit} to the pixel and the byte"
    assert "Contradicts the page" not in text
    assert f"maximum: {STANDARDS.max_side}  # {STANDARDS.max_side + 1} px were answered" in text
    assert profile.standards.formats == STANDARDS.formats
    assert profile.statuses["INVALID_ARGUMENT"] == 400
    assert profile.binds("body-multipart")
    cases = load_catalogue().select("at-most", "above-most", "format-", "!far-above")
    assert run(Target.of(good_url), cases, profile=profile).exit_code == 0
