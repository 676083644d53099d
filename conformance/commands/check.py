"""The command ``verikit check``."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.markup import escape

from conformance.case import Case
from conformance.cases.fuzzing import nothing_left
from conformance.catalogue import Catalogue, load_catalogue
from conformance.commands.options import iv, jobs, key
from conformance.judging.known_failures import load_waivers
from conformance.judging.verdicts import Result
from conformance.reports.badge import write_badge
from conformance.reports.comparison import Comparison, compare
from conformance.reports.console import Live, report
from conformance.reports.evidence import evidence
from conformance.reports.json_lines import Lines, failed_before, read_lines
from conformance.reports.junit import write_junit
from conformance.reports.listing import as_data, as_text
from conformance.reports.page import write_page
from conformance.reports.sarif import write_sarif
from conformance.requests.exchange import Target
from conformance.requests.photos.people import own_people
from conformance.run import Given, Run, run
from conformance.runner import Options
from conformance.self_check import self_check
from verikit.contract.profile import load_profile
from verikit.errors import WrongUse
from verikit.options import (
    REACHING,
    Grouped,
    access,
    json_file,
    secrets,
    secrets_source,
    timeout,
)

_FILE = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where each report goes; None for nowhere."""

    html: Path | None
    junit: Path | None
    json: Path | None
    sarif: Path | None
    badge: Path | None


@click.command(
    cls=Grouped,
    groups={
        "What is checked": ("profile", "waivers", "photos", "patterns", "only_failed", "release"),
        "How it is checked": ("jobs", "repeat", "seed", "fuzz_examples", "timeout", "self_check"),
        **REACHING,
        "Output": ("list", "html", "no_html", "json", "compare", "junit", "sarif", "badge"),
    },
    epilog="Exit codes: 0 passed, 1 the server failed, 2 wrong usage, 3 incomplete.",
)
@click.argument("url", required=False)
@key
@iv
@click.option("--profile", help="A profile of the server: a file, or 'reference'.")
@click.option("--waivers", type=_FILE, help="A YAML file of known failures: case, reason, until.")
@click.option(
    "--photos",
    type=click.Path(path_type=Path, file_okay=False),
    help="Your own photos, one folder per person; never stored or shown.",
)
@access
@click.option(
    "-k",
    "patterns",
    multiple=True,
    help="Run only the case with the ID TEXT, else cases whose ID contains it (* and ? are "
    "wildcards); !TEXT excludes cases. May be repeated.",
)
@click.option(
    "--only-failed", type=_FILE, help="Run only the cases that did not pass in this JSON report."
)
@click.option(
    "--compare",
    type=_FILE,
    help="Compare with this JSON report: what is new, fixed and still failing.",
)
@click.option("--release", help="The release to score.  [default: the newest]")
@jobs
@click.option(
    "--repeat",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Run each case this many times, and count how often it fails.",
)
@click.option("--seed", type=int, help="Repeat the random requests of the run with this seed.")
@click.option(
    "--fuzz-examples",
    default=60,
    show_default=True,
    type=click.IntRange(1),
    help="Random requests of each fuzzing case.",
)
@timeout
@click.option(
    "--html",
    type=_FILE,
    default="reports/conformance.html",
    show_default=True,
    help="The HTML report.",
)
@click.option("--no-html", is_flag=True, help="Do not write an HTML report.")
@click.option("--junit", type=_FILE, help="Write JUnit XML.")
@json_file(help="Write JSON lines; - is standard output.")
@click.option("--sarif", type=_FILE, help="Write SARIF that refers to lines of openapi.yaml.")
@click.option("--badge", type=_FILE, help="Write an SVG badge.")
@click.option(
    "--self-check",
    is_flag=True,
    help="First run the suite against a good and a bad mock server.",
)
@click.option("--list", is_flag=True, help="Print all requirements and cases, and exit.")
def check(url: str | None, **given: Any) -> None:
    """Check the server at URL against the contract.

    \b
    Examples:
      verikit check http://127.0.0.1:3000 --profile reference
      verikit check https://faces.example --key ... --iv ... --profile ours.yaml
      verikit check --list
    """
    catalogue = load_catalogue(given["release"])
    cases = _selected(catalogue, given)
    earlier = read_lines(given["compare"]) if given["compare"] else None
    if given["list"]:
        _list(catalogue, cases, in_json=given["json"] is not None)
        return
    if url is None:
        raise WrongUse("Give the server's URL, for example: verikit check http://127.0.0.1:3000")
    target = Target.of(url, **secrets(), timeout=given["timeout"], access=given["access"])
    options = _options(catalogue, given)
    console = Console(stderr=given["json"] == Path("-"), highlight=False)
    _say_header(console, target, len(cases), options, given)
    shown = _self_check(console) if given["self_check"] else ""
    done = _watched(target, cases, given, options, console)
    done = replace(done, self_check=shown, given=_given(click.get_current_context()))
    since = compare(done, earlier) if earlier else None
    _write(done, since, _outputs(given), console)
    sys.exit(done.exit_code)


def _say_header(
    console: Console, target: Target, cases: int, options: Options, given: dict[str, Any]
) -> None:
    profile = load_profile(given["profile"]).name or "none"
    release = load_catalogue(options.release).release
    console.print(f"verikit {version('verikit')} checks {escape(target.url)}", soft_wrap=True)
    console.print(f"profile {escape(profile)}, release {release}, cases: {cases}", soft_wrap=True)
    console.print(f"seed {options.seed}; {secrets_source()}", soft_wrap=True)
    for remark in target.endpoint.remarks:
        console.print(escape(remark), soft_wrap=True)
    console.print()


