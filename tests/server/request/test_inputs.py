import pytest

from reference_server.refusals import PHOTOS, InvalidArgument
from reference_server.request.form import read_inputs
from verikit.contract import load_contract

GIVEN = [(PHOTOS[0], b"one"), (PHOTOS[1], b"two")]
SWITCHES = [name for name, entry in load_contract().parameters.items() if entry.type == "boolean"]


def test_switches_default_to_the_contracts_values() -> None:
    inputs = read_inputs(GIVEN)
    assert inputs.photos == (b"one", b"two")
    assert inputs.switches == dict.fromkeys(SWITCHES, False)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"true", True),
        (b"TRUE", True),
        (b"1", True),
        (b"False", False),
        (b"fAlSe", False),
        (b"0", False),
    ],
)
def test_switch_is_read_in_any_case_and_as_a_digit(name: str, text: bytes, value: bool) -> None:
    assert read_inputs([*GIVEN, (name, text)]).switches[name] is value


@pytest.mark.parametrize("name", SWITCHES)
def test_empty_switch_means_the_contracts_value(name: str) -> None:
    assert read_inputs([*GIVEN, (name, b"")]) == read_inputs(GIVEN)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize(
    "text", [b" ", b"2", b"10", b"-1", b"yes", b" true", b"true ", b"\xff", b"\xb9", b"null"]
)
def test_any_other_switch_is_refused_by_name(name: str, text: bytes) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_inputs([*GIVEN, (name, text)])
    assert refused.value.message == f"invalid argument: {name} must be true or false"


@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize("empty", [True, False])
def test_missing_or_empty_photo_is_refused_by_name(missing: int, empty: bool) -> None:
    fields = [(PHOTOS[missing], b"")] if empty else []
    with pytest.raises(InvalidArgument) as refused:
        read_inputs([GIVEN[1 - missing], *fields])
    assert refused.value.message == f"invalid argument: {PHOTOS[missing]} is missing"


@pytest.mark.parametrize("name", [*PHOTOS, *SWITCHES])
def test_repeated_parameter_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read_inputs([*GIVEN, (name, b"true"), (name, b"true")])
    assert refused.value.message == f"invalid argument: {name} is given more than once"


def test_unknown_fields_are_ignored_however_often() -> None:
    assert read_inputs([("other", b"1"), ("other", b"2"), *GIVEN]) == read_inputs(GIVEN)
