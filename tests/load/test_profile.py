from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loadtests.cli import adjusted, load, profile_of_server
from loadtests.profile import FOLDER, Profile, load_profile, profile_from, profile_names
from verikit.errors import WrongUse

NAMES = profile_names()
STAGES = "stages: [{users: 1, seconds: 1}]\n"
UNCHANGED: dict[str, Any] = {
    "users": None, "rate": None, "duration": None, "warm_up": None, "timeout": None, "gate": (),
}  # fmt: skip


def change(name: str, **options: Any) -> Profile:
    return adjusted(load_profile(name), {**UNCHANGED, **options})


def test_every_file_in_the_folder_is_a_profile() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.yaml" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_loads_has_gates_and_travels_to_a_worker(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert "error_share" in profile.gates
    assert profile_from(profile.plain()) == profile


def test_the_list_names_every_profile() -> None:
    listed = CliRunner().invoke(load, ["--list"])
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.output.splitlines()] == NAMES
    told = json.loads(CliRunner().invoke(load, ["--list", "--json"]).output)
    assert [profile["name"] for profile in told] == NAMES


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "contains no options"),
        ("- 1", "contains no options"),
        ("stages: [{users: 1, seconds: 1}]", "a profile needs `about`"),
        ("about: x", "it needs `stages` or a `search`"),
        ("{about: x, stages: [{seconds: 1}]}", "either `rate` or `users`"),
        ("{about: x, stages: [{seconds: 1, rate: 1, users: 1}]}", "either `rate` or `users`"),
        ("{about: x, stages: [{seconds: 0, rate: 1}]}", "above 0"),
        ("{about: x, stages: [{seconds: 1, rate: fast}]}", "is invalid"),
        ("{about: x, stages: [{seconds: 1, rate: 1}, {seconds: 1, users: 1}]}", "all `rate`"),
        ("{about: x, stages: [{seconds: 1, rate: 1}], speed: 9}", "`speed` is not an option"),
        ("{about: x, stages: [{seconds: 1, rate: 1}], mix: {HUNGER: 1}}", "HUNGER is not one of"),
        ("{about: x, stages: [{seconds: 1, rate: 1}], gates: {p42: 1}}", "p42 is not one of"),
        ("{about: x, stages: [{seconds: 1, rate: 1}], gates: {p95_ms: low}}", "must be a number"),
        ("{about: x, stages: [{seconds: 1, rate: 1}], photos: [9999]}", "photos are sides"),
        ("{about: x, stages: [{seconds: 1, rate: 1}], server: {}}", "name it by --profile"),
        ("{about: x, search: {growth: 0.5}}", "growth above 1"),
        ("{about: x, search: {seconds: 0}}", "seconds above 0 and at least one burst user"),
        ("{about: x, search: {burst_users: 0}}", "seconds above 0 and at least one burst user"),
        ("{about: x, in_flight: 0, stages: [{seconds: 1, rate: 1}]}", "must be above 0"),
        ("{about: x, timeout: 0, stages: [{seconds: 1, rate: 1}]}", "must be above 0"),
        ("{about: x, warm_up: -1, stages: [{seconds: 1, rate: 1}]}", "cannot be negative"),
        ("{about: x, slow_clients: -1, stages: [{seconds: 1, rate: 1}]}", "cannot be negative"),
        ("{about: x, stages: [{seconds: 1, rate: 1}], arrivals: random}", "constant or poisson"),
        ("{about: x, stages: [{seconds: 1, rate: 1}], seed: x}", "the seed is an integer"),
        ("[", "mine.yaml is not a load profile"),
        ("#" * (2**20 + 1), "mine.yaml is not a load profile: it is larger than 1 MiB"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(WrongUse, match=match):
        load_profile(str(path))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(WrongUse, match="no profile sprint: use one of baseline, big-photos"):
        load_profile("sprint")


def test_rate_scales_every_stage_in_proportion() -> None:
    before, after = load_profile("spike"), change("spike", rate=10)
    assert [s.level / after.stages[0].level for s in after.stages] == [
        s.level / before.stages[0].level for s in before.stages
    ]
    assert after.stages[0].level == 10


def test_duration_is_measured_time_and_warm_up_is_beside_it() -> None:
    profile = change("spike", duration=7, warm_up=3)
    assert profile.seconds == pytest.approx(7)
    assert profile.warm_up == 3


def test_users_are_users_or_connections() -> None:
    assert change("smoke", users=5).stages[0].users == 5
    assert change("baseline", users=5).in_flight == 5


def test_a_search_lasts_as_long_as_asked_at_each_rate() -> None:
    profile = change("stress", duration=7, users=5)
    assert profile.search
    assert (profile.search.seconds, profile.in_flight) == (7, 5)


def test_the_timeout_may_be_another() -> None:
    assert change("smoke", timeout=2.5).timeout == 2.5
    with pytest.raises(WrongUse, match="must be above 0"):
        change("smoke", timeout=0)


def test_a_gate_on_the_command_line_wins() -> None:
    gates = change("baseline", gate=("p95_ms=1", "min_rate=2.5")).gates
    assert (gates["p95_ms"], gates["min_rate"], gates["error_share"]) == (1, 2.5, 0)


@pytest.mark.parametrize("setting", ["p95_ms", "p95_ms=fast", "speed=1"])
def test_a_gate_that_makes_no_sense_is_refused(setting: str) -> None:
    with pytest.raises(WrongUse):
        change("baseline", gate=(setting,))


def test_a_closed_profile_has_no_rate() -> None:
    with pytest.raises(WrongUse, match="use --users"):
        change("smoke", rate=3)


def test_profile_is_the_word_for_a_server_and_the_load_has_its_own() -> None:
    with pytest.raises(WrongUse, match="smoke is a load profile: name it by --load-profile"):
        profile_of_server("smoke")


@pytest.mark.parametrize(
    ("standards", "match"),
    [
        ({"side_px": {"maximum": 200}}, "sides of 32 to 200 pixels"),
        ({"side_px": {"minimum": 300}}, "sides of 300 to 4096 pixels"),
        ({"formats": ["PNG"]}, "send JPEG photos"),
        ({"side": {}}, "has no 'side'"),
    ],
)
def test_photos_keep_to_the_profile_of_the_server(standards: dict[str, Any], match: str) -> None:
    with pytest.raises(WrongUse, match=match):
        load_profile("smoke", {"photo_standards": standards})


@pytest.mark.parametrize("text", ["mix: null", "gates: 3", "photos: 3", "stages: 3", "search: [x]"])
def test_a_profile_of_other_kinds_of_values_is_wrong_use(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(f"about: x\n{text}\n" + ("" if "stages" in text else STAGES))
    with pytest.raises(WrongUse):
        load_profile(str(path))
