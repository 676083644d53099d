"""``verikit load``: parses options, runs the load test, writes reports, sets the exit code."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from loadtests.profile import Profile, load_profile, profile_names
from loadtests.statistics.gates import LIMITS
from verikit.contract.encryption import Secrets
from verikit.contract.profile import profile_content
from verikit.errors import NO_ROOM, NoVerdict, WrongUse, in_words
from verikit.foreign_text import in_lines
from verikit.options import REACHING, SECRETS_HELP, Grouped, Number, access, json_file, secrets
from verikit.transport import Access

WRONG_USE, INCOMPLETE = 2, 3


@click.command(
    cls=Grouped,
    groups={
        "The test": (
            *("load_profile", "users", "rate", "duration", "warm_up", "timeout", "gate", "list"),
        ),
        "Server monitoring": ("pid", "metrics_url"),
        **REACHING,
        "Several machines": ("master", "expect_workers", "worker", "master_host", "master_port"),
        "Output": ("html", "json", "compare"),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=SECRETS_HELP,
)
@click.argument("url", required=False)
@click.option("--list", is_flag=True, help="Print all profiles, and exit.")
@click.option(
    "--load-profile",
    default="smoke",
    show_default=True,
    metavar="NAME|FILE",
    help="The load profile: a name from --list, or a file.",
)
@click.option(
    "--profile",
    metavar="FILE",
    help="A profile of the server: a file, or 'reference'. Its limits, statuses and score "
    "tolerance replace the contract's.",
)
@click.option(
    "--users",
    type=click.IntRange(1),
    help="Users of a closed profile; for an open one, the maximum number of concurrent requests.",
)
@click.option(
    "--rate",
    type=Number(0, min_open=True),
    help="Arrivals per second in the first stage of an open profile; other stages scale with it.",
)
@click.option(
    "--duration",
    type=Number(0, min_open=True),
    help="Seconds to measure; for a search, seconds per step.",
)
@click.option("--warm-up", type=Number(0), help="Seconds of warm-up that do not count.")
@click.option(
    "--timeout",
    type=Number(0, min_open=True),
    help="Seconds for a response, the first one included.  [default: the profile's]",
)
@click.option(
    "--gate", multiple=True, metavar="NAME=LIMIT", help=f"Set a gate: {', '.join(LIMITS)}."
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report as HTML, and as JSON beside it.",
)
@json_file(help="Write the report as JSON; - is standard output.")
@click.option(
    "--compare",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare with this earlier JSON report.",
)
@click.option(
    "--pid",
    type=click.IntRange(1),
    help="The server's process, for CPU and memory. Found by its port if it runs on this machine.",
)
@click.option("--metrics-url", help="The server's /metrics page, for CPU and memory.")
@click.option("--master", is_flag=True, help="Control workers instead of sending requests.")
@click.option(
    "--expect-workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="With --master: wait for this many workers.",
)
@click.option("--worker", is_flag=True, help="Send requests for a master.")
@click.option(
    "--master-host",
    default="127.0.0.1",
    show_default=True,
    help="The master's address; with --master, the address to listen on.",
)
@click.option(
    "--master-port",
    type=click.IntRange(1, 65535),
    default=5557,
    show_default=True,
    help="The master's port.",
)
@access
def load(url: str | None, access: Access, **options: Any) -> None:
    """Put the server at URL under load, check every response, and judge the result by gates.

    \b
    Examples:
      verikit load --list
      verikit load http://127.0.0.1:3000 --load-profile stress --html report.html
      verikit load http://127.0.0.1:3000 --load-profile soak --rate 6

    Exit codes: 0 all gates hold, 1 a gate is broken, 2 wrong usage, 3 incomplete or unreachable.
    """
    if options["list"]:
        _list(in_json=options["json"] is not None)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = _load(url, access, options)
    except WrongUse as error:
        _stop(str(error), WRONG_USE)
    except NoVerdict as error:
        _stop(str(error), INCOMPLETE)
    except OSError as error:
        if error.errno in NO_ROOM:
            _stop(f"{in_words(error)}: free some, then run it again", INCOMPLETE)
        if error.filename is None:
            raise
        _stop(f"{os.fsdecode(error.filename)}: {in_words(error)}", WRONG_USE)
    except KeyboardInterrupt:
        _stop("interrupted before anything was measured", INCOMPLETE)
    # Locust's greenlets would hold up an orderly exit; everything is written by now.
    sys.stdout.flush()
    os._exit(status)


def _load(url: str | None, access: Access, options: dict[str, Any]) -> int:
    if url is None:
        raise WrongUse("give the server's URL, for example: verikit load http://127.0.0.1:3000")
    if options["master"] and options["worker"]:
        raise WrongUse("--master and --worker exclude each other")
    own_secrets = Secrets.of(**secrets())
    # Locust patches the whole process when it is imported: not before it is needed.
    if options["worker"]:
        from loadtests.control.run import run_worker  # noqa: PLC0415
        from loadtests.control.target import endpoint_of  # noqa: PLC0415

        endpoint = endpoint_of(url, access)
        run_worker(options["master_host"], options["master_port"], endpoint, own_secrets)
        return 0
    server = profile_of_server(options["profile"])
    profile = adjusted(load_profile(options["load_profile"], server), options)
    from loadtests.command import carry_out  # noqa: PLC0415

    return carry_out(url, profile, access, own_secrets, options)


def profile_of_server(name: str | None) -> Mapping[str, Any]:
    """The server's profile (``--profile``) as plain values.

    Raises:
        WrongUse: it cannot be read, or names a load profile.
    """
    if name in profile_names():
        raise WrongUse(f"{name} is a load profile: name it by --load-profile")
    return profile_content(name)


def _list(*, in_json: bool) -> None:
    profiles = {name: load_profile(name).about for name in profile_names()}
    if in_json:
        click.echo(json.dumps([{"name": n, "about": about} for n, about in profiles.items()]))
    else:
        click.echo("\n".join(f"{name:14} {about}" for name, about in profiles.items()))


def adjusted(profile: Profile, options: dict[str, Any]) -> Profile:
    """The profile with the command line's options in place of its own.

    Raises:
        WrongUse: an option does not apply to the profile or makes no sense.
    """
    changes: dict[str, Any] = {}
    if options["timeout"] is not None:
        changes["timeout"] = options["timeout"]
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
    return dataclasses.replace(profile, gates={**profile.gates, **_gates(options["gate"])})


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
            raise WrongUse(f"--gate {setting}: write NAME=LIMIT, for example p95_ms=500") from error
    return gates


def _stop(message: str, status: int) -> NoReturn:
    click.echo(f"Error: {in_lines(message)}", err=True)
    sys.stderr.flush()
    os._exit(status)
