"""A load profile: the options of a load test, read from a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from loadtests.statistics.gates import LIMITS
from verikit.contract import load_contract
from verikit.contract.plain_yaml import read_yaml_file
from verikit.contract.profile import Profile as ServerProfile
from verikit.contract.profile import profile_of
from verikit.errors import WrongUse, in_words
from verikit.foreign_text import shown

FOLDER = Path(__file__).resolve().parent / "profiles"
COMPARISON = "COMPARISON"
CONSTANT, POISSON = SPACINGS = ("constant", "poisson")
_Options = TypeVar("_Options", "Stage", "Search", "Profile")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stretch of load: ``rate`` arrivals a second (open) or ``users`` in a loop (closed)."""

    seconds: float
    rate: float | None = None
    users: int | None = None

    def __post_init__(self) -> None:
        if (self.rate is None) == (self.users is None):
            raise WrongUse("a stage has either `rate` or `users`")
        if not self.level > 0 or not self.seconds > 0:
            raise WrongUse("a stage needs a rate or users, and seconds, above 0")

    @property
    def level(self) -> float:
        """The rate or the number of users, whichever the stage names."""
        return self.rate or self.users or 0

    def scaled(self, factor: float) -> Stage:
        """The same stretch at ``factor`` times the load."""
        if self.rate is not None:
            return dataclasses.replace(self, rate=self.rate * factor)
        return dataclasses.replace(self, users=max(1, round(self.level * factor)))


@dataclass(frozen=True, kw_only=True)
class Search:
    """How to search for the knee: steps of ``seconds``, the first ``settle`` of which do not count.

    The search starts at the throughput that ``burst_users`` users in a loop reach, goes up or
    down by ``growth``, and ends when the knee is known within ``precision``.
    """

    seconds: float = 15
    settle: float = 3
    burst_users: int = 8
    growth: float = 1.25
    precision: float = 0.05

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and self.settle >= 0 and self.burst_users >= 1):
            raise WrongUse("a search needs seconds above 0 and at least one burst user")
        if not (self.growth > 1 and self.precision > 0):
            raise WrongUse("a search needs growth above 1 and precision above 0")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The options of one load test; times in seconds, photo sides in pixels.

    ``mix`` gives the share of comparisons and of wrong requests, by the name of the system code
    they must be refused with. ``arrivals`` spaces the requests of open stages evenly, or at random
    and independently of each other as ``seed`` has it. ``patience`` is how long an arrival waits
    for one of the ``in_flight`` connections before it is dropped. ``server`` is what the profile
    of the server under test says, as plain data.
    """

    about: str
    name: str = ""
    stages: tuple[Stage, ...] = ()
    search: Search | None = None
    warm_up: float = 0
    arrivals: str = CONSTANT
    seed: int = 0
    in_flight: int = 64
    patience: float = 5
    timeout: float = 60
    photos: tuple[int, ...] = (250, 500)
    mix: Mapping[str, float] = field(default_factory=lambda: {COMPARISON: 1})
    slow_clients: int = 0
    slow_seconds: float = 10
    gates: Mapping[str, float] = field(default_factory=dict)
    abort_on_fail: bool = False
    server: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.stages and not self.search:
            raise WrongUse(f"profile {self.name}: it needs `stages` or a `search`")
        if len({stage.rate is None for stage in self.stages}) > 1:
            raise WrongUse(f"profile {self.name}: its stages are all `rate` or all `users`")
        if min(self.in_flight, self.patience, self.timeout, self.slow_seconds) <= 0:
            raise WrongUse(f"profile {self.name}: in_flight and the times must be above 0")
        if self.warm_up < 0 or self.slow_clients < 0:
            raise WrongUse(f"profile {self.name}: warm_up and slow_clients cannot be negative")
        self._check_arrivals()
        self._check_photos()
        _check_names(f"profile {self.name}: mix", self.mix, {COMPARISON, *load_contract().codes})
        _check_names(f"profile {self.name}: gates", self.gates, LIMITS)

    def _check_arrivals(self) -> None:
        if self.arrivals not in SPACINGS or not isinstance(self.seed, int):
            raise WrongUse(
                f"profile {self.name}: arrivals are {' or '.join(SPACINGS)}, the seed is an integer"
            )

    def _check_photos(self) -> None:
        standards = self.server_profile.standards.filled(load_contract().photo_standards)
        if "JPEG" not in standards.formats:
            raise WrongUse("load tests send JPEG photos, which the server's profile does not list")
        if not self.photos or not all(
            standards.min_side <= side <= standards.max_side for side in self.photos
        ):
            raise WrongUse(
                f"profile {self.name}: photos are sides of {standards.min_side} to "
                f"{standards.max_side} pixels"
            )

    @property
    def server_profile(self) -> ServerProfile:
        """What is known of the server under test."""
        return profile_of("of the server", self.server)

    @property
    def is_open(self) -> bool:
        """Whether requests arrive at a rate, no matter how fast they are answered."""
        return bool(self.stages) and self.stages[0].rate is not None

    @property
    def model(self) -> str:
        """In words, whether arrivals wait for answers (closed) or not (open), or are searched."""
        return "search" if self.search else "open" if self.is_open else "closed"

    @property
    def seconds(self) -> float:
        """How long is measured, the warm-up left out."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def least_users(self) -> int:
        """The fewest users that ask at any time: each generator process needs one."""
        return self.in_flight if self.is_open else min(stage.users or 0 for stage in self.stages)

    def plain(self) -> dict[str, Any]:
        """As nested plain values: for a report, or for a worker elsewhere."""
        return dataclasses.asdict(self)


