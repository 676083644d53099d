"""The ``verikit`` command: imports only the part that a subcommand needs."""

from __future__ import annotations

import difflib
import importlib
import os
import sqlite3
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from errno import ENOSPC
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from verikit import options, secret_files, settings
from verikit.errors import NO_ROOM, NoVerdict, WrongUse, in_words
from verikit.exit_codes import Exit, epilog
from verikit.foreign_text import in_lines


@dataclass(frozen=True)
class Part:
    """A subcommand: its location, the extra with its libraries, and a line of help.

    Without an extra, the base installation is enough.
    """

    target: str
    extra: str | None
    help: str


PARTS = {
    "demo": Part(
        "verikit.commands.demo:demo",
        "conformance,server",
        "Start the reference server and check it.",
    ),
    "serve": Part("reference_server.commands.serve:serve", "server", "Start the reference server."),
    "check": Part(
        "conformance.commands.check:check", "conformance", "Check a server against the contract."
    ),
    "profile": Part(
        "conformance.commands.profile:profile",
        "conformance",
        "Measure a server's limits and write its profile.",
    ),
    "mock": Part(
        "conformance.commands.mock:mock", "conformance", "Start a small server without face models."
    ),
    "calibrate": Part(
        "calibration.commands.calibrate:calibrate",
        "calibration",
        "Test a server's error rates with labelled pairs.",
    ),
    "plan": Part(
        "calibration.commands.plan:plan",
        "calibration",
        "Show what your people and photos can decide.",
    ),
    "threshold": Part(
        "calibration.commands.threshold:threshold",
        "calibration",
        "Find the threshold for a false match rate.",
    ),
    "datasets": Part(
        "calibration.commands.datasets:datasets",
        "calibration",
        "List, download and check data sets.",
    ),
    "load": Part("loadtests.cli:load", "load", "Load-test a server."),
    "reports": Part(
        "verikit.commands.reports.cli:reports",
        "conformance",
        "Write an index of the runs in a folder.",
    ),
    "inspect": Part(
        "reference_server.commands.inspect:inspect",
        "server",
        "Show what the server detects in a photo.",
    ),
    "fit": Part(
        "reference_server.commands.fit:fit",
        "fit",
        "Fit a model's score to labelled templates.",
    ),
    "templates": Part(
        "verikit.commands.templates:templates",
        "calibration,server",
        "Extract templates of labelled people.",
    ),
    "samples": Part("verikit.commands.samples:samples", "conformance", "Write sample photos."),
    "encrypt": Part("verikit.commands.encrypt:encrypt", "client", "Encrypt photos for a request."),
    "verify": Part("verikit.commands.verify.cli:verify", "client", "Compare photos."),
    "doctor": Part(
        "verikit.commands.doctor.cli:doctor", None, "Find problems of verikit on this machine."
    ),
    "completion": Part(
        "verikit.commands.completion:completion", None, "Print a shell completion script."
    ),
}


SQLITE_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


