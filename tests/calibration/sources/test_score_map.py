import json

import pytest

from calibration.sources.score_map import thresholds_of_map, thresholds_of_text
from verikit.contract import load_contract
from verikit.errors import WrongUse

RATES = load_contract().error_rates


@pytest.mark.parametrize(
    "text", ["nan,nan,nan,nan,nan,nan", "0,0.1,0.2,0.3,0.4,nan", "0,0.1,0.2,0.3,0.4,inf"]
)
def test_similarities_are_finite_numbers(text):
    with pytest.raises(WrongUse, match="rising numbers"):
        thresholds_of_text(text, RATES)


@pytest.mark.parametrize(
    "knots",
    [
        [[-1, 0], [float("nan"), -3], [1, -7]],
        [[-1, 0], [0, float("nan")], [1, -7]],
        [[-1, 0], [0, -3], [float("inf"), -7]],
    ],
)
def test_knots_are_finite_numbers(tmp_path, knots):
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"knots": knots}))
    with pytest.raises(WrongUse, match="finite"):
        thresholds_of_map(path, RATES)


def test_a_knot_beyond_all_floating_point_numbers_is_refused(tmp_path):
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"knots": [[0, 0], [10**400, -10]]}))
    with pytest.raises(WrongUse, match="is not a score map"):
        thresholds_of_map(path, RATES)


def test_thresholds_lie_where_the_map_promises_the_rates(tmp_path):
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"knots": [[0, 0], [1, -10]]}))
    found = thresholds_of_map(path, RATES)
    assert found == pytest.approx((0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
    assert thresholds_of_text(",".join(map(str, found)), RATES) == pytest.approx(found)
