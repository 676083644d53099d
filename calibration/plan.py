"""Which pair is asked when: decided by the seed before the first request, and never stored."""

from __future__ import annotations

from calibration.pairs import Pair, Pairs
from calibration.permutation import Permutation


class Plan:
    """All pairs in a random order without repeats, the mated ones spread evenly among the others.

    Any beginning of the plan is a random sample without replacement of either kind.
    """

    def __init__(self, pairs: Pairs, *, seed: int, mated_share: float) -> None:
        self._pairs = pairs
        self._share = mated_share
        self._orders = {
            mated: Permutation(pairs.size(mated=mated), seed, f"mated={mated}")
            for mated in (True, False)
        }

    def __len__(self) -> int:
        return self._orders[True].size + self._orders[False].size

    def __getitem__(self, place: int) -> Pair:
        if not 0 <= place < len(self):
            raise IndexError(place)
        mated_before = self._mated_before(place)
        mated = self._mated_before(place + 1) > mated_before
        order = self._orders[mated]
        number = order[mated_before if mated else place - mated_before]
        return self._pairs.pair(number, mated=mated)

    def _mated_before(self, place: int) -> int:
        """Mated pairs among the first ``place``: their share, until one kind runs out."""
        least = place - self._orders[False].size
        return min(max(int(place * self._share), least), self._orders[True].size)
