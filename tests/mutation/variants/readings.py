"""What breaks nothing but a reading of ours is legal for a server that is not held to it.

Each mutant that breaks no MUST is tried again without a profile: it may earn a warning at most.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.catalogue import load_catalogue
from conformance.judging.verdicts import Level
from tests.mutation.mutants import MUTANTS
from tests.mutation.registry import VARIANTS

LEVELS = {id: one.level for id, one in load_catalogue().requirements.items()}

for one in MUTANTS.values():
    if Level.MUST not in {LEVELS.get(requirement) for requirement in one.breaks}:
        VARIANTS.add(replace(one, name=f"{one.name} without a profile", breaks=(), profile=None))
