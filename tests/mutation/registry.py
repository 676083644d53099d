"""A server to try the suite on: a mutant, or a legal variant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.mutation.parts import Build, Parts
from tests.mutation.serving import served
from verikit.contract import load_contract
from verikit.contract.profile import load_profile

PROFILES = Path(__file__).parent / "profiles"
MODEST = str(PROFILES / "modest.yaml")
STANDARDS = load_profile(MODEST).standards.filled(load_contract().photo_standards)
"""What every server takes that does not differ in just that."""

Start = Callable[[Parts], AbstractContextManager[str]]
"""Starts a server made of the parts; gives its URL and stops it at the end."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """``breaks``: the requirements that a mutant breaks; none for a legal variant.

    ``profile``: what the suite is told of the server, as ``--profile`` takes it.
    """

    name: str
    start: Start
    breaks: tuple[str, ...] = ()
    profile: str | None = None
    key: str | None = None
    iv: str | None = None
    build: Build | None = None
    """What a mutant is built by, to make others of it."""
    direct: bool = False
    """It is asked without sockets, as the fault lies behind HTTP."""
    models: bool = True
    """Whether it takes the models to find faces; else those of the mock will do."""

    @property
    def is_mutant(self) -> bool:
        return bool(self.breaks)


class Registry(dict[str, Candidate]):
    """Candidates by name."""

    def add(self, one: Candidate) -> None:
        if one.name in self:
            raise ValueError(f"two servers are called {one.name}")
        self[one.name] = one


MUTANTS = Registry()
VARIANTS = Registry()


def mutant(
    *breaks: str,
    name: str | None = None,
    profile: str = MODEST,
    key: str | None = None,
    iv: str | None = None,
    direct: bool = True,
) -> Callable[[Build], Build]:
    """Register a server with a fault; it is held to the contract's readings too."""

    def register(build: Build) -> Build:
        called = _called(build, name)
        MUTANTS.add(
            Candidate(
                name=called,
                start=_start(build),
                breaks=breaks,
                profile=profile,
                key=key,
                iv=iv,
                build=build,
                direct=direct,
            )
        )
        return build

    return register


Row = tuple[str, Callable[[Any], Any]]
"""The requirements that a fault breaks, with blanks between them, and how something changes."""


def mutants(kind: Callable[[Any], Build], table: Mapping[str, Row], *, direct: bool = True) -> None:
    """Register mutants of one shape: what ``kind`` makes of each change, by name."""
    for name, (breaks, change) in table.items():
        mutant(*breaks.split(), name=name, direct=direct)(kind(change))


def mutants_of_head(breaks: str, table: Mapping[str, Callable[[bytes], bytes]]) -> None:
    """Register mutants that spoil the status line and the headers of every answer, by name."""
    for name, spoil in table.items():
        MUTANTS.add(
            Candidate(
                name=name,
                start=partial(_spoilt, spoil),
                breaks=(breaks,),
                profile=MODEST,
            )
        )


def _spoilt(spoil: Callable[[bytes], bytes], parts: Parts) -> AbstractContextManager[str]:
    return served(parts.serve, spoil=spoil)


def variant(
    *,
    name: str | None = None,
    profile: str | None = None,
    key: str | None = None,
    iv: str | None = None,
) -> Callable[[Build], Build]:
    """Register a legal variant."""

    def register(build: Build) -> Build:
        called = _called(build, name)
        VARIANTS.add(Candidate(name=called, start=_start(build), profile=profile, key=key, iv=iv))
        return build

    return register


def variant_started(*, name: str, profile: str | None = None) -> Callable[[Start], Start]:
    """Register a legal variant that differs in how it is served."""

    def register(start: Start) -> Start:
        VARIANTS.add(Candidate(name=name, start=start, profile=profile))
        return start

    return register


def _start(build: Build) -> Start:
    return lambda parts: served(build(parts))


def _called(build: Callable[..., object], name: str | None) -> str:
    return (name or build.__name__).replace("_", "-")
