import json

import pytest

from calibration.asking.answers import Answer
from calibration.asking.journal import Journal
from verikit.errors import WrongUse

HEAD = {"url": "http://127.0.0.1:1", "seed": 1}


def answer(place: int | None, **outcome: object) -> Answer:
    return Answer(place=place, first="a/1", second="b/1", mated=False, **outcome)


def test_answers_come_back_in_the_order_of_the_plan(tmp_path):
    path = tmp_path / "answers.jsonl"
    journal = Journal(path, HEAD)
    for place in (2, 0, 1):
        journal.add(answer(place, score=place / 10, seconds=0.1))
    journal.add(answer(None, trouble="no answer in time"))
    journal.add(answer(None, code=4000))
    journal.close()
    again = Journal(path, HEAD)
    again.close()
    assert [a.score for a in again.answers] == [0.0, 0.1, 0.2]
    assert [a.code for a in again.alone] == [4000]
    assert again.ended is None


def test_a_torn_last_line_is_cut_off_and_written_again(tmp_path):
    path = tmp_path / "answers.jsonl"
    journal = Journal(path, HEAD)
    journal.add(answer(0, score=0.5))
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"place": 1, "first": "a/')
    again = Journal(path, HEAD)
    assert path.read_bytes() == whole
    again.add(answer(1, score=0.25))
    again.close()
    assert [json.loads(line) for line in path.read_text().splitlines()][-1]["score"] == 0.25


def test_only_a_run_that_ended_says_so_and_going_on_is_noted(tmp_path):
    path = tmp_path / "answers.jsonl"
    journal = Journal(path, HEAD)
    journal.add(answer(0, trouble="no answer in time"))
    journal.end("budget")
    journal.close()
    again = Journal(path, HEAD)
    assert (again.ended, again.extended) == ("budget", False)
    again.add(answer(0, score=0.5))
    assert (again.ended, again.extended) == ("budget", False)
    again.add(answer(1, score=0.5))
    again.close()
    assert (again.ended, again.extended) == (None, True)
    third = Journal(path, HEAD)
    third.close()
    assert (third.ended, third.extended) == (None, True)
    assert third.answers[0].score == 0.5


def test_a_run_whose_budget_changes_is_extended_from_then_on(tmp_path):
    path = tmp_path / "answers.jsonl"
    for budget, extended in ((100, False), (100, False), (50, True), (50, True)):
        journal = Journal(path, HEAD)
        journal.name_budget(budget)
        journal.close()
        assert journal.extended == extended


@pytest.mark.parametrize("content", [b"\x80\x81\nrest", b"\x80\x81", b"no json\nrest"])
def test_a_file_that_is_no_text_stays_as_it_is(tmp_path, content):
    path = tmp_path / "answers.jsonl"
    path.write_bytes(content)
    with pytest.raises(WrongUse, match="choose another --out"):
        Journal(path, HEAD)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", ["", "no json\n", '{"other": 1}\n', '{"run": {}}\n[]\n'])
def test_other_files_are_left_alone(tmp_path, content):
    path = tmp_path / "answers.jsonl"
    path.write_text(content)
    if not content:
        Journal(path, HEAD).close()
        assert json.loads(path.read_text()) == {"run": HEAD}
        return
    with pytest.raises(WrongUse, match="choose another --out"):
        Journal(path, HEAD)
    assert path.read_text() == content


def test_a_run_with_another_seed_is_another_run(tmp_path):
    path = tmp_path / "answers.jsonl"
    Journal(path, HEAD).close()
    with pytest.raises(WrongUse, match="another seed"):
        Journal(path, HEAD | {"seed": 2})
