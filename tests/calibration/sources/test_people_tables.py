"""Names that tables write in another way: of people, photos and groups."""

import csv
import json
import re
import unicodedata

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from calibration.counting.naming import normal, person
from calibration.sources.formats.people_tables import groups_of, person_groups, photo_people
from calibration.sources.labelled import Choice, open_labelled
from calibration.sources.templates import OfPhotos
from verikit.cli import main
from verikit.errors import WrongUse

DECOMPOSED = unicodedata.normalize("NFD", "Zoë")


def table(path, *rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.mark.parametrize(
    ("written", "meant"),
    [("531.0", "531"), (" 531 ", "531"), ("531.50", "531.50"), ("v1.0", "v1.0"), (".0", ".0"),
     ("0531.0", "0531"), ("531.00", "531"), (DECOMPOSED, "Zoë")],
)  # fmt: skip
def test_a_number_as_a_name_is_the_same_with_a_point_and_zeros(written, meant):
    assert person(written) == meant
    assert normal(written) == (meant if written.isascii() else written), "as the file is called"


def test_tables_name_people_and_photos_as_other_tools_wrote_them(tmp_path):
    path = table(tmp_path / "g.csv", ("person", "group"), ("531.0", "a"), (DECOMPOSED, "b"))
    groups, told = groups_of(path, ["531", "Zoë"])
    assert (groups, told) == ({"531": "a", "Zoë": "b"}, [])
    groups, _ = groups_of(path, ["531.0", DECOMPOSED])  # folders of these names
    assert groups == {"531.0": "a", DECOMPOSED: "b"}
    path = table(tmp_path / "p.csv", ("photo", "person"), ("7.0", "531.0"), ("8", "531"))
    assert photo_people(path) == {"7": "531", "8": "531"}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_photos_are_found_by_names_of_either_form(tmp_path, form):
    """macOS writes names decomposed; a table of another tool does not."""
    for name in (DECOMPOSED, "ann"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for n in range(2):
            photo = Image.new("RGB", (8, 8), (80 * n, len(name), 0))
            photo.save(tmp_path / "photos" / name / f"{n}.png")
    zoe = unicodedata.normalize(form, "Zoë")
    who = [(f"{name}/{n}.png", name) for name in (zoe, "ann") for n in range(2)]
    people = table(tmp_path / "who.csv", ("photo", "person"), *who)
    found = open_labelled(Choice(data=str(tmp_path / "photos"), people=people))
    assert found.pairs.size(mated=True) == 2
    names = [photo for photo, _ in who]
    np.savez(tmp_path / "t.npz", vectors=np.eye(4) + 1, people=["z", "z", "a", "a"], photos=names)
    assert OfPhotos.load(tmp_path / "t.npz", found.identities.photos.names).number.size == 4
    listed = f"{DECOMPOSED}/0.png", f"{DECOMPOSED}/1.png", 1
    pairs = table(tmp_path / "pairs.csv", ("first", "second", "mated"), listed)
    found = open_labelled(Choice(data=str(pairs), photos=tmp_path / "photos"))
    assert all(found.photos.read(photo) for photo in listed[:2])


def test_names_that_are_nobodys_and_people_of_no_group_are_told(tmp_path):
    rows = [("person", "group"), *((f"p{n}", "a") for n in range(5)), ("x", "b"), ("y", "b")]
    groups, told = groups_of(table(tmp_path / "g.csv", *rows), [f"p{n}" for n in range(3, 9)])
    assert groups == {"p3": "a", "p4": "a"}
    texts = " ".join(one.text for one in told)
    assert "4 of 6 people are in no group of g.csv: p5, p6, p7, p8" in texts
    assert "5 of 7 names in g.csv are nobody's here: p0, p1, p2, x, y" in texts
    with pytest.raises(WrongUse, match="names nobody of those on the photos, such as q"):
        groups_of(tmp_path / "g.csv", ["q"])


@pytest.mark.parametrize(
    ("one", "other"),
    [("East", "east"), ("East Asia", "East  Asia"), ("Zoë", DECOMPOSED + " "), ("A", "\uff21")],
)
def test_groups_that_differ_only_in_how_they_are_written_are_refused(tmp_path, one, other):
    rows = ("person", "group"), ("a", one), ("b", other), ("c", "Östlich")
    path = table(tmp_path / "g.csv", *rows)
    with pytest.raises(WrongUse, match="names a group in two ways"):
        person_groups(path)


def scores(path, people: int, name, group=None):
    rng = np.random.default_rng(1)
    heading = ("first", "second", "mated", "score", "first_person", "second_person")
    rows = [heading + (("group",) if group else ())]
    for a in range(people):
        for b in range(a, people):
            score = 0.3 * rng.random() if a < b else 0.9
            row = (f"{a}/1.jpg", f"{b}/2.jpg", int(a == b), score, name(a, 1), name(b, 2))
            rows.append(row + ((group(a, b),) if group else ()))
    return table(path, *rows)


def calibrate(*command):
    return CliRunner().invoke(main, ["calibrate", *map(str, command)], catch_exceptions=False)


def test_a_column_that_became_floats_names_the_same_people(tmp_path):
    path = scores(tmp_path / "s.csv", 40, lambda n, side: f"{n}.0" if side == 1 else n)
    groups = table(
        tmp_path / "g.csv", ("person", "group"), *((f"{n}.0", "ab"[n % 2]) for n in range(40))
    )
    result = calibrate(path, "--groups", groups, "--json", "--out", tmp_path / "o")
    found = json.loads(result.stdout)
    assert found["people_given"] == 40
    assert [one["kind"] for one in found["objections"]] == []
    assert {row["label"] for row in found["groups"] if row["verdict"]} == {"a", "b"}


@pytest.mark.parametrize(
    ("read", "heading", "rows", "message"),
    [
        (photo_people, "photo,person", ["1.jpg,ann", ",bob"], "rows without a photo or a person"),
        (photo_people, "photo,person", ["1.jpg, "], "rows without a photo or a person"),
        (photo_people, "photo,person", ["1.jpg,ann", "1.jpg,bob"], "gives 1.jpg to ann and to bob"),
        (person_groups, "person,group", ["ann,a", "bob,"], "rows without a person or a group"),
        (person_groups, "person,group", ["ann,a|b"], "a group's name holds no '|'"),
        (person_groups, "person,group", ["ann,a", "ann,b"], "puts ann into a and into b"),
    ],
)
def test_a_table_that_leaves_open_who_is_who_is_refused(tmp_path, read, heading, rows, message):
    path = tmp_path / "table.csv"
    path.write_text("\n".join([heading, *rows]))
    with pytest.raises(WrongUse, match=re.escape(message)):
        read(path)


def test_a_photo_of_two_people_is_named_with_both(tmp_path):
    path = scores(tmp_path / "s.csv", 40, lambda n, side: "x" if (n, side) == (3, 1) else n)
    rows = path.read_text() + "3/1.jpg,5/2.jpg,0,0.1,3,5\n"
    path.write_text(rows)
    told = " ".join(calibrate(path, "--out", tmp_path / "o").output.split())
    assert "1 photo is assigned to two people, such as 3/1.jpg to 3 and to x" in told


@pytest.mark.parametrize(
    ("group", "refused"),
    [(lambda a, b: "b|a" if (a + b) % 2 else "ab"[a % 2], False),
     (lambda a, b: "A|b" if (a + b) % 2 else "ab"[a % 2], True)],
)  # fmt: skip
def test_the_column_group_is_read_in_either_order_and_one_way_of_writing(tmp_path, group, refused):
    path = scores(tmp_path / "s.csv", 60, lambda n, _: n, group)
    result = calibrate(path, "--json", "--out", tmp_path / "o")
    if refused:
        assert result.exit_code == 2
        assert "a group in two ways: A and a" in " ".join(result.output.split())
    else:
        labels = {row["label"] for row in json.loads(result.stdout)["groups"]}
        assert labels == {"a", "b", "a|b", "within a group", "across groups"}
