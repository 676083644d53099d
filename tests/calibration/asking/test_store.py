import sqlite3

import pytest

from calibration.asking.store import BLOCK, FILE, Answer, Store
from calibration.counting.comparisons import Measurement
from calibration.counting.identities import Identities
from calibration.sources.formats.run_file import open_run
from calibration.sources.scores import count_scores, open_scores
from calibration.terms import Terms
from verikit.errors import WrongUse

HEAD = {"url": "http://127.0.0.1:1", "seed": 1}


def answer(place: int | None, **outcome: object) -> Answer:
    return Answer(place=place, first=f"a/{place}", second="b/1", mated=False, **outcome)


def kept(store: Store) -> list[Answer]:
    return [answer for answers in store.blocks() for answer in answers]


def test_answers_come_back_in_the_order_of_the_plan(tmp_path):
    with Store(tmp_path, HEAD) as store:
        for place in (2, 0, 1):
            store.add(answer(place, score=place / 10, seconds=0.1, group="a|b"))
        store.add(answer(None, trouble="no response in time"))
        store.add(answer(None, code=4000))
    with Store(tmp_path, HEAD) as again:
        assert kept(again)[1] == answer(1, score=0.1, seconds=0.1, group="a|b")
        assert [a.score for a in kept(again)] == [0.0, 0.1, 0.2]
        assert [a.code for a in again.alone] == [4000]
        assert again.ended is None
        assert len(again) == 3


def test_a_run_that_nobody_answered_gives_way_to_another(tmp_path):
    """As after a wrong address: the folder would be lost to every other run."""
    other = HEAD | {"url": "http://127.0.0.1:2"}
    with Store(tmp_path, HEAD) as store:
        store.name_budget(5)
        store.begin(Terms(tolerance=3.0), looks=True)
        store.describe(Identities.known({"a/1": "a", "b/1": "b"}, "the folder"), {"claims": []})
        store.add(answer(0, trouble="connection refused"))
    with Store(tmp_path, other) as store:
        assert (len(store), store.begun, store.looked) == (0, None, False)
        store.describe(Identities.known({"c/1": "c", "d/1": "d"}, "the folder"), {"claims": []})
        store.add(answer(0, score=0.5))
    with Store(tmp_path, other) as store:
        assert store.settled == 1
    with pytest.raises(WrongUse, match="a run with different url"):
        Store(tmp_path, HEAD)
    assert open_run(tmp_path / FILE).identities.photos.names == ["c/1", "d/1"]


def test_what_is_missing_is_asked_in_its_order_whatever_comes_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr("calibration.asking.store.BLOCK", 3)
    with Store(tmp_path, HEAD) as store:
        for place in (1, 2, 5, 6, 7, 8, 20):
            store.add(answer(place, score=0.5))
        store.add(answer(3, trouble="no response in time"))
        found = []
        for place in store.missing(12):
            found.append(place)
            store.add(answer(place, score=0.5))
        assert found == [0, 3, 4, 9, 10, 11]
        assert list(store.missing(12)) == []
        assert store.settled == 13


def test_what_was_answered_twice_counts_once(tmp_path):
    with Store(tmp_path, HEAD) as store:
        store.add(answer(0, trouble="no response in time"))
        assert (len(store), store.settled, list(store.missing(1))) == (1, 0, [0])
        store.add(answer(0, score=0.75))
        assert (len(store), store.settled, list(store.missing(1))) == (1, 1, [])
        assert [a.score for a in kept(store)] == [0.75]


def test_more_than_a_block_comes_back_whole(tmp_path):
    with Store(tmp_path, HEAD) as store:
        for place in range(BLOCK + 2):
            store.add(answer(place, score=0.5))
        assert [a.place for a in kept(store)] == list(range(BLOCK + 2))