def profile_names() -> list[str]:
    """The profiles that come with the kit."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_profile(name: str, server: Mapping[str, Any] = {}) -> Profile:
    """A load profile by name, or from a YAML file; ``server`` is the server's own profile.

    Raises:
        WrongUse: there is no such profile, or an option of it makes no sense.
    """
    path = FOLDER / f"{name}.yaml" if name in profile_names() else Path(name)
    try:
        options = read_yaml_file(path)
    except OSError as error:
        known = ", ".join(profile_names())
        raise WrongUse(f"there is no profile {name}: use one of {known}, or a file") from error
    except ValueError as error:
        raise WrongUse(f"{path} is not a load profile: {in_words(error)}") from error
    if not isinstance(options, Mapping):
        raise WrongUse(f"{path} contains no options")
    if "server" in options:
        raise WrongUse("`server` is not an option of a load profile: name it by --profile")
    try:
        return profile_from({"name": path.stem, **options, "server": server})
    except (TypeError, ValueError, AttributeError) as error:
        raise WrongUse(f"{path} is not a load profile: {in_words(error)}") from error


def profile_from(options: Mapping[str, Any]) -> Profile:
    """A profile from plain values, as in a file or in :meth:`Profile.plain`."""
    found = dict(options)
    found["stages"] = tuple(_build(Stage, stage) for stage in found.get("stages") or ())
    found["search"] = _build(Search, found["search"]) if found.get("search") else None
    if "photos" in found:
        found["photos"] = tuple(found["photos"])
    return _build(Profile, found)


def _build(kind: type[_Options], options: Mapping[str, Any]) -> _Options:
    known = {each.name: each for each in dataclasses.fields(kind)}
    for name in options:
        if name not in known:
            raise WrongUse(f"`{name}` is not an option of a {kind.__name__.lower()}")
    for name, each in known.items():
        if name not in options and each.default is each.default_factory is dataclasses.MISSING:
            raise WrongUse(f"a {kind.__name__.lower()} needs `{name}`")
    try:
        return kind(**options)
    except TypeError as error:
        given = shown(str(dict(options)), limit=100)
        raise WrongUse(f"a {kind.__name__.lower()} is invalid: {given}") from error


def _check_names(where: str, entries: Mapping[str, float], known: Any) -> None:
    for name, value in entries.items():
        if name not in known:
            raise WrongUse(f"{where}: {name} is not one of {', '.join(sorted(known))}")
        if not isinstance(value, int | float) or value < 0:
            raise WrongUse(f"{where}: {name} must be a number of 0 or more")