def _self_check(console: Console) -> str:
    """What the self-check shows.

    Raises:
        SelfCheckFailed: the suite cannot tell good from bad, so a verdict would be worth nothing.
    """
    with console.status("Checking the mock first, without and with a fault"), nothing_left():
        text = self_check()
    console.print(text, highlight=False, soft_wrap=True)
    return text


def _selected(catalogue: Catalogue, given: dict[str, Any]) -> Sequence[Case]:
    earlier = given["only_failed"]
    ids = failed_before(read_lines(earlier)) if earlier else None
    if ids is not None and not ids:
        raise WrongUse(f"Nothing failed in {earlier}, so there is nothing to run.")
    return catalogue.select(*given["patterns"], ids=ids)


def _options(catalogue: Catalogue, given: dict[str, Any]) -> Options:
    seed = given["seed"] if given["seed"] is not None else random.SystemRandom().getrandbits(31)
    ids = {case.id for case in catalogue.cases}
    return Options(
        jobs=given["jobs"],
        repeat=given["repeat"],
        seed=seed,
        examples=given["fuzz_examples"],
        release=given["release"],
        people=own_people(given["photos"]) if given["photos"] else None,
        waivers=load_waivers(given["waivers"], ids) if given["waivers"] else (),
    )


def _watched(
    target: Target,
    cases: Sequence[Case],
    given: dict[str, Any],
    options: Options,
    console: Console,
) -> Run:
    """The run with a progress bar, and with each verdict written as it falls."""
    profile = load_profile(given["profile"])
    by_id = {case.id: case for case in cases}
    live = Live(console, len(cases))
    with ExitStack() as stack:
        lines = _lines(stack, given["json"])
        if lines:
            release = load_catalogue(options.release).release
            lines.header(target, profile.name, release, options.seed, list(by_id))

        def watch(result: Result) -> None:
            live.show(result)
            if lines:
                lines.result(result, by_id[result.case])

        with live.progress, nothing_left():
            done = run(target, cases, profile=profile, options=options, watch=watch)
        if lines:
            lines.footer(done)
    return done


def _lines(stack: ExitStack, path: Path | None) -> Lines | None:
    if path is None:
        return None
    if path == Path("-"):
        return Lines(sys.stdout)
    path.parent.mkdir(parents=True, exist_ok=True)
    return Lines(stack.enter_context(path.open("w", encoding="utf-8")))


_AGAIN = (
    *("photos", "release", "fuzz_examples", "repeat", "timeout", "header_file", "ca_file"),
    *("client_certificate", "client_key", "insecure", "proxy"),
)
"""Options without which a case may not go as before."""


def _given(context: click.Context) -> Given:
    """What was said on the command line; neither key nor IV nor a proxy's password."""
    secret = [f"--{name}" for name in ("key", "iv") if _was_said(context, name)]
    options = []
    for name in _AGAIN:
        value, flag = context.params.get(name), "--" + name.replace("_", "-")
        if not _was_said(context, name):
            continue
        if name == "proxy" and "@" in str(value):
            secret.append(flag)
        else:
            options += [flag] if value is True else [flag, str(value)]
    above = context.parent
    files = [name for name in ("key_file", "iv_file") if above and _was_said(above, name)]
    return Given(
        before=tuple(
            word
            for name in files
            for word in ("--" + name.replace("_", "-"), str(above and above.params[name]))
        ),
        options=tuple(options),
        withheld=f"with the same {' and '.join(secret)}" if secret else "",
    )


def _was_said(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _outputs(given: dict[str, Any]) -> Outputs:
    outputs = Outputs(**{name: given[name] for name in ("html", "junit", "json", "sarif", "badge")})
    return replace(outputs, html=None) if given["no_html"] else outputs


def _write(done: Run, since: Comparison | None, outputs: Outputs, console: Console) -> None:
    folder = _folder_of(outputs.html) if outputs.html else None
    proofs = evidence(done, folder)
    report(done, proofs, since, console)  # before any file: a disk may be full
    for proof in proofs.values():
        proof.replay.save()
    if outputs.html:
        write_page(done, proofs, outputs.html, since)
        console.print(f"Report: {outputs.html}", highlight=False, soft_wrap=True)
    if outputs.junit:
        write_junit(done, proofs, outputs.junit)
    if outputs.sarif:
        write_sarif(done, outputs.sarif)
    if outputs.badge:
        write_badge(done, outputs.badge)
    others = (outputs.junit, outputs.json, outputs.sarif, outputs.badge)
    for path in filter(None, others):
        if path != Path("-"):
            console.print(f"Written: {path}", soft_wrap=True)


def _folder_of(page: Path) -> Path:
    """The folder of a report's evidence: beside it, and of its name as far as that can be."""
    return page.with_suffix("") if page.suffix else page.with_name(f"{page.name}.evidence")


def _list(catalogue: Catalogue, cases: Sequence[Case], *, in_json: bool) -> None:
    if in_json:
        click.echo(json.dumps(as_data(catalogue, cases), indent=2))
    else:
        console = Console(highlight=False)
        console.print(as_text(catalogue, cases), soft_wrap=not console.is_terminal)
