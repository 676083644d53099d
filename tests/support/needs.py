"""What tests need from outside of the project, and the one command that brings it."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

DEBIAN = "sudo sh tools/debian.sh"
QUICK_JAVA = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""The environment of a JVM that is soon over; it says on stderr that it ``Picked up`` these."""


def missing(what: str, command: str = DEBIAN) -> str:
    """The reason to skip a test; the last lines of a test run are made from these."""
    return f"{what} is missing: {command}"


def needs(program: str) -> pytest.MarkDecorator:
    """Skips a test where a program is not installed."""
    return pytest.mark.skipif(not shutil.which(program), reason=missing(program))


def summary(reasons: Iterable[str]) -> Iterator[str]:
    """A line for each command that would bring what skipped tests need, and for other reasons."""
    wanted: dict[str, Counter[str]] = {}
    for reason in reasons:
        what, _, command = reason.partition(" is missing: ")
        wanted.setdefault(command, Counter())[what] += 1
    for command, things in sorted(wanted.items()):
        names = ", ".join(f"{what} ({count})" for what, count in sorted(things.items()))
        yield f"  {command:<26} for {names}" if command else f"  {names}"