class _Parts(click.Group):
    """A group that imports a subcommand only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        part = PARTS.get(cmd_name)
        try:
            return _load(cmd_name, part) if part else None
        except click.UsageError:
            if ctx.resilient_parsing:  # shell completion needs names, not reasons
                return None
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand, with its defaults from the settings file."""
        near = difflib.get_close_matches(args[0], PARTS, 1)
        if near and args[0] not in PARTS:
            ctx.fail(f"No such command {args[0]!r}: did you mean {near[0]}?")
        name, command, rest = super().resolve_command(ctx, args)
        if name and command and name in (ctx.obj or {}):
            place = f"{ctx.params['config']}: {name}"
            own = settings.defaults(command, ctx.obj[name], place)
            ctx.default_map = {**(ctx.default_map or {}), name: own}
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run, and turn an error that prevents a verdict into a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # click would end it with the exit code of a failed server
            click.echo("\nInterrupted.", err=True)
            ctx.exit(Exit.NO_VERDICT)
        except EOFError as error:  # click would take it for a prompt that nobody answers
            raise RuntimeError("a file ended too soon") from error
        except BrokenPipeError:  # who read the output has gone: the same
            ctx.exit(Exit.NO_VERDICT)
        except click.ClickException as error:
            vars(error)["message"] = in_lines(error.message)  # click declares it final
            if isinstance(error, click.FileError):  # click would exit as for a failed server
                vars(error)["exit_code"] = Exit.WRONG_USE
            raise
        except WrongUse as error:
            raise click.UsageError(_sentence(error)) from error
        except NoVerdict as error:
            _say_error(_sentence(error))
            ctx.exit(Exit.NO_VERDICT)
        except OSError as error:
            if error.filename is None or error.errno in NO_ROOM:
                raise
            name = os.fsdecode(error.filename)
            raise click.UsageError(_sentence(f"{name}: {in_words(error)}")) from error

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; a bug in verikit gets its own exit code, never that of a failed server."""
        try:
            return super().main(*args, **kwargs)
        except SystemExit as error:
            # rich ends as for a failed server, too.
            if any(isinstance(cause, BrokenPipeError) for cause in _causes(error)):
                sys.exit(Exit.NO_VERDICT)
            raise
        except Exception as error:
            if full := next(filter(None, map(_no_room, _causes(error))), None):
                _say_error(f"{full}: free some space, then run it again.")
                sys.exit(Exit.NO_VERDICT)
            traceback.print_exc()
            sys.exit(Exit.BROKEN)
        finally:
            _forget_unwritten()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, part.help) for name, part in PARTS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names and options; click's own method would import every part."""
        parts = [CompletionItem(name, help=part.help) for name, part in PARTS.items()]
        named = [item for item in parts if item.value.startswith(incomplete)]
        return named + click.Command.shell_complete(self, ctx, incomplete)


def _say_error(text: str) -> None:
    click.echo(f"Error: {text}", err=True)


def _sentence(error: Exception | str) -> str:
    text = in_lines(str(error))
    told = text.endswith((".", "!", "?", "`")) or text.splitlines()[-1].startswith(" ")  # a row
    return text if told else f"{text}."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _no_room(error: BaseException) -> str | None:
    """What is full, if that is the error."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return error.strerror or os.strerror(error.errno)
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        return os.strerror(ENOSPC) if code & 0xFF in SQLITE_NO_ROOM else None
    return None


def _forget_unwritten() -> None:
    """Discard output that cannot be written; otherwise Python would exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _load(name: str, part: Part) -> click.Command:
    module, _, attribute = part.target.partition(":")
    try:
        command = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        _refuse(name, part, error)
    assert isinstance(command, click.Command)  # noqa: S101 - tells the type checker
    return command


def _refuse(name: str, part: Part, error: ModuleNotFoundError) -> NoReturn:
    wanted = f".[{part.extra}]" if part.extra else "."
    raise click.UsageError(
        f"`verikit {name}` needs {error.name}, which is not installed; "
        f"in verikit's folder, run: pip install '{wanted}'"
    ) from error


def _read_settings(ctx: click.Context, _: click.Parameter, path: Path) -> Path:
    """Read the settings file before the other options; the default file may be missing."""
    if ctx.resilient_parsing or (path == settings.FILE and not path.exists()):
        return path
    content = settings.read(path)
    ctx.default_map = settings.defaults(ctx.command, content, str(path), others=PARTS)
    ctx.obj = content
    return path


_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(
    cls=_Parts,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "VERIKIT",
    },
    epilog=epilog(),
)
@click.version_option(package_name="verikit")
@click.option(
    "--config",
    type=_FILE,
    default=settings.FILE,
    show_default=True,
    is_eager=True,
    callback=_read_settings,
    help="A settings file. Environment variables (VERIKIT_CHECK_PROFILE=...) override it, and "
    "flags override both.",
)
@click.option(
    "--key-file",
    type=_FILE,
    help="Read the key from this file; during a rotation its second line holds the previous one.",
)
@click.option("--iv-file", type=_FILE, help="Read the IV from this file, likewise.")
@click.pass_context
def main(ctx: click.Context, /, **_: Path) -> None:
    """Check whether a face-verification server keeps its documented contract.

    \b
    Example:
      verikit serve                        start the reference server
      verikit check http://127.0.0.1:3000  check it, or any other server
      verikit check --help                 describe a command, with examples
    """
    ctx.meta[options.READ_SECRETS] = read = partial(secret_files.read, ctx)
    ctx.meta[options.SECRETS] = read()
