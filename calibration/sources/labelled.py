"""Finds the labelled pairs that a user names: a data set, a folder of people, a CSV, a .bin."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from calibration.applicable import idle
from calibration.sources import datasets
from calibration.sources.bin_file import BinFile
from calibration.sources.photos import Folder, Photos
from calibration.sources.sampling import Pair, PairList, Pairs, Pool, by_folder, one_photo_each
from verikit.errors import WrongUse

_TRUTH = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Pairs, the photos they name, and what is known of them."""

    title: str
    pairs: Pairs
    photos: Photos
    supports_rates: bool = True


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the user chose. ``photos`` is the folder that names are paths within."""

    data: str
    photos: Path | None = None
    groups: Path | None = None
    one_photo_each: bool = False
    keep_label_errors: bool = False
    seed: int = 1


def open_labelled(choice: Choice) -> Labelled:
    """Open what the user names.

    Raises:
        WrongUse: it is not there, it is not what it should be, or another choice would do nothing.
    """
    path = Path(choice.data)
    if choice.data in datasets.names():
        return _dataset(choice)
    if path.is_dir():
        _refuse_idle(choice, "photos", "keep_label_errors")
        folder = Folder(path)
        return _pool(choice, path.name, by_folder(folder.names()), folder)
    if path.suffix == ".csv":
        _refuse_idle(choice, "groups", "one_photo_each", "keep_label_errors")
        return Labelled(
            title=path.name, pairs=read_pairs(path), photos=Folder(choice.photos or path.parent)
        )
    if path.suffix == ".bin":
        _refuse_idle(choice, "photos", "groups", "one_photo_each", "keep_label_errors")
        return _bin(path)
    raise WrongUse(
        f"{choice.data} is no data set ({', '.join(datasets.names())}), no folder of people, "
        "no CSV of pairs and no .bin set."
    )


def _refuse_idle(choice: Choice, *names: str) -> None:
    for name in names:
        if getattr(choice, name):
            raise idle(name, choice.data)


def read_pairs(path: Path) -> PairList:
    """A CSV with the columns first, second and mated (1 or 0), and maybe group.

    Raises:
        WrongUse: a column is missing or a row says neither 1 nor 0.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return PairList(
                [
                    Pair(
                        row["first"], row["second"], _TRUTH[row["mated"].lower()], row.get("group")
                    )
                    for row in csv.DictReader(file)
                ]
            )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WrongUse(f"{path} cannot be read: {error}.") from error
    except (KeyError, AttributeError) as error:
        raise WrongUse(
            f"{path} needs the columns first, second and mated, and 1 or 0 in the last: {error}."
        ) from error


def _dataset(choice: Choice) -> Labelled:
    dataset = datasets.load(choice.data)
    contents = datasets.open_dataset(
        dataset, choice.photos, keep_label_errors=choice.keep_label_errors
    )
    labelled = _pool(choice, dataset.title, contents.people, contents.photos)
    return Labelled(
        title=labelled.title,
        pairs=labelled.pairs,
        photos=labelled.photos,
        supports_rates=dataset.supports_rates,
    )


def _pool(choice: Choice, title: str, people: dict[str, str], photos: Photos) -> Labelled:
    if len(set(people.values())) < 2:
        raise WrongUse(f"{title} needs two people at least: a folder for each, photos within.")
    if choice.one_photo_each:
        people = one_photo_each(people, choice.seed)
    return Labelled(title=title, pairs=Pool(people, _groups(choice.groups)), photos=photos)


def _groups(path: Path | None) -> dict[str, str] | None:
    if path is None:
        return None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["person"]: row["group"] for row in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise WrongUse(f"{path} needs the columns person and group.") from error


def _bin(path: Path) -> Labelled:
    """Photos 2k and 2k + 1 are a pair; nobody says who they show."""
    file = BinFile(path)
    pairs = PairList(
        Pair(str(2 * place), str(2 * place + 1), same) for place, same in enumerate(file.same)
    )
    return Labelled(title=path.name, pairs=pairs, photos=file)
