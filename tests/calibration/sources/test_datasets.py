import csv
import dataclasses
import json

import pytest
from click.testing import CliRunner

from calibration.sources import datasets
from verikit.cli import main
from verikit.errors import WrongUse


@pytest.mark.parametrize("name", datasets.names())
def test_every_descriptor_is_complete(name):
    dataset = datasets.load(name)
    assert dataset.licence
    assert dataset.source
    if dataset.label_errors:
        with dataset.label_errors.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
            assert all(row["photo"] and row["reason"] for row in rows)
            photos = [row["photo"] for row in rows]
            assert photos == sorted(set(photos))


def test_datasets_is_no_package():
    assert not (datasets.datasets_path() / "__init__.py").exists()
    assert {"lfw", "sample"} <= set(datasets.names())


def test_label_errors_move_photos_merge_people_and_leave_out(tmp_path):
    table = tmp_path / "label-errors.csv"
    table.write_text("photo,actual,reason\nA/1.jpg,B,x\nC/,B,x\nD/2.jpg,,x\n")
    people = {f"{p}/{n}.jpg": p for p in "ABCD" for n in (1, 2)}
    assert datasets.corrected(people, table) == {
        "A/1.jpg": "B", "A/2.jpg": "A", "B/1.jpg": "B", "B/2.jpg": "B",
        "C/1.jpg": "B", "C/2.jpg": "B", "D/1.jpg": "D",
    }  # fmt: skip


def test_check_counts_what_is_there(tmp_path):
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "A_0001.jpg").write_bytes(b"x")
    differences = datasets.check(datasets.load("lfw"), tmp_path)
    assert differences == ["1 people instead of 5749", "1 photos instead of 13233"]
    assert datasets.check(datasets.load("sample"), None) == []


def test_what_is_not_on_disk_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    with pytest.raises(WrongUse, match="verikit datasets fetch lfw"):
        datasets.open_dataset(datasets.load("lfw"), None, keep_label_errors=False)


@pytest.mark.parametrize("own", [None, "~/own"])
def test_lfw_is_looked_for_where_scikit_learn_keeps_it(own, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SCIKIT_LEARN_DATA", raising=False)
    if own:
        monkeypatch.setenv("SCIKIT_LEARN_DATA", own)
    with pytest.raises(WrongUse) as refused:
        datasets.open_dataset(datasets.load("lfw"), None, keep_label_errors=False)
    assert list(tmp_path.iterdir()) == []
    from sklearn.datasets import get_data_home  # noqa: PLC0415 - slow to import

    assert f" is not at {get_data_home()}/lfw_home/lfw_funneled: " in str(refused.value)


def test_an_empty_data_set_is_called_by_its_place(tmp_path, monkeypatch):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    place = tmp_path / "lfw_home/lfw_funneled"
    place.mkdir(parents=True)
    with pytest.raises(WrongUse, match=f"{place} contains no photos"):
        datasets.open_dataset(datasets.load("lfw"), None, keep_label_errors=True)


def test_fetching_the_sample_is_nothing_to_do():
    assert datasets.fetch(datasets.load("sample")) is None


def test_unknown_names_are_refused():
    with pytest.raises(WrongUse, match=f"choose one of {', '.join(datasets.names())}"):
        datasets.load("nowhere")


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["fetch", "sample"], 0, {"name": "sample", "place": None}),
        (["check", "sample"], 0, {"name": "sample", "differences": []}),
        (
            ["check", "lfw", "--photos", "."],
            1,
            {
                "name": "lfw",
                "differences": ["1 people instead of 5749", "1 photos instead of 13233"],
            },
        ),
    ],
)
def test_the_command_tells_programs_what_it_tells_people(
    tmp_path, monkeypatch, words, code, expected
):
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "A_0001.jpg").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main, ["datasets", *words, "--json"])
    assert (told.exit_code, json.loads(told.stdout)) == (code, expected)
    assert CliRunner().invoke(main, ["datasets", *words]).exit_code == code


@pytest.mark.parametrize("action", ["fetch", "check"])
def test_an_unknown_name_is_wrong_use(action):
    refused = CliRunner().invoke(main, ["datasets", action, "nowhere"])
    assert refused.exit_code == 2
    assert f"choose one of {', '.join(datasets.names())}" in refused.output


def test_a_data_set_that_is_fetched_by_hand_is_looked_for_nowhere_else(tmp_path):
    mine = dataclasses.replace(datasets.load("lfw"), name="mine", title="Mine", get="by hand")
    with pytest.raises(WrongUse, match="Mine is fetched by hand: name its folder with --photos"):
        datasets.check(mine, None)
