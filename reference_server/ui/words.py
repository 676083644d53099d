"""The texts of the pages: facts of the contract and of this server, for templates and script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from reference_server.refusals import PHOTOS
from reference_server.settings import Settings
from reference_server.ui.tables import tables
from verikit.contract import PhotoStandards, load_contract

CONTRACT = load_contract()
OPERATION = CONTRACT.document["paths"][CONTRACT.path][CONTRACT.method.lower()]
SCHEMAS = CONTRACT.document["components"]["schemas"]
SWITCHES = [name for name, entry in CONTRACT.parameters.items() if entry.type == "boolean"]

HINTS = {
    "INVALID_ARGUMENT": "This page encrypts photos as documented, so the server probably has a "
    "different key or IV.",
    "INVALID_IMAGE_SIZE": "Use a photo with {min_side} to {max_side} pixels per side.",
    "INVALID_CONTENT_LENGTH": "Use a file of at most {file}.",
    "INVALID_IMAGE_TYPE": "Use a {formats} file. A viewer may open damaged files as well: try to "
    "save the file again.",
    "DETECTION_FAILED": "Use a photo in which the face is larger, well lit and seen from the "
    "front. If the face is not upright, let the server rotate the photo: auto_rotate.",
    "FACE_OCCLUSION": "Use a photo without a mask, sunglasses or a hand in front of the face.",
}
"""Advice for the next try, with this server's photo standards."""


def words(settings: Settings, calibrated: bool) -> dict[str, Any]:
    """The variables of the templates."""
    described = SCHEMAS["VerificationRequest"]["properties"]
    secrets = CONTRACT.encryption
    return {
        "contract": CONTRACT,
        "calibrated": calibrated,
        "operation": OPERATION,
        "schemas": SCHEMAS,
        "tables": tables(CONTRACT),
        "photos": PHOTOS,
        "switches": {name: _first_sentence(described[name]["description"]) for name in SWITCHES},
        "standards": settings.standards,
        # Phones convert what they would take in other formats.
        "accepted": ",".join(f"image/{name.lower()}" for name in settings.standards.formats),
        "secrets": [
            ("key", "Key", secrets.key_characters, secrets.default_key, secrets.key_variable),
            ("iv", "IV", secrets.iv_characters, secrets.default_iv, secrets.iv_variable),
        ],
    }


def facts(settings: Settings, look: str, samples: Sequence[str]) -> dict[str, Any]:
    """What the script needs to query the server and to understand its responses.

    ``look`` is the path that returns what was detected; ``samples`` are the paths of sample photos.
    """
    return {
        "operation": {
            "path": CONTRACT.path,
            "method": CONTRACT.method,
            "mediaType": CONTRACT.media_types[0],
        },
        "photos": PHOTOS,
        "tagBits": CONTRACT.encryption.tag_bytes * 8,
        "successCode": CONTRACT.success_code,
        "recommendedAbove": CONTRACT.error_rates.recommended_above,
        "codes": {
            entry.code: {"description": entry.description, "hint": _hint(name, settings.standards)}
            for name, entry in CONTRACT.codes.items()
        },
        "otherKey": CONTRACT.codes["INVALID_ARGUMENT"].code,
        "look": look,
        "samples": samples,
        "statuses": {
            status: _first_sentence(entry["description"])
            for status, entry in OPERATION["responses"].items()
        },
    }


def _hint(code: str, standards: PhotoStandards) -> str:
    return HINTS[code].format(
        min_side=standards.min_side,
        max_side=standards.max_side,
        file=size(standards.max_file_bytes),
        formats=" or ".join(standards.formats),
    )


def prose(text: str) -> Markup:
    """A description: what is in backticks as code, and our readings marked as such."""
    html = re.sub("`(.+?)`", r"<code>\1</code>", str(escape(text)))
    marked = re.sub(r" ?\(our reading\)(\.?)", r'\1 <em class="reading">our reading</em>', html)
    return Markup(marked)  # noqa: S704 - escaped above


def one_in(rate: float) -> str:
    """An error rate as one in so many."""
    return f"1 in {round(1 / rate):,}"


def size(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 2**20:.3g} MiB" if count >= 2**20 else f"{count / 2**10:.3g} KiB"


FILTERS = {"prose": prose, "one_in": one_in, "size": size}


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].removesuffix(".").removesuffix(" (our reading)") + "."
