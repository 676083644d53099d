"""Headers with tokens and keys for a gateway, from a file or variables.

They are secrets: they appear on no command line and in no report.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

from verikit.errors import WrongUse

Headers = tuple[tuple[str, str], ...]

VARIABLE = "VERIKIT_HEADER_"
FILE_VARIABLE = f"{VARIABLE}FILE"
"""Names a file of headers, like ``--header-file``."""
OURS = {
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Headers that a request sets itself."""
MOST_BYTES = 64 * 1024
SHORTEST_SECRET = 8
"""Characters; a shorter value is in every other answer by chance."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")


def headers_of_file(path: Path) -> Headers:
    """The headers in a file, ``Name: value``, one a line; empty lines and ``#`` lines are skipped.

    Raises:
        WrongUse: the file cannot be read, or a line is no header that can be added.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} cannot be read as ASCII text.") from error
    if len(content) > MOST_BYTES:
        raise WrongUse(
            f"{path} has more than {MOST_BYTES:,} bytes, too many for a file of headers."
        )
    found: Headers = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            name, colon, value = line.partition(":")
            if not colon:
                raise WrongUse(f"{path}, line {number}: write it like Authorization: Bearer ...")
            found += (_header(name, value.strip(), f"{path}, line {number}"),)
    return found


def headers_of_environment(environment: Mapping[str, str]) -> Headers:
    """``VERIKIT_HEADER_X_API_KEY=...`` as ``X-Api-Key: ...``, and so on.

    Raises:
        WrongUse: a variable is no header that can be added.
    """
    return tuple(
        _header(variable.removeprefix(VARIABLE).replace("_", "-").title(), value.strip(), variable)
        for variable, value in sorted(environment.items())
        if variable.startswith(VARIABLE) and variable != FILE_VARIABLE
    )


def basic(credentials: tuple[str, str]) -> str:
    """Name and password as RFC 7617 writes them."""
    return f"Basic {base64.b64encode(':'.join(credentials).encode()).decode()}"


def secrets_in(headers: Headers) -> tuple[bytes, ...]:
    """What of the headers no report may show, the longest first."""
    values = {value for _, value in headers} | {value.split()[-1] for _, value in headers}
    long = (value.encode() for value in values if len(value) >= SHORTEST_SECRET)
    return tuple(sorted(long, key=len, reverse=True))


def _header(name: str, value: str, place: str) -> tuple[str, str]:
    """A header; the message of an error does not repeat the value."""
    if not _NAME.fullmatch(name):
        raise WrongUse(f"{place} has no header name: write it like Authorization: Bearer ...")
    if name.lower() in OURS:
        raise WrongUse(f"{place}: {name} is set by verikit.")
    if not _VALUE.fullmatch(value):
        raise WrongUse(f"{place}: the value of {name} must be one line of printable ASCII.")
    return name, value
