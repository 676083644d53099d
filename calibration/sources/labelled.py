"""Opens labelled pairs: a data set, a folder of people, a list of pairs, or a .bin file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from calibration.counting.groups import NOT_GIVEN, ChosenImpostors, Clusters, ImpostorKind
from calibration.counting.identities import Identities, Origin
from calibration.counting.naming import layout
from calibration.objections import FEW, Effect, Objection, listed
from calibration.sources import datasets
from calibration.sources.clusters import Clustering, cluster_people
from calibration.sources.degradations import Degradation
from calibration.sources.formats.bin_file import BinFile
from calibration.sources.formats.pair_lists import identities_of, read_list
from calibration.sources.formats.people_tables import UNKNOWN, groups_of, photo_people
from calibration.sources.pairs.impostors import SameGroup
from calibration.sources.pairs.look_alikes import LookAlikesFirst
from calibration.sources.pairs.sampling import ByPerson, Pair, PairList, Pairs, Pool, one_photo_each
from calibration.sources.photos import (
    Folder,
    Photos,
    Survey,
    not_pictures,
    same_content,
)
from calibration.sources.templates import OfPhotos
from verikit.errors import WrongUse
from verikit.foreign_text import composed


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Pairs, the photos they name, and what is known of them; ``objections`` are to the photos.

    ``impostors`` is None where they are random, ``clusters`` where groups are given, or none are.
    ``grouping`` is the SHA-256 of who is in which group.
    """

    title: str
    pairs: Pairs
    photos: Photos
    identities: Identities
    supports_rates: bool = True
    objections: tuple[Objection, ...] = ()
    impostors: ChosenImpostors | None = None
    clusters: Clusters | None = None
    grouping: str | None = None

    @property
    def as_json(self) -> dict[str, Any]:
        """What a run stores about them besides the people, for JSON."""
        objections = [[one.kind, one.effect, one.text] for one in self.objections]
        kept: dict[str, Any] = {"supports_rates": self.supports_rates, "objections": objections}
        if self.impostors:
            kept["impostors"] = self.impostors.as_json
        if self.clusters:
            kept["clusters"] = asdict(self.clusters)
        return kept


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the user chose. ``photos`` is the folder that names are paths within, ``people`` a table
    that says who is on them; ``templates`` tell who looks alike, if ``impostors`` or ``groups`` are
    to.
    ``degraded`` is how a run degrades the photos before it sends them."""

    data: str
    photos: Path | None = None
    people: Path | None = None
    groups: Path | Clustering | None = None
    one_photo_each: bool = False
    by_person: bool = False
    impostors: ImpostorKind = ImpostorKind.RANDOM
    templates: Path | None = None
    degraded: Degradation | None = None
    keep_label_errors: bool = False
    seed: int = 1


def open_labelled(choice: Choice) -> Labelled:
    """Open what the user names.

    Raises:
        WrongUse: it is not there, it is not what it should be, or another choice would do nothing.
    """
    path = Path(choice.data)
    require_what_chooses(choice.impostors, choice.groups, choice.templates)
    if choice.impostors != ImpostorKind.RANDOM and choice.by_person:
        raise WrongUse(
            f"--by-person does not apply to --impostors {choice.impostors}: use --one-photo-each."
        )
    if choice.data in datasets.names():
        _refuse_idle(choice, "people")
        return _dataset(choice)
    if path.is_dir():
        _refuse_idle(choice, "photos", "keep_label_errors")
        return _folder(choice, path)
    if path.suffix.lower() == ".bin":
        _refuse_idle(choice, "photos", "groups", "templates", *_OF_POOLS)
        return _bin(path, photo_people(choice.people) if choice.people else {})
    if path.is_file():
        _refuse_idle(choice, "groups", "templates", *_OF_POOLS)
        folder = Folder(choice.photos or path.parent)
        found = read_list(path, folder, photo_people(choice.people) if choice.people else {})
        return Labelled(
            title=path.name,
            pairs=PairList(found.pairs),
            photos=folder,
            identities=found.identities,
        )
    raise WrongUse(
        f"{choice.data} is not a data set ({', '.join(datasets.names())}), a folder of people, "
        "a list of pairs or a .bin set."
    )


_OF_POOLS = ("one_photo_each", "by_person", "keep_label_errors")


def require_what_chooses(
    impostors: ImpostorKind, groups: Path | Clustering | None, templates: Path | None
) -> None:
    """Refuse impostors that nothing tells, and what would tell others.

    Raises:
        WrongUse: a file is missing, or does nothing.
    """
    clusters = isinstance(groups, Clustering)
    if impostors == ImpostorKind.SAME_GROUP and (clusters or not groups):
        raise WrongUse("--impostors same-group needs --groups TABLE (person,group).")
    if impostors == ImpostorKind.LOOK_ALIKE and groups:
        raise WrongUse("--groups does not apply to --impostors look-alike: remove one of them.")
    if impostors == ImpostorKind.LOOK_ALIKE and not templates:
        raise WrongUse(
            "--impostors look-alike needs --templates FILE (.npz) of a system that is not under "
            "test."
        )
    if clusters and not templates:
        raise WrongUse(
            "--groups clusters needs --templates FILE (.npz) of a system that is not under test."
        )
    if templates and impostors != ImpostorKind.LOOK_ALIKE and not clusters:
        raise WrongUse(
            "--templates tells who looks alike: add --impostors look-alike, or --groups clusters."
        )


def _refuse_idle(choice: Choice, *names: str) -> None:
    for name in names:
        if getattr(choice, name):
            raise idle(name, choice.data)


def _folder(choice: Choice, path: Path) -> Labelled:
    """Everybody in a folder, as a table says or as it is laid out."""
    folder = Folder(path)
    survey = folder.survey()
    if choice.people:
        table = {composed(name): who for name, who in photo_people(choice.people).items()}
        people = {name: table[key] for name in survey.names if (key := composed(name)) in table}
        how, inferred, doubt = choice.people.name, False, ""
        nameless = [name for name in survey.names if name not in people]
    else:
        found = layout(survey.names)
        if found is None:
            raise WrongUse(
                f"{path.name} needs at least two people, one folder of photos each. "
                "For another layout, give --people TABLE (photo,person)."
            )
        people, how, inferred = dict(found.people), found.how, found.inferred
        doubt = found.doubt
        nameless = [name for name in survey.names if name not in people]
    people, objections = _without_twins(people, folder)
    objections += _passed_over(survey, nameless, not_pictures(people, folder))
    labelled = _pool(choice, path.name, people, folder)
    return replace(
        labelled,
        identities=Identities.known(
            people, how, Origin.FILE_NAMES if inferred else Origin.FOLDERS, doubt=doubt
        ),
        objections=(*labelled.objections, *objections),
    )


def _without_twins(
    people: Mapping[str, str], folder: Folder
) -> tuple[dict[str, str], list[Objection]]:
    """Of photos that are the same byte for byte one is kept, of two people none: one is wrong."""
    kept = dict(people)
    torn: list[str] = []
    copies: list[str] = []
    for group in folder.twins(people):
        if len({people[name] for name in group}) > 1:
            torn += group
        else:
            copies += group[1:]
    for name in (*torn, *copies):
        del kept[name]
    objections = []
    if torn:
        effect = Effect.NO_PASS if len(torn) > FEW * len(people) else Effect.SHOWN
        text = (
            f"The same photos, byte for byte, lie with two people, so one of the two is wrong; "
            f"they are left out: {listed(torn)}."
        )
        objections.append(Objection(kind="a photo of two people", effect=effect, text=text))
    if copies:
        text = f"{len(copies):,} copies of other photos are left out: {listed(copies)}."
        objections.append(Objection(kind="copies", effect=Effect.SHOWN, text=text))
    return kept, objections


def _passed_over(
    survey: Survey, nameless: Iterable[str], no_pictures: Iterable[str]
) -> list[Objection]:
    reasons = {**survey.passed_over, "of nobody": list(nameless)}
    texts = [f"{len(some):,} {why} ({listed(some[:3])})" for why, some in reasons.items() if some]
    found = []
    if texts:
        text = f"Files that were passed over: {'; '.join(texts)}."
        found.append(Objection(kind="passed over", effect=Effect.SHOWN, text=text))
    if odd := list(no_pictures):
        text = (
            f"{len(odd):,} files do not begin as pictures do, but are asked about: {listed(odd)}."
        )
        found.append(Objection(kind="no pictures", effect=Effect.SHOWN, text=text))
    return found


def _dataset(choice: Choice) -> Labelled:
    dataset = datasets.load(choice.data)
    contents = datasets.open_dataset(
        dataset, choice.photos, keep_label_errors=choice.keep_label_errors
    )
    labelled = _pool(choice, dataset.title, contents.people, contents.photos)
    return replace(labelled, supports_rates=dataset.supports_rates)


def _pool(choice: Choice, title: str, people: dict[str, str], photos: Photos) -> Labelled:
    if len(set(people.values())) < 2:
        raise WrongUse(f"{title} needs at least two people, one folder of photos each.")
    if choice.one_photo_each:
        people = one_photo_each(people, choice.seed)
    if choice.impostors == ImpostorKind.LOOK_ALIKE:
        return _look_alike(choice, title, people, photos)
    groups, clusters, told = _groups(choice, people)
    grouping = None
    if groups:
        lines = "\n".join(f"{person}\t{groups[person]}" for person in sorted(groups))
        grouping = hashlib.sha256(lines.encode()).hexdigest()
    if choice.impostors == ImpostorKind.SAME_GROUP:
        found = _same_group(choice, title, people, groups, photos)
        strangers = tuple(one for one in told if one.kind == UNKNOWN)
        return replace(found, grouping=grouping, objections=(*found.objections, *strangers))
    pool = Pool(people, groups)
    return Labelled(
        title=title,
        pairs=ByPerson(pool, choice.seed) if choice.by_person else pool,
        photos=photos,
        identities=Identities.known(people, "the folder"),
        objections=tuple(told),
        clusters=clusters,
        grouping=grouping,
    )


def _groups(
    choice: Choice, people: Mapping[str, str]
) -> tuple[dict[str, str], Clusters | None, list[Objection]]:
    """The group of each person, if there are any, and what is to be known of them."""
    if isinstance(choice.groups, Clustering):
        assert choice.templates is not None  # noqa: S101 - require_what_chooses
        given = OfPhotos.load(choice.templates, list(people))
        return *cluster_people(given, list(people.values()), choice.groups), []
    if choice.groups is None:
        return {}, None, []
    groups, told = groups_of(choice.groups, people.values())
    return groups, None, told


def _same_group(
    choice: Choice, title: str, people: dict[str, str], groups: dict[str, str], photos: Photos
) -> Labelled:
    """People without a group are left out."""
    known = {
        photo: person
        for photo, person in people.items()
        if groups.get(person, NOT_GIVEN) != NOT_GIVEN
    }
    pairs = SameGroup(known, groups, choice.seed)
    objections = []
    if nameless := sorted(set(people.values()) - set(known.values())):
        text = f"{len(nameless):,} people without a group are left out: {listed(nameless)}."
        objections.append(Objection(kind="no group", effect=Effect.SHOWN, text=text))
    return Labelled(
        title=title,
        pairs=pairs,
        photos=photos,
        identities=Identities.known(known, "the folder"),
        objections=tuple(objections),
        impostors=ChosenImpostors(kind=choice.impostors, share=pairs.share),
    )


def _look_alike(choice: Choice, title: str, people: dict[str, str], photos: Photos) -> Labelled:
    assert choice.templates is not None  # noqa: S101 - require_what_chooses
    pairs = LookAlikesFirst(people, choice.templates, choice.seed)
    return Labelled(
        title=title,
        pairs=pairs,
        photos=photos,
        identities=Identities.known(people, "the folder"),
        objections=tuple(pairs.near.objections()),
        impostors=pairs.near.chosen,
    )


def _bin(path: Path, people: Mapping[str, str]) -> Labelled:
    """Photos 2k and 2k + 1 are a pair; the same content is the same photo, wherever it comes.

    ``people`` says who is on the photos, by their numbers from 0 on.
    """
    file = BinFile(path)
    first: dict[str, str] = {name: name for name in file.names()}
    for group in same_content(file.names(), file):
        first |= dict.fromkeys(group, group[0])
    pairs = [
        Pair(first[str(2 * place)], first[str(2 * place + 1)], same)
        for place, same in enumerate(file.same)
    ]
    return Labelled(
        title=path.name,
        pairs=PairList(pairs),
        photos=file,
        identities=identities_of(pairs, people),
    )


def idle(name: str, source: str) -> WrongUse:
    """That an option does nothing for what scores or photos come from."""
    return WrongUse(f"{flag_of(name)} does not apply to {source}: remove it.")


def flag_of(name: str) -> str:
    """An option as it is typed."""
    return "--" + name.replace("_", "-")
