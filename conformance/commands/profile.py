"""The command ``verikit profile``: measures a server's profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from conformance.cases.fuzzing import nothing_left
from conformance.catalogue import load_catalogue
from conformance.commands.options import iv, jobs, key
from conformance.judging.verdicts import Level, Verdict
from conformance.probe import Found, Probe
from conformance.requests.exchange import Target
from conformance.run import Run, run
from conformance.runner import Options
from verikit.contract.profile import LIMITS, Profile, Standards
from verikit.options import access, secrets, timeout
from verikit.plural import counted


@click.command()
@click.argument("url")
@key
@iv
@access
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="profile.yaml",
    show_default=True,
    help="The profile to write.",
)
@jobs
@timeout
def profile(url: str, output: Path, jobs: int, timeout: float, **given: Any) -> None:
    """Measure the limits of the server at URL, and write its profile.

    Bisection finds the limits of sides, files and bodies; a run of the suite then shows which
    readings the server keeps. The file marks what contradicts the API page.

    \b
    Example:
      verikit profile https://faces.example --output faces.yaml
      verikit check https://faces.example --profile faces.yaml
    """
    target = Target.of(url, **secrets(), timeout=timeout, access=given["access"])
    console = Console(stderr=True)
    with console.status("Asking for limits, formats and statuses"):
        probe = Probe(target)
        formats, limits = probe.formats(), dict(probe.limits())
        standards = Standards(
            formats=tuple(formats.value), **{name: one.value for name, one in limits.items()}
        )
        statuses = dict(probe.statuses(standards))
    found = Profile(
        standards=standards,
        statuses={name: one.value for name, one in statuses.items()},
        readings=None,
    )
    with console.status("Running the suite once, held to every reading"), nothing_left():
        done = run(
            target,
            load_catalogue().select("!fuzz-"),
            profile=replace(found, name=str(output)),
            options=Options(jobs=jobs),
        )
    lines = [*_head(url), *_standards(formats, limits), *_statuses(statuses), *_readings(done)]
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    console.print(
        f"{output}: {counted(probe.requests + done.requests, 'request')}", highlight=False
    )


def _head(url: str) -> Iterator[str]:
    yield f"# What {url} does, found out by verikit profile. Correct what is not meant so."


def _standards(formats: Found, limits: Mapping[str, Found]) -> Iterator[str]:
    yield "photo_standards:"
    yield f"  formats: [{', '.join(formats.value)}]  # {formats.how}"
    for group, names in LIMITS.items():
        met = {key: limits[name] for key, name in names.items() if name in limits}
        if not met:
            yield f"  # {group}: no limit was met"
            continue
        yield f"  {group}:"
        yield from (f"    {key}: {one.value}  # {one.how}" for key, one in met.items())


def _statuses(statuses: Mapping[str, Found]) -> Iterator[str]:
    if statuses:
        yield "statuses:"
    yield from (f"  {name}: {one.value}  # {one.how}" for name, one in statuses.items())


def _readings(done: Run) -> Iterator[str]:
    """A reading that was tried and never broken is kept; what breaks a MUST is marked."""
    broken = {
        finding.requirement: result.case for result in done.results for finding in result.findings
    }
    tried = {
        requirement
        for result in done.results
        if result.verdict in (Verdict.PASSED, Verdict.WARNING, Verdict.FAILED)
        for requirement in (done.cases[result.case].requires[0], *done.cases[result.case].readings)
    }
    yield "readings:"
    for one in done.requirements.values():
        if one.level is not Level.MUST and one.id in tried:
            kept = one.id not in broken
            yield (
                f"  {one.id}: contract" if kept else f"  # {one.id}: not kept, see {broken[one.id]}"
            )
    for one in done.requirements.values():
        if one.level is Level.MUST and one.id in broken:
            yield f"# Contradicts the page: {one.id} ({one.text.strip()}), see {broken[one.id]}"
