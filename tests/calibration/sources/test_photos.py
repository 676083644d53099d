import io

import pytest
from PIL import Image

from calibration.sources.labelled import Choice, open_labelled
from calibration.sources.photos import Folder
from verikit.errors import WrongUse


def test_names_do_not_lead_out_of_the_folder(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    folder = Folder(tmp_path / "photos")
    with pytest.raises(WrongUse, match="is outside"):
        folder.read("../secret.jpg")
    with pytest.raises(WrongUse, match="cannot be read"):
        folder.read("a/missing.jpg")


def test_the_sample_is_two_people_and_supports_no_rate():
    labelled = open_labelled(Choice(data="sample"))
    assert not labelled.supports_rates
    assert labelled.pairs.size(mated=False) == 36
    assert labelled.pairs.size(mated=True) == 30
    pair = labelled.pairs.pair(0, mated=True)
    contents = [labelled.photos.read(name) for name in (pair.first, pair.second)]
    assert contents[0] != contents[1]
    assert all(Image.open(io.BytesIO(content)).size for content in contents)


@pytest.mark.parametrize(
    ("content", "message"),
    [("first,second\na,b\n", "mated"), ("first,second,mated\na,b,perhaps\n", "neither 1 nor 0")],
)
def test_lists_of_pairs_say_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "pairs.csv"
    path.write_text(content)
    with pytest.raises(WrongUse, match=message):
        open_labelled(Choice(data=str(path)))


def test_a_field_beyond_all_measure_is_told_in_a_sentence(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("first,second,mated,person,group\n" + "a" * 200_000 + ",b,1,c,d\n")
    with pytest.raises(WrongUse, match=r"long[.]csv"):
        open_labelled(Choice(data=str(path)))


def test_lists_of_pairs_carry_truth_and_group(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("first,second,mated,group\na/1,a/2,1,x\na/1,b/1,0,x|y\n")
    for name in ("a/1", "a/2", "b/1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    pairs = open_labelled(Choice(data=str(path))).pairs
    assert pairs.pair(0, mated=True).group == "x"
    assert pairs.pair(0, mated=False).group == "x|y"


def test_what_is_nothing_of_the_kind_is_refused(tmp_path):
    with pytest.raises(WrongUse, match="not a data set"):
        open_labelled(Choice(data="nowhere"))
    with pytest.raises(WrongUse, match="two people"):
        open_labelled(Choice(data=str(tmp_path)))
