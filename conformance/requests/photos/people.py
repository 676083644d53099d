"""The people on the photos: the two built-in ones, or a vendor's folders, one per person::

photos/anna/1.jpg  photos/anna/2.jpg  photos/bert/a.png
"""

from __future__ import annotations

from pathlib import Path

from conformance.requests.photos.files import OWN
from conformance.requests.recipe import Photo
from verikit.errors import WrongUse

OUR_PEOPLE = {
    "collins": (Photo(of="collins"), Photo(of="collins", brightness=0.9)),
    "hopper": (Photo(of="hopper"), Photo(of="hopper", brightness=0.9)),
}


def own_people(folder: Path) -> dict[str, tuple[Photo, ...]]:
    """The people in a vendor's folder, by the name of their folder.

    Raises:
        WrongUse: there is no photo of anybody.
    """
    if not folder.is_dir():
        raise WrongUse(f"There is no folder {folder}.")
    people = {
        person.name: tuple(
            Photo(of=f"{OWN}{file}") for file in sorted(person.iterdir()) if file.is_file()
        )
        for person in sorted(folder.iterdir())
        if person.is_dir()
    }
    people = {name: photos for name, photos in people.items() if photos}
    if not people:
        raise WrongUse(f"{folder} contains no photos: it needs one folder per person.")
    return people
