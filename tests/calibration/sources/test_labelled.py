"""The same people in the layouts of the field, and lists of pairs of them."""

import io
import pickle

import pytest
from PIL import Image

from calibration.counting.identities import Origin
from calibration.sources.labelled import Choice, Labelled, open_labelled
from calibration.sources.photos import Folder
from verikit.errors import WrongUse


def photo(person: int, number: int, form: str = "JPEG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), (person * 30, number * 90, 7)).save(made, form)
    return made.getvalue()


def laid_out(root, write, people: int = 6, form: str = "JPEG"):
    for person in range(people):
        for number in range(2):
            path = root / write(person, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photo(person, number, form))
    return root


def opened(data, **choice) -> Labelled:
    return open_labelled(Choice(data=str(data), **choice))


def sizes(labelled: Labelled) -> tuple[int, int]:
    return labelled.pairs.size(mated=True), labelled.pairs.size(mated=False)


def kinds(labelled: Labelled) -> dict[str, str]:
    return {one.kind: one.text for one in labelled.objections}


FOLDERS = {
    "a folder each": lambda p, n: f"p{p}/{n}.jpg",
    "capitals": lambda p, n: f"P{p}/{n}.JPEG",
    "jfif": lambda p, n: f"p{p}/{n}.jfif",
    "like LFW": lambda p, n: f"Ann_{p}/Ann_{p}_{n:04d}.jpg",
    "splits": lambda p, n: f"{('train', 'test')[n]}/p{p}/{n}.jpg",
    "one split": lambda p, n: f"val/p{p}/{n}.jpg",
    "groups, as RFW": lambda p, n: f"data/group{p}/m.0{p}/m.0{p}_000{n}.jpg",
    "sessions below people": lambda p, n: f"p{p}/session{2 * p + n}/photo.jpg",
    "people below sessions": lambda p, n: f"data/2024-01-0{n + 1}/p{p}/photo.jpg",
    "sessions and views": lambda p, n: f"all/visit{n}/p{p}/{('left', 'right')[n]}/photo.jpg",
    "views, as CFP": lambda p, n: f"p{p}/{('frontal', 'profile')[n]}/01.jpg",
}
FLAT = {
    "numbered": lambda p, n: f"p{p}_{n}.jpg",
    "like LFW": lambda p, n: f"Ann_{'abcdef'[p]}_{n:04d}.jpg",
    "like AgeDB": lambda p, n: f"{10 * p + n}_Name{'abcdef'[p]}_{30 + n}_m.jpg",
    "like FG-NET": lambda p, n: f"{p:03d}A{10 + n}.JPG",
    "one folder": lambda p, n: f"images/p{p}_{n}.jpg",
}


@pytest.mark.parametrize("layout", FOLDERS)
def test_folders_give_people(tmp_path, layout):
    found = opened(laid_out(tmp_path, FOLDERS[layout]))
    assert sizes(found) == (6, 60)
    assert (found.identities.people().given, found.identities.people().inferred) == (6, 0)
    assert not found.objections


@pytest.mark.parametrize("layout", FLAT)
def test_people_are_inferred_from_file_names(tmp_path, layout):
    found = opened(laid_out(tmp_path, FLAT[layout]))
    assert sizes(found) == (6, 60)
    assert (found.identities.people().given, found.identities.people().inferred) == (0, 6)


@pytest.mark.parametrize(
    "write",
    [
        lambda p, n: f"{10 * p + n}.jpg",
        lambda p, n: f"IMG_{10 * p + n}.jpg",
        lambda p, n: f"person{p}/trip{2 * p + n}/{n}.jpg",
        lambda p, n: f"session1_{'abcdef'[p]}{n}.jpg",
    ],
)
def test_what_could_be_read_in_two_ways_is_asked_for(tmp_path, write):
    laid_out(tmp_path / "photos", write)
    with pytest.raises(WrongUse, match="--people TABLE"):
        opened(tmp_path / "photos")
    table = tmp_path / "who.csv"
    rows = [f"{write(p, n)};p{p}" for p in range(6) for n in range(2)]
    table.write_text("Photo;Person\n" + "\n".join(rows[:-1]) + "\n")
    found = opened(tmp_path / "photos", people=table)
    assert sizes(found) == (5, 50)
    assert "1 of nobody" in kinds(found)["passed over"]


SESSIONS = {
    "a photo each": lambda p, n: f"session{n + 1}/p0{p}.jpg",
    "days": lambda p, n: f"2024-05-0{n + 1}/{'abcdef'[p]}.jpg",
    "probe and gallery": lambda p, n: f"{('probe', 'gallery')[n]}/{100 + p}.jpg",
    "letters": lambda p, n: f"Session_{'AB'[n]}/{p:03}.jpg",
    "words": lambda p, n: f"visit {('one', 'two')[n]}/p{p}.jpg",
    "months": lambda p, n: f"{('January', 'October')[n]}/{p:03}.jpg",
    "two words for it": lambda p, n: f"{('Enrollment', 'Verification')[n]}/emp{p}.jpg",
    "documents": lambda p, n: f"{('id', 'selfie')[n]}/emp{p}.jpg",
}


@pytest.mark.parametrize("layout", SESSIONS)
def test_folders_of_sessions_are_no_people_and_their_files_may_be(tmp_path, layout):
    """Camera counters recur as well, so that only a table can confirm who is who."""
    write = SESSIONS[layout]
    found = opened(laid_out(tmp_path / "photos", write))
    assert sizes(found) == (6, 60)
    people = found.identities.people()
    assert (people.given, people.inferred) == (0, 6)
    assert "look like sessions" in people.doubt
    table = tmp_path / "who.csv"
    table.write_text(
        "photo,person\n" + "".join(f"{write(p, n)},p{p}\n" for p in range(6) for n in (0, 1))
    )
    assert not opened(tmp_path / "photos", people=table).identities.people().doubt


def test_sessions_of_numbered_photos_of_each_person_are_not_in_doubt(tmp_path):
    found = opened(laid_out(tmp_path, lambda p, n: f"session{n}/{'abcdef'[p]}_{n}.jpg"))
    assert sizes(found) == (6, 60)
    assert not found.identities.people().doubt


@pytest.mark.parametrize(
    ("name", "doubt"), [("p{:02}", True), ("{:02}", False), ("IMG_{:04}", False), ("ann{}", True)]
)
def test_folders_that_hold_the_same_many_names_may_be_sessions(tmp_path, name, doubt):
    for place in ("lab", "hall", "yard"):
        for number in range(8):
            path = tmp_path / place / f"{name.format(number)}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(photo(1, 1) + f"{place} {number}".encode())
    assert bool(opened(tmp_path).identities.people().doubt) is doubt


@pytest.mark.parametrize(
    ("people", "photos", "name", "doubt"),
    [
        (("London", "Paris"), 35, "{:03}", True),
        (("female", "male"), 35, "{folder[0]}{:03}_0", True),
        (("ann", "bob"), 8, "{:03}", False),
        (tuple(f"p{n}" for n in range(32)), 2, "{:03}", False),
    ],
)
def test_few_folders_of_many_photos_may_be_places_or_groups(tmp_path, people, photos, name, doubt):
    for folder in people:
        (tmp_path / folder).mkdir()
        for number in range(photos):
            path = tmp_path / folder / f"{name.format(number, folder=folder)}.jpg"
            path.write_bytes(photo(1, 1) + f"{folder} {number}".encode())
    found = opened(tmp_path).identities.people()
    assert found.given == len(people)
    assert ("a place or a group of people" in found.doubt) is doubt


def test_webp_is_sent_as_png_pixel_for_pixel(tmp_path):
    laid_out(tmp_path, lambda p, n: f"p{p}/{n}.webp", form="WEBP")
    found = opened(tmp_path)
    content = found.photos.read("p1/0.webp")
    with Image.open(io.BytesIO(content)) as sent, Image.open(tmp_path / "p1/0.webp") as written:
        assert sent.format == "PNG"
        assert sent.convert("RGB").tobytes() == written.convert("RGB").tobytes()


def test_what_is_passed_over_is_told(tmp_path):
    laid_out(tmp_path, FOLDERS["a folder each"])
    (tmp_path / "p0/._0.jpg").write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX/a.jpg").write_bytes(b"x")
    (tmp_path / "p0/notes.txt").write_text("x")
    (tmp_path / "p1/empty.jpg").touch()
    (tmp_path / "p2/page.jpg").write_text("<html>")
    told = kinds(opened(tmp_path))
    for what in ("2 hidden", "1 of another ending (p0/notes.txt)", "1 empty (p1/empty.jpg)"):
        assert what in told["passed over"]
    assert "p2/page.jpg" in told["no pictures"]


def test_links_lead_to_pictures_and_never_in_circles(tmp_path):
    elsewhere = laid_out(tmp_path / "elsewhere", FOLDERS["a folder each"])
    root = tmp_path / "links"
    for person in range(6):
        (root / f"p{person}").mkdir(parents=True)
        for number in range(2):
            (root / f"p{person}/{number}.jpg").symlink_to(elsewhere / f"p{person}/{number}.jpg")
    (tmp_path / "secret").write_text("secret")
    (root / "p0/secret.jpg").symlink_to(tmp_path / "secret")
    (root / "p0/nothing.jpg").symlink_to(tmp_path / "nowhere")
    (root / "p0/up").symlink_to("..")
    (root / "p0/out").symlink_to(tmp_path)
    found = opened(root)
    assert sizes(found) == (6, 60)
    assert found.photos.read("p3/1.jpg") == photo(3, 1)
    assert "1 links to files that are not pictures (p0/secret.jpg)" in kinds(found)["passed over"]
    with pytest.raises(WrongUse, match="link to a file outside"):
        Folder(root).read("p0/secret.jpg")


def test_a_photo_of_two_people_is_left_out_and_named(tmp_path):
    laid_out(tmp_path, FOLDERS["a folder each"])
    (tmp_path / "p4/copied.jpg").write_bytes(photo(1, 0))
    (tmp_path / "p2/again.jpg").write_bytes(photo(2, 1))
    found = opened(tmp_path)
    assert sizes(found) == (5, 50)
    assert "p1/0.jpg, p4/copied.jpg" in kinds(found)["a photo of two people"]
    assert "1 copies" in kinds(found)["copies"]


PAIRS = [(f"p{p}/0.jpg", f"p{p}/1.jpg", 1) for p in range(6)] + [
    (f"p{p}/0.jpg", f"p{q}/0.jpg", 0) for p in range(6) for q in range(p)
]
LISTS = {
    "pairs.csv": "first,second,mated\n" + "".join(f"{a},{b},{m}\n" for a, b, m in PAIRS),
    "excel.csv": "\ufefffirst;second;mated\r\n"
    + "".join(f"{a};{b};{m}.0\r\n" for a, b, m in PAIRS),
    "PAIRS.CSV": "First, Second, Mated\n" + "".join(f"{a}, {b}, {bool(m)}\n" for a, b, m in PAIRS),
    "pair.list": "".join(f"{a} {b} {m}\n" for a, b, m in PAIRS),
    "pairs.jsonl": "".join(f'{{"first":"{a}","second":"{b}","mated":{m}}}\n' for a, b, m in PAIRS),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_pairs_of_every_dialect(tmp_path, name):
    laid_out(tmp_path, FOLDERS["a folder each"])
    (tmp_path / name).write_text(LISTS[name], newline="")
    found = opened(tmp_path / name)
    assert sizes(found) == (6, 15)
    assert found.identities.people().given == 6


@pytest.mark.parametrize("heading", ["", "6\n", "1\t6\n"])
@pytest.mark.parametrize("write", [FOLDERS["like LFW"], FOLDERS["a folder each"], FLAT["numbered"]])
def test_the_pairs_of_lfw(tmp_path, write, heading):
    laid_out(tmp_path / "photos", write)
    person = "Ann_{}" if "Ann" in write(0, 0) else "p{}"
    first, second = (0, 1) if "Ann" in write(0, 0) or "_" in write(0, 0) else (1, 2)
    lines = [f"{person.format(p)}\t{first}\t{second}" for p in range(6)]
    lines += [f"{person.format(p)}\t{first}\t{person.format(5 - p)}\t{second}" for p in range(3)]
    (tmp_path / "pairs.txt").write_text(heading + "\n".join(lines) + "\n")
    found = opened(tmp_path / "pairs.txt", photos=tmp_path / "photos")
    assert sizes(found) == (6, 3)
    pair = found.pairs.pair(2, mated=True)
    assert (pair.first, pair.second) == (write(2, 0), write(2, 1))
    assert found.identities.people().given == 6


def test_all_missing_photos_are_named_at_once(tmp_path):
    laid_out(tmp_path, FOLDERS["a folder each"])
    path = tmp_path / "pairs.csv"
    path.write_text(LISTS["pairs.csv"] + "p8/0.jpg,p0/0.jpg,0\np0/0.jpg,p9/0.jpg,0\n")
    with pytest.raises(WrongUse, match=r"2 of the 14 photos .* p8/0.jpg, p9/0.jpg. Give"):
        opened(path)
    (tmp_path / "pairs.txt").write_text("1\t1\np0\t1\t7\np0\t1\tp9\t1\n")
    with pytest.raises(WrongUse, match=r"2 photos .* p0 7, p9 1"):
        opened(tmp_path / "pairs.txt")


def test_the_same_content_is_the_same_photo_wherever_a_bin_repeats_it(tmp_path):
    bytes_of = [(tmp_path / name) for a, b, _ in PAIRS for name in (a, b)]
    laid_out(tmp_path, FOLDERS["a folder each"])
    path = tmp_path / "six.bin"
    path.write_bytes(
        pickle.dumps(([p.read_bytes() for p in bytes_of], [m == 1 for *_, m in PAIRS]))
    )
    people = opened(path).identities.people()
    assert (people.origin, people.inferred, people.person.size) == (Origin.LABELS, 6, 12)


def test_a_bin_of_pairs_that_never_meet_tells_nobody_apart(tmp_path):
    path = tmp_path / "apart.bin"
    photos = [photo(p, n) for p in range(8) for n in range(2)]
    path.write_bytes(pickle.dumps((photos, [True, False] * 4)))
    assert opened(path).identities.people().origin == Origin.UNKNOWN


def test_who_is_in_a_bin_can_be_told(tmp_path):
    path, table = tmp_path / "apart.bin", tmp_path / "who.csv"
    photos = [photo(p, n) for p in range(8) for n in range(2)]
    path.write_bytes(pickle.dumps((photos, [True, False] * 4)))
    rows = [f"{2 * p + n},{p - p % 2 if n == 0 else p}" for p in range(8) for n in range(2)]
    table.write_text("photo,person\n" + "\n".join(rows) + "\n")
    people = opened(path, people=table).identities.people()
    assert (people.origin, people.compared) == (Origin.GIVEN, 8)
