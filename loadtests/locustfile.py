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

from loadtests.control.answer_log import REPEATED_ID, AnswerLog, Consistency
from loadtests.control.outcome import judge_run
from loadtests.control.server_monitor import ServerMonitor, find_probe
from loadtests.generator.reporting import Generator
from loadtests.generator.users import Client
from loadtests.profile import Profile, Stage, load_profile
from loadtests.report.html import write_html
from loadtests.report.text import summary

__all__ = ["Client"]
_DAY = 24 * 3600.0
_WINDOW_SECONDS = 1


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
    generator.prepare(_profile(environment), _WINDOW_SECONDS)

    def start(**_: Any) -> None:
        generator.start(_profile(environment), _WINDOW_SECONDS)

    environment.events.test_start.add_listener(start)


def _judge(environment: Environment) -> None:
    runner: Any = environment.runner
    monitor = ServerMonitor(find_probe(environment.host or "", None, None))
    logs: list[tuple[AnswerLog, float]] = []

    def start(**_: Any) -> None:
        log = AnswerLog(_profile(environment), Consistency(), window_seconds=_WINDOW_SECONDS)
        logs[:] = [(log, monitor.clock())]

    def absorb(environment: Environment, msg: Any) -> None:
        if logs:
            repeated = logs[0][0].absorb(msg.data["node"], msg.data["report"])
            for _ in range(repeated):
                runner.stats.log_error("POST", REPEATED_ID, REPEATED_ID)

    def judge(**_: Any) -> None:
        if isinstance(runner, MasterRunner):
            runner.quit()  # the workers' last reports come in
        monitor.stop()
        if logs:
            _publish(environment, *logs[0], monitor)

    environment.events.test_start.add_listener(start)
    runner.register_message("verikit_tally", absorb)
    environment.events.quitting.add_listener(judge)


def _publish(
    environment: Environment, log: AnswerLog, begun: float, monitor: ServerMonitor
) -> None:
    outcome = judge_run(environment.host or "", log, monitor, begun)
    click.echo(summary(outcome, []))
    options = environment.parsed_options
    if options and options.load_html:
        write_html(Path(options.load_html), outcome, [])
    environment.process_exit_code = outcome.exit_code
