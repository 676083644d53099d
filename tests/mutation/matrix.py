"""The kill matrix: which requirement's cases noticed which mutant."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance.case import Requirement
from conformance.catalogue import load_catalogue
from conformance.judging.verdicts import Level
from tests.mutation.trial import Trial


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

    @property
    def kills(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Requirement -> mutant that breaks it -> the cases about it that failed."""
        found: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        for trial in self.mutants:
            for requirement in trial.breaks:
                cases = tuple(f.case for f in trial.failures if f.names((requirement,)))
                if cases:
                    found[requirement][trial.candidate] = tuple(dict.fromkeys(cases))
        return found

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
