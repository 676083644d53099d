"""For users of Locust: ``locust -f loadtests/locustfile.py --host URL``, with its web page or not.

It runs what ``verikit load`` runs: ``--load-profile`` names the profile, whose stages, search and
slow clients decide on users and time. When a test ends, its gates are judged; they decide Locust's
exit status.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import WorkerRunner

from loadtests.control.run import attach
from loadtests.control.shape import LoadTest, ProfileShape
from loadtests.control.target import Target, endpoint_of
from loadtests.generator.users import Client
from loadtests.profile import load_profile
from loadtests.report.files import ReportFiles
from loadtests.report.text import summary
from verikit.contract.encryption import Secrets
from verikit.errors import VerikitError, WrongUse
from verikit.exit_codes import Exit
from verikit.transport import Access, Endpoint
from verikit.transport.headers import FILE_VARIABLE

__all__ = ["Client", "ProfileShape"]


@events.init_command_line_parser.add_listener
def _add_options(parser: LocustArgumentParser) -> None:
    parser.add_argument("--load-profile", default="smoke", help="The profile: a name or a file.")
    parser.add_argument(
        "--load-html",
        default="",
        help="Write the report to this file, and as JSON beside it.",
        include_in_web_ui=False,
    )


@events.init.add_listener
def _begin(environment: Environment, **_: Any) -> None:
    # Imports may have taken many seconds, and Locust's timers start from the loop's last look.
    gevent.get_hub().loop.update_now()
    attach(
        environment,
        lambda: _endpoint(environment),
        Secrets.of(),
        lambda: _described(environment),
    )
    if not isinstance(environment.runner, WorkerRunner):
        # A test that never began is not stopped.
        for event in (environment.events.test_stop, environment.events.quitting):
            event.add_listener(lambda **_: _publish(environment))


def _endpoint(environment: Environment) -> Endpoint:
    return endpoint_of(environment.host or "", _access())


def _access() -> Access:
    """What lets us in, from the environment: the command line is Locust's."""
    file = os.environ.get(FILE_VARIABLE)
    return Access.of(header_file=Path(file) if file else None)


def _described(environment: Environment) -> LoadTest:
    profile = load_profile(_option(environment, "load_profile"))
    return LoadTest(
        target=Target.of(environment.host or "", _access(), timeout=profile.timeout),
        profile=profile,
        show=lambda log: None,
    )


def _publish(environment: Environment) -> None:
    shape: Any = environment.shape_class
    try:
        outcome = shape.outcome()
    except VerikitError as error:
        click.echo(f"Error: {error}", err=True)
        wrong = isinstance(error, WrongUse)
        environment.process_exit_code = Exit.WRONG_USE if wrong else Exit.NO_VERDICT
        return
    if outcome:
        click.echo(summary(outcome, []))
        html = _option(environment, "load_html")
        environment.process_exit_code = outcome.exit_code
        try:
            with ReportFiles(Path(html) if html else None) as files:
                files.write(outcome, [])
        except VerikitError as error:
            click.echo(f"Error: {error}", err=True)
            environment.process_exit_code = Exit.NO_VERDICT


def _option(environment: Environment, name: str) -> str:
    return str(getattr(environment.parsed_options, name))
