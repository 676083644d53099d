"""Pairs whose impostors are people of the same group, and others to compare them with."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from calibration.counting.groups import NOT_GIVEN
from calibration.sources.pairs.permutation import Permutation
from calibration.sources.pairs.sampling import Pair, Pool, Shuffled
from calibration.statistics.arrays import Counts
from verikit.errors import WrongUse


def share_within(person: Counts, group: Sequence[str]) -> float:
    """The share of non-mated pairs of photos within a group, among photos with a group.

    ``person`` and ``group`` give the person and the group of each photo, shape (photos,).

    Raises:
        WrongUse: the share is 0 or 1.
    """
    given = np.array([name != NOT_GIVEN for name in group], bool)
    names = np.array(group)[given]
    mated = _pairs(person[given])
    within, every = _pairs(names) - mated, int(given.sum()) * (int(given.sum()) - 1) // 2 - mated
    if not 0 < within < every:
        raise WrongUse(_TOO_FEW_GROUPS)
    return within / every


def _pairs(of: np.ndarray) -> int:
    """Pairs of two that are of the same."""
    counts = np.unique(of, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


_TOO_FEW_GROUPS = (
    "--impostors same-group needs two groups or more, one of them of two people or more, among the "
    "people who have photos."
)


class SameGroup(Shuffled):
    """Mated pairs of a pool, and non-mated ones of which at least half are within a group.

    The others are across groups, chosen by the seed: they show the rate of random pairs.
    ``share`` is the share of non-mated pairs of these photos within a group.
    """

    def __init__(self, people: Mapping[str, str], groups: Mapping[str, str], seed: int) -> None:
        """``people`` maps a photo to its person, ``groups`` a person to their group.

        Raises:
            WrongUse: no group has two people, or all people are of one group.
        """
        members: dict[str, dict[str, str]] = defaultdict(dict)
        for photo, person in people.items():
            members[groups[person]][photo] = person
        self._mated = Pool(people, groups)
        self._within = [
            Pool(photos, dict.fromkeys(photos.values(), group))
            for group, photos in sorted(members.items())
        ]
        self._across = Pool(
            {photo: groups[person] for photo, person in people.items()}, {g: g for g in members}
        )
        sizes = [pool.size(mated=False) for pool in self._within]
        within, across = sum(sizes), self._across.size(mated=False)
        if not (within and across):
            raise WrongUse(_TOO_FEW_GROUPS)
        self._before = np.cumsum([0, *sizes])
        self._order = Permutation(across, seed, "across groups")
        self._sizes = within, min(within, across)
        self.share = within / (within + across)

    def size(self, *, mated: bool) -> int:
        """How many pairs there are of a kind."""
        return self._mated.size(mated=True) if mated else sum(self._sizes)

    def pair(self, number: int, *, mated: bool) -> Pair:
        """The pair of this number."""
        if mated:
            return self._mated.pair(number, mated=True)
        within, _ = self._sizes
        if number >= within:
            return self._across.pair(self._order[number - within], mated=False)
        place = int(np.searchsorted(self._before, number, side="right")) - 1
        return self._within[place].pair(number - int(self._before[place]), mated=False)

    def digest(self) -> str:
        """The SHA-256 that tells these pairs from others."""
        parts = f"same group\n{self._mated.digest()}\n{self._across.digest()}\n"
        return hashlib.sha256(parts.encode()).hexdigest()