def test_only_a_run_that_ended_says_so_and_going_on_is_noted(tmp_path):
    with Store(tmp_path, HEAD) as store:
        store.add(answer(0, trouble="no response in time"))
        store.end("budget")
    with Store(tmp_path, HEAD) as again:
        assert (again.ended, again.extended) == ("budget", False)
        again.add(answer(0, score=0.5))
        again.add(answer(None, code=4000))
        assert (again.ended, again.extended) == ("budget", False)
        again.add(answer(1, score=0.5))
    with Store(tmp_path, HEAD) as third:
        assert (third.ended, third.extended) == (None, True)
        assert kept(third)[0].score == 0.5


def test_a_run_whose_budget_changes_is_extended_from_then_on(tmp_path):
    for budget, extended in ((100, False), (100, False), (50, True), (50, True)):
        with Store(tmp_path, HEAD) as store:
            store.name_budget(budget)
            assert store.extended == extended


def test_what_the_server_calls_itself_is_kept(tmp_path):
    with Store(tmp_path, HEAD) as store:
        store.name_software("first")
        store.name_software(None)
    with Store(tmp_path, HEAD) as again:
        assert again.software == "first"


@pytest.mark.parametrize("content", [b"\x80\x81\nrest", b"no json\nrest", b"SQLite format 3\0" * 9])
def test_other_files_are_left_alone(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(WrongUse, match="choose another --out"):
        Store(tmp_path, HEAD)
    assert (tmp_path / FILE).read_bytes() == content


def test_the_database_of_another_application_is_left_alone(tmp_path):
    database = sqlite3.connect(tmp_path / FILE)
    database.execute("CREATE TABLE answers (place)")
    database.close()
    content = (tmp_path / FILE).read_bytes()
    with pytest.raises(WrongUse, match="choose another --out"):
        Store(tmp_path, HEAD)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_damaged_run_is_a_sentence(tmp_path):
    with Store(tmp_path, HEAD) as store:
        store.add(answer(0, score=0.5))
    content = bytearray((tmp_path / FILE).read_bytes())
    content[100:4096] = b"\xff" * 3996
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(WrongUse, match="is damaged: choose another --out"):
        Store(tmp_path, HEAD)


def test_a_run_with_another_seed_is_another_run(tmp_path):
    with Store(tmp_path, HEAD) as store:
        store.add(answer(0, score=0.5))
    with pytest.raises(WrongUse, match="a run with different seed"):
        Store(tmp_path, HEAD | {"seed": 2})
    with Store(tmp_path, HEAD):
        pass


def test_two_runs_at_work_in_one_folder_are_refused(tmp_path):
    with Store(tmp_path, HEAD) as store:
        store.add(answer(0, score=0.5))
        with pytest.raises(WrongUse, match="is another run using it"):
            Store(tmp_path, HEAD)
        store.add(answer(1, score=0.5))
    with Store(tmp_path, HEAD) as again:
        assert len(again) == 2


def test_nobody_else_may_read_what_is_kept(tmp_path):
    with Store(tmp_path / "new/run", HEAD) as store:
        store.add(answer(0, score=0.5))
        files = list((tmp_path / "new/run").iterdir())
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "new/run").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["answers.jsonl", "shards/manifest.jsonl"])
def test_a_run_of_an_earlier_verikit_is_told_in_a_sentence(tmp_path, name):
    (tmp_path / "shards").mkdir()
    (tmp_path / name).write_text('{"run": {}}\n')
    with pytest.raises(WrongUse, match="run of an earlier verikit"):
        Store(tmp_path, HEAD)
    assert not (tmp_path / FILE).exists()


def test_what_a_run_keeps_is_a_score_file(tmp_path):
    with Store(tmp_path, HEAD) as store:
        for one in (answer(0, score=0.5), answer(1, score=0.25), answer(2, code=4000)):
            store.add(one)
        store.add(answer(3, trouble="no response in time"))
        store.add(answer(None, code=4000))
    measurement = Measurement((0.4,), 4000)
    count_scores(open_scores(tmp_path / FILE), measurement)
    assert measurement.non_mated.histogram.matches.tolist() == [1]
    assert measurement.non_mated.failed == 2
    assert measurement.not_measured == 1
