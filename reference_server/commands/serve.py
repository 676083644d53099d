"""``verikit serve``."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import replace
from pathlib import Path

import click

from reference_server.app import create_app
from reference_server.commands import options as shared
from reference_server.faces.engine import load_engine
from reference_server.faces.errors import ModelError
from reference_server.faces.recognition.recogniser import Precision
from reference_server.limits import DEFAULT_LIMITS, Limits
from reference_server.monitoring.logs import LEVELS
from reference_server.process.serve import (
    CannotStart,
    KeysNotRead,
    Processes,
    bind,
    run,
    url,
)
from reference_server.settings import Settings, SettingsError, standards_of
from reference_server.verifier import Verifier
from verikit import machine, options
from verikit.contract import load_contract
from verikit.errors import WrongUse

CONTRACT = load_contract()


_HOST_NAME = re.compile(r"\w([\w-]*\w)?(\.\w([\w-]*\w)?)*\.?", re.ASCII)


def _host_names(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _is_host_name(name.removeprefix(".")):
            raise click.BadParameter(f"{name!r} is no host name: write it like faces.example.com")
    return names


def _is_host_name(name: str) -> bool:
    try:
        return bool(_HOST_NAME.fullmatch(name.encode("idna").decode()))
    except UnicodeError:  # of labels that are empty or too long
        return False


@click.command(
    cls=options.Grouped,
    groups={
        "Listening": ("host", "port", "allowed_host", "ui", "allow_default_key"),
        "Capacity": (
            *("workers", "threads", "max_concurrent", "rate_limit", "deadline", "limit_status"),
        ),
        "Face comparison": (
            *("model", "precision", "score_map", "detector", "uncalibrated", "profile"),
        ),
    },
    epilog=f"{CONTRACT.encryption.key_variable} and {CONTRACT.encryption.iv_variable} set the key "
    f"({CONTRACT.encryption.key_characters} characters) and the IV "
    f"({CONTRACT.encryption.iv_characters}) that photos are encrypted with; without them the "
    "documented defaults hold.",
)
@options.host
@click.option(
    "--allowed-host",
    multiple=True,
    metavar="NAME",
    callback=_host_names,
    help="A host name that clients use, or .NAME for it and all names below it. May be repeated. "
    "IP addresses, localhost and the name in --host are always allowed.",
)
@options.port
@click.option(
    "--workers",
    type=click.IntRange(1, machine.MOST_WORKERS),
    default=machine.workers,
    show_default="one for each core that may be used, as memory allows",
    help="Worker processes; each uses one core.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 512),
    default=128,
    show_default=True,
    help="Requests that a worker reads or answers at a time.",
)
@click.option(
    "--max-concurrent",
    type=click.IntRange(1),
    default=DEFAULT_LIMITS.concurrent,
    show_default=True,
    help="Comparisons that a worker queues; more are refused.",
)
@click.option(
    "--rate-limit",
    type=options.Number(0, min_open=True),
    help="Requests per second, over all workers; more are refused.  [default: none]",
)
@click.option(
    "--deadline",
    type=options.Number(1),
    default=DEFAULT_LIMITS.deadline,
    show_default=True,
    help="Seconds from the arrival of a request to its response; slower requests are refused.",
)
@click.option(
    "--limit-status",
    type=click.Choice(["500", "503", "429"]),
    default=str(DEFAULT_LIMITS.status),
    show_default=True,
    help="HTTP status of requests beyond a limit; the contract documents only 500.",
)
@shared.model
@shared.precision
@shared.detector
@click.option(
    "--score-map",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that `verikit fit` wrote.  [default: the model's shipped one]",
)
@click.option("--uncalibrated", is_flag=True, help="Allow a model without a fitted score.")
@click.option(
    "--profile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A profile; its photo standards replace the contract's.",
)
@click.option(
    "--log-level",
    type=click.Choice(LEVELS),
    default="info",
    show_default=True,
    help="The lowest level to log.",
)
@click.option(
    "--ui/--no-ui",
    default=True,
    show_default=True,
    help="Serve the try-it page at / and the contract at /docs.",
)
@click.option("--allow-default-key", is_flag=True, help="Allow the default key on any address.")
def serve(  # noqa: PLR0913, PLR0917 - click hands each option over as an argument
    host: str,
    allowed_host: tuple[str, ...],
    port: int,
    workers: int,
    threads: int,
    max_concurrent: int,
    rate_limit: float | None,
    deadline: float,
    limit_status: str,
    model: str,
    precision: Precision,
    detector: str,
    score_map: Path | None,
    uncalibrated: bool,
    profile: Path | None,
    log_level: str,
    ui: bool,
    allow_default_key: bool,
) -> None:
    """Start the reference server.

    \b
    Example:
      verikit serve --port 3000
      PARAM_DECRYPT_KEY=... PARAM_DECRYPT_IV=... verikit serve --host 0.0.0.0

    Exit codes: 0 stopped, 1 it cannot start, 2 wrong usage.
    """
    limits = Limits(
        concurrent=max_concurrent,
        body_bytes=_body_bytes(workers),
        rate=rate_limit,
        deadline=deadline,
        status=int(limit_status),
    )

    def settings_now() -> Settings:
        settings = _settings(options.read_secrets(), profile, limits)
        if settings.has_default_key and not allow_default_key and not _is_loopback(host):
            raise SettingsError(
                f"The default key is public: set {CONTRACT.encryption.key_variable} to "
                f"listen on {host}, or pass --allow-default-key."
            )
        return replace(settings, ui=ui, allowed_hosts=(host, *allowed_host))

    def read_keys() -> int:
        try:
            settings = settings_now()
            verifier.take_keys(settings)
        except WrongUse as error:
            raise KeysNotRead(str(error)) from None
        return settings.key_count

    settings = settings_now()
    processes = Processes(workers=workers, threads=threads, log_level=log_level)
    try:
        with bind(host, port) as listener:
            address = url(listener)
            _say(f"Loading {model} for {address} ...")
            engine = load_engine(
                model,
                precision=precision,
                uncalibrated=uncalibrated,
                detector=detector,
                score_maps=score_map,
            )
            verifier = Verifier(settings, engine)
            app = create_app(settings, verifier)
            ready = f"Ready: {CONTRACT.method} {address}{CONTRACT.path}"
            if ui:
                ready += f"\nTry it: {address}/"
            run(app, listener, processes, lambda: _say(ready), read_keys)
    except (CannotStart, ModelError) as error:
        raise click.ClickException(str(error)) from error
    except MemoryError:
        raise click.ClickException(
            "The models need more memory than this process may have: see ulimit -v."
        ) from None


def _settings(lines: options.SecretLines, profile: Path | None, limits: Limits) -> Settings:
    """What files and the environment say now."""
    standards = standards_of(profile)
    newest, *older = (
        Settings.from_environment({**os.environ, **_variables(lines, turn)}, standards, limits)
        for turn in range(max(map(len, lines.values()), default=1))
    )
    return replace(newest, previous=(older[0].key, older[0].iv)) if older else newest


def _variables(lines: options.SecretLines, turn: int) -> dict[str, str]:
    """The secrets of one line as the documented variables would hold them.

    A file that has fewer lines holds what did not change.
    """
    names = {"key": CONTRACT.encryption.key_variable, "iv": CONTRACT.encryption.iv_variable}
    return {names[name]: secrets[min(turn, len(secrets) - 1)] for name, secrets in lines.items()}


def _body_bytes(workers: int) -> int:
    """What the bodies in a worker's memory may take: half of its share, the rest is for pixels."""
    left = machine.memory() - machine.SERVER_BYTES - workers * machine.WORKER_BYTES
    least = CONTRACT.photo_standards.max_body_bytes
    return max(least, min(DEFAULT_LIMITS.body_bytes, left // workers // 2))


def _say(text: str) -> None:
    try:
        click.echo(text)
    except OSError as error:
        raise CannotStart(f"Cannot write to the standard output: {error.strerror}.") from error


def _is_loopback(host: str) -> bool:
    """Whether every address that the name stands for is this machine's own."""
    try:
        entries = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in entries)
