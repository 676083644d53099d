import os

import pytest

from calibration.asking.answers import SHARD, Answer
from calibration.asking.shards import ALONE, Shards
from calibration.counting.comparisons import Measurement
from calibration.sources.scores import count_scores
from verikit.errors import WrongUse

HEAD = {"url": "http://127.0.0.1:1", "seed": 1}


def answer(place: int | None, **outcome: object) -> Answer:
    return Answer(place=place, first=f"a/{place}", second="b/1", mated=False, **outcome)


@pytest.fixture
def shards(tmp_path):
    shards = Shards(tmp_path / "shards", HEAD)
    yield shards
    shards.close()


def again(shards: Shards) -> Shards:
    shards.close()
    opened = Shards(shards.folder, HEAD)
    opened.close()
    return opened


def files(shards: Shards) -> list[str]:
    return sorted(path.name for path in shards.folder.glob("*.parquet"))


def test_whatever_lands_first_is_read_in_the_order_of_the_plan(shards):
    shards.land(1, [answer(SHARD + 1, score=0.5), answer(SHARD, code=4000)])
    shards.land(0, [answer(0, score=0.25, seconds=0.1, group="a|b")])
    found = list(again(shards).shards())
    assert [[a.place for a in shard] for shard in found] == [[0], [SHARD, SHARD + 1]]
    assert found[0] == [answer(0, score=0.25, seconds=0.1, group="a|b")]


def test_what_landed_is_on_the_disk_and_so_is_its_entry(shards, monkeypatch):
    synced = []
    fsync = os.fsync

    def noted(opened: int) -> None:
        fsync(opened)
        synced.append((os.fstat(opened).st_ino, os.fstat(opened).st_size))

    monkeypatch.setattr(os, "fsync", noted)
    shards.land(0, [answer(0, score=0.5)])
    written = [shards.path, shards.folder / files(shards)[0]]
    assert {(path.stat().st_ino, path.stat().st_size) for path in written} <= set(synced)


def test_what_was_answered_twice_counts_once(shards):
    shards.land(0, [answer(0, score=0.5), answer(1, trouble="no answer in time")])
    assert shards.wanted(range(3)) == [1, 2]
    shards.land(0, [answer(1, score=0.75), answer(0, score=0.5)])
    assert [a.score for a in shards.read(0)] == [0.5, 0.75]
    assert (len(shards), shards.settled) == (2, 2)
    assert shards.wanted(range(2)) == []
    assert shards.wanted(range(4)) == [2, 3]
    assert len(files(shards)) == 1, "the file that was replaced is gone"


def test_a_damaged_file_is_asked_again(shards):
    for number in range(2):
        shards.land(number, [answer(number * SHARD, score=0.5)])
    path = shards.folder / files(shards)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(WrongUse, match="changed during the run"):
        shards.read(0)
    opened = again(shards)
    assert opened.wanted(range(1)) == [0]
    assert opened.wanted(range(SHARD, SHARD + 1)) == []


def test_a_file_that_the_manifest_does_not_name_counts_for_nothing(shards):
    shards.land(0, [answer(0, score=0.5)])
    manifest = shards.path.read_bytes()
    shards.land(1, [answer(SHARD, score=0.5)])
    shards.close()
    shards.path.write_bytes(manifest + b'{"shard": 1, "file": "00')
    assert len(again(shards)) == 1


def test_a_run_that_goes_on_after_its_end_says_so(shards):
    shards.land(0, [answer(0, score=0.5), answer(1, trouble="no answer in time")])
    shards.end("budget")
    shards.land(0, [answer(1, score=0.5)])
    shards.land(ALONE, [answer(None, code=4000)])
    assert (again(shards).ended, again(shards).extended) == ("budget", False)
    shards = Shards(shards.folder, HEAD)
    shards.land(1, [answer(SHARD, score=0.5)])
    assert (again(shards).ended, again(shards).extended) == (None, True)


def test_photos_against_themselves_have_no_place(shards):
    shards.land(ALONE, [answer(None, code=4000)])
    opened = again(shards)
    assert [a.code for a in opened.alone] == [4000]
    assert (len(opened), list(opened.shards())) == (0, [])


def test_a_shard_is_a_score_file(shards):
    shards.land(0, [answer(0, score=0.5), answer(1, score=0.25), answer(2, code=4000)])
    measurement = Measurement((0.4,), 4000)
    count_scores(shards.folder / files(shards)[0], measurement)
    assert measurement.non_mated.histogram.matches.tolist() == [1]
    assert measurement.non_mated.failed == 1


def test_another_run_is_refused(shards):
    with pytest.raises(WrongUse, match="another seed"):
        Shards(shards.folder, HEAD | {"seed": 2})
