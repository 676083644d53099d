"""``verikit load``: reads the options, runs the load test, writes the reports, sets the status."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from loadtests.errors import Incomplete, WrongUse
from loadtests.gates import LIMITS
from loadtests.profile import Profile, load_profile, profile_names

if TYPE_CHECKING:
    from loadtests.compare import Run
    from loadtests.ledger import Ledger
    from loadtests.verdict import Outcome

WRONG_USE, INCOMPLETE = 2, 3


def _list_profiles(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        for name in profile_names():
            click.echo(f"{name:14} {load_profile(name).about}")
        context.exit()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("url")
@click.option(
    "--list",
    is_flag=True,
    callback=_list_profiles,
    is_eager=True,
    expose_value=False,
    help="List the profiles.",
)
@click.option(
    "--profile",
    "name",
    default="smoke",
    show_default=True,
    metavar="NAME|FILE",
    help="The profile to run.",
)
@click.option(
    "--users",
    type=click.IntRange(1),
    help="Users of a closed profile; of an open one, how many requests may be under way.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    help="Arrivals a second of an open profile's first stage; the others follow.",
)
@click.option(
    "--duration",
    type=click.FloatRange(0, min_open=True),
    help="Seconds to measure; of a search, seconds a step.",
)
@click.option("--warm-up", type=click.FloatRange(0), help="Seconds before that which do not count.")
@click.option(
    "--gate", "gates", multiple=True, metavar="NAME=LIMIT", help=f"Set a gate: {', '.join(LIMITS)}."
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report as one HTML file, and as JSON beside it.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write the report as JSON ('-' for standard output).",
)
@click.option(
    "--compare",
    "other",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Say what changed since this earlier JSON report.",
)
@click.option(
    "--pid",
    type=click.IntRange(1),
    help="The server's process, to sample its CPU and "
    "memory; found by the port when it listens on this machine.",
)
@click.option("--metrics-url", help="The server's /metrics page, to sample them instead.")
@click.option("--master", is_flag=True, help="Direct workers instead of making requests.")
@click.option(
    "--expect-workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="With --master: wait for so many workers.",
)
@click.option("--worker", is_flag=True, help="Make requests for a master.")
@click.option(
    "--master-host",
    default="127.0.0.1",
    show_default=True,
    help="Where the master is; with --master, the address to listen on.",
)
@click.option("--master-port", type=click.IntRange(1, 65535), default=5557, show_default=True)
def load(url: str, name: str, **options: Any) -> NoReturn:
    """Put the server at URL under load, check every answer, and judge the figures by gates.

    \b
    Examples:
      verikit load --list
      verikit load http://127.0.0.1:3000 --profile stress --html report.html
      verikit load http://127.0.0.1:3000 --profile soak --rate 6

    Exit status: 0 all gates kept, 1 a gate broken, 2 wrong use, 3 incomplete or unreachable.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = _load(url, name, options)
    except WrongUse as error:
        _stop(str(error), WRONG_USE)
    except Incomplete as error:
        _stop(str(error), INCOMPLETE)
    except KeyboardInterrupt:
        _stop("interrupted before anything was measured", INCOMPLETE)
    # Locust's greenlets would hold up an orderly exit; everything is written by now.
    sys.stdout.flush()
    os._exit(status)


def _load(url: str, name: str, options: dict[str, Any]) -> int:
    if options["worker"]:
        if options["master"]:
            raise WrongUse("--master and --worker exclude each other")
        from loadtests.run import work

        work(options["master_host"], options["master_port"], url)
        return 0
    profile = adjusted(load_profile(name), options)
    from loadtests.run import Target, Workers, run_load

    before = _earlier(options["other"])
    target = Target(url=url, pid=options["pid"], metrics_url=options["metrics_url"])
    workers = Workers(
        count=options["expect_workers"],
        host=options["master_host"],
        port=options["master_port"],
        wait_seconds=60,
    )
    outcome = run_load(target, profile, workers if options["master"] else None, _Progress())
    _publish(outcome, before, options)
    return outcome.exit_code


def adjusted(profile: Profile, options: dict[str, Any]) -> Profile:
    """The profile with what the command line says instead.

    Raises:
        WrongUse: an option does not apply to the profile or makes no sense.
    """
    changes: dict[str, Any] = {}
    if options["rate"] is not None:
        if not profile.is_open:
            raise WrongUse(f"profile {profile.name} has no rate: use --users")
        factor = options["rate"] / profile.stages[0].level
        changes["stages"] = tuple(stage.scaled(factor) for stage in profile.stages)
    if options["users"] is not None:
        if profile.is_open or profile.search:
            changes["in_flight"] = options["users"]
        else:
            factor = options["users"] / profile.stages[0].level
            changes["stages"] = tuple(stage.scaled(factor) for stage in profile.stages)
    profile = dataclasses.replace(profile, **changes)
    if options["duration"] is not None:
        profile = _lasting(profile, options["duration"])
    if options["warm_up"] is not None:
        profile = dataclasses.replace(profile, warm_up=options["warm_up"])
    return dataclasses.replace(profile, gates={**profile.gates, **_gates(options["gates"])})


def _lasting(profile: Profile, seconds: float) -> Profile:
    if profile.search:
        return dataclasses.replace(
            profile, search=dataclasses.replace(profile.search, seconds=seconds)
        )
    factor = seconds / profile.seconds
    stages = (
        dataclasses.replace(stage, seconds=stage.seconds * factor) for stage in profile.stages
    )
    return dataclasses.replace(profile, stages=tuple(stages))


def _gates(settings: tuple[str, ...]) -> dict[str, float]:
    gates = {}
    for setting in settings:
        name, _, limit = setting.partition("=")
        try:
            gates[name] = float(limit)
        except ValueError as error:
            raise WrongUse(f"--gate {setting}: write NAME=LIMIT, as in p95_ms=500") from error
    return gates


def _earlier(path: Path | None) -> Run | None:
    from loadtests.compare import read_run

    return read_run(path) if path else None


def _publish(outcome: Outcome, before: Run | None, options: dict[str, Any]) -> None:
    from loadtests.compare import Run, compare
    from loadtests.report import write_html
    from loadtests.text import summary

    now = Run(slots=outcome.ledger.measured, slot_seconds=outcome.ledger.slot_seconds)
    changes = compare(before, now) if before and outcome.measures.requests else []
    html, to_standard_output = options["html"], options["json_path"] == "-"
    click.echo(summary(outcome, changes), err=to_standard_output)
    report = {
        **outcome.plain(),
        "changes": [dataclasses.asdict(change) for change in changes],
    }
    if html:
        write_html(html, outcome, changes)
    json_path = options["json_path"] or (html and html.with_suffix(".json"))
    if json_path:
        with click.open_file(str(json_path), "w", encoding="utf-8") as file:
            json.dump(report, file)


def _stop(message: str, status: int) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.stderr.flush()
    os._exit(status)


class _Progress:
    """Shows how a run goes on: one line that is rewritten, or a line now and then in a log."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._calls = 0

    def __call__(self, ledger: Ledger) -> None:
        from loadtests.text import progress

        self._calls += 1
        if self._terminal:
            click.echo(f"\r\033[K{progress(ledger)}", nl=False, err=True)
        elif self._calls % 10 == 1:
            click.echo(progress(ledger), err=True)
