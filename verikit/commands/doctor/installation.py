"""Checks Python and the installed libraries."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from verikit.commands.doctor.finding import Finding, State

NAME = "verikit"
COLLECTION = "all"
"""The extra that is several others together."""
SHOWN = 3


def python() -> Finding:
    """Whether the Python version is supported."""
    wanted, version = metadata.metadata(NAME)["Requires-Python"], platform.python_version()
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return Finding(check="python", found=version)
    return Finding(
        check="python",
        state=State.WRONG,
        found=f"{version}, but {wanted} is needed",
        advice="install verikit with a newer Python",
    )


def extras() -> Iterator[Finding]:
    """A finding for each extra: installed, absent, or with libraries that are too old."""
    for extra in metadata.metadata(NAME).get_all("Provides-Extra") or []:
        if extra != COLLECTION:
            yield judged(extra)


def is_whole(extra: str) -> bool:
    """Whether all requirements of an extra are installed."""
    return judged(extra).state is State.OK


def judged(extra: str) -> Finding:
    """One extra: whole, absent, or with libraries that are too old."""
    missing, old = _lacks(extra)
    install = f"in {NAME}'s folder: pip install '.[{extra}]'"
    if old:
        return Finding(check=extra, state=State.WRONG, found="; ".join(old), advice=install)
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        lacks = f"not installed: lacks {', '.join(missing[:SHOWN])}{more}"
        return Finding(check=extra, state=State.NOTE, found=lacks, advice=f"to use it, {install}")
    return Finding(check=extra, found="installed")


def _lacks(extra: str) -> tuple[list[str], list[str]]:
    """What an extra asks for and is absent, and what is there in a version that does not fit."""
    missing, old = [], []
    for wanted in _requirements(extra):
        try:
            version = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            missing.append(wanted.name)
            continue
        if not wanted.specifier.contains(version, prereleases=True):
            old.append(f"{wanted.name} is {version}, but {wanted.specifier} is needed")
    return missing, old


def _requirements(extra: str) -> Iterator[Requirement]:
    for text in metadata.requires(NAME) or []:
        requirement = Requirement(text)
        if requirement.marker and requirement.marker.evaluate({"extra": extra}):
            yield requirement
