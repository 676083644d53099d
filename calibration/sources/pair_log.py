"""The single pairs of a file of scores, for results that counts cannot give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from calibration.counting.comparisons import Block, Measurement
from calibration.sources.formats.matrices import holds_matrix
from calibration.sources.scores import count_scores, open_scores
from calibration.statistics.arrays import Counts, Floats
from verikit.errors import WrongUse


class PairLog(Measurement):
    """Keeps each pair, whether it has a score, and its errors at each threshold.

    A refused pair is a non-match; ``unanswered`` holds the pairs with neither a score nor a
    refusal. Nothing is counted.
    """

    def __init__(self, like: Measurement) -> None:
        limits = like.limits or (like.non_mated.histogram.low, like.non_mated.histogram.high)
        super().__init__(
            like.thresholds, like.no_face, low=limits[0], high=limits[1],
            open_ended=like.limits is None, sign=like.sign,
        )  # fmt: skip
        self.identities = like.identities
        self.impostors = like.impostors
        self._blocks: list[tuple[Counts, np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
        self.keys: dict[bool, Counts] = {}
        self.wrong: dict[bool, np.ndarray] = {}
        self.scored: dict[bool, np.ndarray] = {}
        self.unanswered: dict[bool, Counts] = {}

    def add(self, block: Block) -> None:
        """Keep the pairs of a block, except photos compared with themselves."""
        kept = (block.first != block.second) & ~self.aside(block)
        scores: Floats = self._as_written(block.scores)[kept]
        first, second, mated = block.first[kept], block.second[kept], block.mated[kept]
        keys = np.maximum(first, second) << 32 | np.minimum(first, second)
        scored = ~np.isnan(scores)
        wrong = np.array([(scores >= t) != mated for t in self.thresholds])
        self._blocks.append((keys, mated, scored, scored | (block.codes[kept] != 0), wrong))

    def close(self) -> None:
        """Merge the blocks; of a repeated pair the first answer counts."""
        keys, mated, scored, answered, wrong = (
            np.concatenate([block[part] for block in self._blocks], axis=-1) for part in range(5)
        )
        for kind in (False, True):
            ours = np.flatnonzero((mated == kind) & answered)
            self.unanswered[kind] = np.setdiff1d(keys[(mated == kind) & ~answered], keys[ours])
            self.keys[kind], places = np.unique(keys[ours], return_index=True)
            self.wrong[kind] = wrong[:, ours[places]]
            self.scored[kind] = scored[ours[places]]

    def leave_out_refusals(self) -> None:
        """Treat refused pairs as unanswered ones."""
        for kind, scored in self.scored.items():
            refused = self.keys[kind][~scored]
            self.unanswered[kind] = np.union1d(self.unanswered[kind], refused)
            self.keys[kind] = self.keys[kind][scored]
            self.wrong[kind] = self.wrong[kind][:, scored]
            self.scored[kind] = scored[scored]

    def photos(self, *, mated: bool) -> Counts:
        """The numbers of the two photos of each pair of a kind, shape (n, 2)."""
        return photos_of(self.keys[mated])


def read_pairs(
    path: Path, like: Measurement, columns: Mapping[str, str], people: Mapping[str, str]
) -> PairLog:
    """The pairs of a file of scores, with the numbers of photos of the measurement ``like``.

    Raises:
        WrongUse: it cannot be read, or lacks the names of photos.
    """
    if not path.is_file():
        raise WrongUse(f"{path} is neither a file of scores nor the folder of a run.")
    if holds_matrix(path):
        raise WrongUse(f"{path} is a matrix: only scores with names of photos can be put together.")
    log = PairLog(like)
    count_scores(open_scores(path, columns), log, people)
    log.close()
    return log


def photos_of(keys: Counts) -> Counts:
    """The two photos of pairs by their keys, shape (n, 2)."""
    return np.column_stack([keys >> 32, keys & 0xFFFFFFFF])
