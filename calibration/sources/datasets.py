"""The descriptors in ``datasets/``: description, download, and completeness of each data set."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from calibration.sources.photos import Folder, Photos
from verikit.errors import NO_ROOM, WrongUse, in_words

_FIELDS = ("title", "about", "licence", "source", "get", "protocol")
_SHOWN = ("name", *_FIELDS, "supports_rates", "people", "photos", "files")


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A descriptor, ``datasets/NAME/dataset.yaml``; ``datasets/README.md`` explains its keys."""

    name: str
    title: str
    about: str
    licence: str
    source: str
    get: str
    protocol: str
    supports_rates: bool = True
    people: int | None = None
    photos: int | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    label_errors: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A data set on disk: the person of each photo, and the photos."""

    people: dict[str, str]
    photos: Photos


def datasets_path() -> Path:
    """The folder of the descriptors, in the installed package or at the top of the checkout."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "datasets"
    return packaged if packaged.exists() else package.parent / "datasets"


def names() -> list[str]:
    """The data sets that have a descriptor."""
    return sorted(path.parent.name for path in datasets_path().glob("*/dataset.yaml"))


def load(name: str) -> Dataset:
    """Read a descriptor.

    Raises:
        WrongUse: there is none of that name, or it lacks a key.
    """
    if name not in names():
        raise WrongUse(f"There is no data set {name!r}: choose one of {', '.join(names())}.")
    folder = datasets_path() / name
    try:
        entry = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
        errors = entry.get("label_errors")
        return Dataset(
            name=name,
            label_errors=folder / errors if errors else None,
            supports_rates=entry["supports_rates"],
            people=entry.get("people"),
            photos=entry.get("photos"),
            files=entry.get("files", {}),
            **{key: entry[key] for key in _FIELDS},
        )
    except (KeyError, AttributeError, yaml.YAMLError) as error:
        raise WrongUse(f"The descriptor of {name} is incomplete: {in_words(error)}.") from error


def open_dataset(dataset: Dataset, folder: Path | None, *, keep_label_errors: bool) -> Contents:
    """The photos and people of a data set, label errors corrected unless kept.

    Raises:
        WrongUse: it is not on disk.
    """
    place = _on_disk(dataset, folder)
    photos = Folder(place)
    people = {name: name.partition("/")[0] for name in photos.names()}
    if not people:
        raise WrongUse(f"{place} contains no photos: it needs one folder per person.")
    if dataset.label_errors and not keep_label_errors:
        people = corrected(people, dataset.label_errors)
    return Contents(people=people, photos=photos)


def fetch(dataset: Dataset, home: Path | None = None) -> Path | None:
    """Download a data set with its publisher's client; None if nothing needs to be downloaded."""
    way = _WAYS.get(dataset.get)
    if way is None:
        raise WrongUse(f"{dataset.title} must be downloaded by hand: {dataset.source}")
    return way(home)


def check(dataset: Dataset, folder: Path | None) -> list[str]:
    """The differences from the descriptor, in sentences; empty if it is complete."""
    contents = open_dataset(dataset, folder, keep_label_errors=True)
    found = {"people": len(set(contents.people.values())), "photos": len(contents.people)}
    differences = [
        f"{count} {what} instead of {expected}"
        for what, count in found.items()
        if (expected := getattr(dataset, what)) not in (None, count)
    ]
    for path, digest in dataset.files.items():
        if hashlib.sha256(contents.photos.read(path)).hexdigest() != digest:
            differences.append(f"{path} has another SHA-256 than the descriptor says")
    return differences


def corrected(people: Mapping[str, str], label_errors: Path) -> dict[str, str]:
    """The person of each photo, corrected; photos of unknown people are left out."""
    with label_errors.open(encoding="utf-8", newline="") as file:
        actual = {row["photo"]: row["actual"] for row in csv.DictReader(file)}
    by_photo = {
        photo: actual.get(photo, actual.get(f"{person}/", person))
        for photo, person in people.items()
    }
    return {photo: person for photo, person in by_photo.items() if person}


def _on_disk(dataset: Dataset, folder: Path | None) -> Path:
    place = folder
    if place is None and dataset.get in _PLACES:
        place = _PLACES[dataset.get](dataset)
    if place is None:
        raise WrongUse(f"{dataset.title} is fetched by hand: name its folder with --photos.")
    if not place.is_dir():
        raise WrongUse(
            f"{dataset.title} is not at {place}: `verikit datasets fetch {dataset.name}`, "
            "or give its folder with --photos."
        )
    return place


def _lfw_home(home: Path | None = None) -> Path:
    """Where scikit-learn keeps it; its own function takes a second to import and makes a folder."""
    own = home or Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data"))
    return own.expanduser() / "lfw_home"


def _fetch_lfw(home: Path | None) -> Path:
    """Through scikit-learn, which knows the addresses and the digests; photos stay files."""
    from sklearn.datasets import fetch_lfw_people  # noqa: PLC0415 - slow to import, seldom needed

    try:
        fetch_lfw_people(data_home=home, min_faces_per_person=500, resize=0.1)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        raise WrongUse(
            f"LFW could not be downloaded ({in_words(error)}): download it on another "
            "machine, and give its folder with --photos."
        ) from error
    return _lfw_home(home) / "lfw_funneled"


_PLACES: dict[str, Callable[[Dataset], Path]] = {
    "scikit-learn": lambda dataset: _lfw_home() / "lfw_funneled",
    "included": lambda dataset: datasets_path() / dataset.name,
}
"""Where a data set lies, by how it is got."""
_WAYS: dict[str, Callable[[Path | None], Path | None]] = {
    "scikit-learn": _fetch_lfw,
    "included": lambda home: None,
}


def as_json(every: list[Dataset]) -> str:
    """Descriptors as JSON, as ``verikit datasets list --json`` prints them."""
    return json.dumps(
        [
            {name: value for name, value in vars(dataset).items() if name in _SHOWN}
            for dataset in every
        ],
        indent=2,
    )
