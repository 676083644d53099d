"""For users of Locust: ``locust -f loadtests/locustfile.py --host URL``, with its web page or not.

Users, spawn rate and time are Locust's own; photos, mix of requests, warm-up and gates come from
the profile that ``--load-profile`` names. When Locust ends, the gates are judged, and decide its
exit status.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtests.clients import Client
from loadtests.generator import Generator
from loadtests.ledger import REPEATED_ID, Ledger, Shared
from loadtests.profile import Profile, Stage, load_profile
from loadtests.report import write_html
from loadtests.server_watch import ServerWatch, find_look
from loadtests.text import summary
from loadtests.verdict import settle

__all__ = ["Client"]
_DAY = 24 * 3600.0
_SLOT_SECONDS = 1


@events.init_command_line_parser.add_listener
def _add_options(parser: LocustArgumentParser) -> None:
    parser.add_argument(
        "--load-profile", default="baseline", help="Photos, mix, warm-up and gates."
    )
    parser.add_argument(
        "--load-html", default="", help="Write the report to this file.", include_in_web_ui=False
    )


@events.init.add_listener
def _begin(environment: Environment, **_: Any) -> None:
    # Imports may have taken many seconds, and Locust's timers start from the loop's last look.
    gevent.get_hub().loop.update_now()
    if not isinstance(environment.runner, MasterRunner):
        _generate(environment)
    if not isinstance(environment.runner, WorkerRunner):
        _judge(environment)


def _profile(environment: Environment) -> Profile:
    """The profile as a load without a schedule: Locust decides on users and time."""
    found = load_profile(getattr(environment.parsed_options, "load_profile", "baseline"))
    return replace(found, search=None, stages=(Stage(users=1, seconds=_DAY),), slow_clients=0)


def _generate(environment: Environment) -> None:
    generator = Generator(environment)
    generator.prepare(_profile(environment), _SLOT_SECONDS)

    def start(**_: Any) -> None:
        generator.start(_profile(environment), _SLOT_SECONDS)

    environment.events.test_start.add_listener(start)


def _judge(environment: Environment) -> None:
    runner: Any = environment.runner
    watch = ServerWatch(find_look(environment.host or "", None, None))
    ledgers: list[tuple[Ledger, float]] = []

    def start(**_: Any) -> None:
        ledger = Ledger(_profile(environment), Shared(), slot_seconds=_SLOT_SECONDS)
        ledgers[:] = [(ledger, watch.clock())]

    def absorb(environment: Environment, msg: Any) -> None:
        if ledgers:
            repeated = ledgers[0][0].absorb(msg.data["node"], msg.data["report"])
            for _ in range(repeated):
                runner.stats.log_error("POST", REPEATED_ID, REPEATED_ID)

    def judge(**_: Any) -> None:
        if isinstance(runner, MasterRunner):
            runner.quit()  # the workers' last reports come in
        watch.stop()
        if ledgers:
            _publish(environment, *ledgers[0], watch)

    environment.events.test_start.add_listener(start)
    runner.register_message("verikit_tally", absorb)
    environment.events.quitting.add_listener(judge)


def _publish(environment: Environment, ledger: Ledger, begun: float, watch: ServerWatch) -> None:
    outcome = settle(environment.host or "", ledger, watch, begun)
    click.echo(summary(outcome, []))
    options = environment.parsed_options
    if options and options.load_html:
        write_html(Path(options.load_html), outcome, [])
    environment.process_exit_code = outcome.exit_code
