"""The kill matrix: which requirement's cases noticed which mutant."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from conformance.case import Requirement
from conformance.catalogue import load_catalogue
from conformance.judging.verdicts import Level
from tests.mutation.trial import Trial

_EXAMPLES = 2
"""Cases that are named in a row of the table, those with the shortest ids."""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All trials of a run; ``whole`` unless only some candidates were tried."""

    trials: tuple[Trial, ...]
    whole: bool
    seconds: float

    @property
    def mutants(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.breaks)

    @property
    def variants(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if not trial.breaks)

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        """Those that a case can judge."""
        every = load_catalogue().requirements
        return {id: one for id, one in every.items() if not one.untestable}

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each survivor, wrong name, false alarm and MUST that nothing broke."""
        found = [trial.problem for trial in self.trials if trial.problem]
        return (*found, *(self._unproved() if self.whole else ()))

    def _unproved(self) -> Sequence[str]:
        named = self.kills
        return [
            f"No mutant was killed by a case about {id}, which every server must keep."
            for id, one in self.requirements.items()
            if one.level is Level.MUST and id not in named
        ]

    @cached_property
    def kills(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Requirement -> mutant that breaks it -> the cases about it that failed."""
        found: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        for trial in self.mutants:
            for requirement in trial.breaks:
                cases = tuple(f.case for f in trial.failures if f.names((requirement,)))
                if cases:
                    found[requirement][trial.candidate] = tuple(dict.fromkeys(cases))
        return found

    @property
    def scores(self) -> Mapping[str, tuple[int, int]]:
        """Requirement -> how many mutants break it, and how many of them its cases killed.

        The share is the requirement's mutation score, as RESTestBench (2026) defines it for tests
        of an API: only a test about a requirement kills what breaks it.
        """
        broken = Counter(requirement for trial in self.mutants for requirement in trial.breaks)
        return {id: (broken[id], len(self.kills.get(id, {}))) for id in self.requirements}

    def write_data(self, folder: Path) -> None:
        """The matrix as a table, a row for each mutant and requirement that it breaks, and sums."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "mutation.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("requirement", "mutant", "killed", "cases", "examples"))
            for trial in sorted(self.mutants, key=lambda trial: trial.candidate):
                for requirement in trial.breaks:
                    cases = self.kills.get(requirement, {}).get(trial.candidate, ())
                    examples = sorted(cases, key=lambda case: (len(case), case))[:_EXAMPLES]
                    row = (requirement, trial.candidate, int(bool(cases)), len(cases))
                    writer.writerow((*row, " ".join(examples)))
        summary = {
            "whole": self.whole,
            "mutants": len(self.mutants),
            "killed": sum(not trial.problem for trial in self.mutants),
            "legal_variants": len(self.variants),
            "false_alarms": sum(bool(trial.problem) for trial in self.variants),
            "minutes": round(self.seconds / 60, 1),
            "problems": self.problems,
            "requirements": {
                id: {"mutants": broken, "killed": killed, "score": round(killed / broken, 4)}
                for id, (broken, killed) in self.scores.items()
                if broken
            },
        }
        text = json.dumps(summary, indent=1) + "\n"
        (folder / "mutation-summary.json").write_text(text, encoding="utf-8")

    def write(self, path: Path) -> None:
        """Everything, as JSON."""
        content = {
            "mutants": len(self.mutants),
            "killed": sum(not trial.problem for trial in self.mutants),
            "legal_variants": len(self.variants),
            "false_alarms": sum(bool(trial.problem) for trial in self.variants),
            "seconds": round(self.seconds, 1),
            "problems": self.problems,
            "kills": self.kills,
            "trials": [asdict(trial) for trial in self.trials],
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
