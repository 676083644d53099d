"""verikit profile finds out what a server is, and the profile that it writes holds the server."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.catalogue import load_catalogue
from conformance.mock.server import Answer, serving
from conformance.probe import Probe
from conformance.requests.exchange import Target
from conformance.run import run
from verikit.cli import main
from verikit.contract import load_contract
from verikit.contract.profile import load_profile
from verikit.errors import NoVerdict

STANDARDS = load_contract().photo_standards


@pytest.mark.live
def test_limits_are_found_to_the_pixel_and_the_byte(good_url: str) -> None:
    found = {name: one.value for name, one in Probe(Target.of(good_url)).limits()}
    assert found == {
        "min_side": STANDARDS.min_side,
        "max_side": STANDARDS.max_side,
        "max_file_bytes": STANDARDS.max_file_bytes,
        "max_body_bytes": STANDARDS.max_body_bytes,
    }


def test_a_server_that_compares_nothing_has_no_profile() -> None:
    def refuses(answer: Answer) -> Answer:
        return Answer(400, {"code": 1200, "message": "invalid argument", "request_id": "1"})

    with serving(reply=refuses) as url, pytest.raises(NoVerdict, match="not compared"):
        Probe(Target.of(url))


@pytest.mark.live
def test_the_profile_holds_the_server_to_itself(
    good_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "found.yaml"
    done = CliRunner().invoke(main, ["profile", good_url, "--output", str(path)])
    assert done.exit_code == 0, done.output
    assert list(tmp_path.iterdir()) == [path]
    text = path.read_text()
    assert "Contradicts the page" not in text
    assert f"maximum: {STANDARDS.max_side}  # {STANDARDS.max_side + 1} px were answered" in text
    profile = load_profile(str(path))
    assert profile.standards.formats == STANDARDS.formats
    assert profile.statuses["INVALID_ARGUMENT"] == 400
    assert profile.binds("body-multipart")
    cases = load_catalogue().select("at-most", "above-most", "format-")
    assert run(Target.of(good_url), cases, profile=profile).exit_code == 0
