"""All mutants and legal variants, taken together."""

from pathlib import Path

import yaml

import conformance
from conformance.catalogue import load_catalogue
from conformance.judging.verdicts import Level
from tests.mutation.mutants import MUTANTS
from tests.mutation.variants import VARIANTS

TESTABLE = {id: one for id, one in load_catalogue().requirements.items() if not one.untestable}
BROKEN = {requirement for one in MUTANTS.values() for requirement in one.breaks}


def test_there_are_many_of_both():
    assert len(MUTANTS) >= 80
    assert len(VARIANTS) >= 25


def test_mutants_break_testable_requirements():
    assert set(TESTABLE) >= BROKEN


def test_every_binding_requirement_is_broken_by_a_mutant():
    binding = {id for id, one in TESTABLE.items() if one.level is Level.MUST}
    assert binding - BROKEN == set()


def test_every_reading_is_broken_by_a_mutant():
    assert set(TESTABLE) - BROKEN == set()


def test_variants_break_nothing():
    assert not any(one.is_mutant for one in VARIANTS.values())


FREEDOMS = yaml.safe_load((Path(conformance.__file__).parent / "freedoms.yaml").read_text())


def test_every_freedom_is_used_by_a_legal_server():
    named = {server for entry in FREEDOMS for server in entry["servers"]}
    assert named - set(VARIANTS) == set()
    assert all(entry["servers"] for entry in FREEDOMS)


def test_no_freedom_is_a_must():
    readings = {reading for entry in FREEDOMS for reading in entry["readings"]}
    assert [id for id in readings if TESTABLE[id].level is Level.MUST] == []
