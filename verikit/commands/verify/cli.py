"""``verikit verify``: compares two photos, and explains the score."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from verikit import options
from verikit.client import (
    AbnormalAnswer,
    Client,
    ClientError,
    InvalidArgument,
    Unreachable,
    Verification,
    VerificationRefused,
    threshold_for,
)
from verikit.client.answers import RECOMMENDED_RATE
from verikit.commands.verify.kept_answers import Answers
from verikit.commands.verify.pairs import Summary, ask, read_pairs
from verikit.errors import OTHER_KEY
from verikit.exit_codes import Exit
from verikit.foreign_text import shown
from verikit.plural import counted
from verikit.transport import Access


class Rate(click.ParamType[float]):
    """A false match rate, written like 1/10,000 or 0.0001."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The rate as a number, within the documented table."""
        try:
            rate = float(Fraction(str(value).replace(",", "")))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is not a rate: write it like 1/10,000 or 0.0001.", param, ctx)
        try:
            threshold_for(rate)
        except ValueError as error:
            self.fail(f"{error} --at is a rate like 1/100,000, not a score.", param, ctx)
        return rate


def one_in(rate: float) -> str:
    """A rate in words.

    >>> one_in(0.0001)
    '1 in 10,000'
    """
    return f"1 in {1 / rate:,.0f}"


@click.command(epilog=options.SECRETS_HELP)
@click.argument("first", type=options.PHOTO)
@click.argument("second", type=options.PHOTO, required=False)
@options.url
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare the pairs of the list FIRST, and write the scores to this .csv or .parquet file.",
)
@click.option(
    "--photos",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder with the photos of the list.  [default: the list's folder]",
)
@click.option(
    "--at",
    "at",
    type=Rate(),
    default=RECOMMENDED_RATE,
    show_default=False,
    metavar="RATE",
    help="The false match rate to accept, like 1/100,000; not a score.  "
    f"[default: {one_in(RECOMMENDED_RATE)}]",
)
@options.timeout
@click.option("--json", is_flag=True, help="Print JSON.")
@options.switches
@options.access
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    first: Path,
    second: Path | None,
    at: float,
    access: Access,
    **given: Any,
) -> None:
    """Ask a server whether the photos FIRST and SECOND show the same person.

    With --out, FIRST is a list of pairs: a CSV file with the columns first and second. Other
    columns are kept. `verikit calibrate` reads the output. The same command resumes after Ctrl-C.

    \b
    Examples:
      verikit verify passport.jpg selfie.jpg
      verikit verify passport.jpg selfie.jpg --url https://faces.example --at 1/100,000 --json
      verikit verify pairs.csv --out scores.parquet

    Exit codes: 0 match, 1 no match, 2 wrong usage, 3 the server refused or did not respond. For a
    list: 0 every pair has a response, and at least one a score; 3 otherwise.
    """
    switches = {switch.name: given[switch.name] for switch in options.SWITCHES}
    if given["out"]:
        if second or ctx.get_parameter_source("at") is not ParameterSource.DEFAULT:
            raise click.UsageError(
                "--out writes the scores of a list: no SECOND photo and no --at."
            )
        _verify_list(ctx, first, access, switches, given)
        return
    if second is None:
        raise click.UsageError("Give a second photo, or --out FILE for a list of pairs.")
    tell = _as_json if given["json"] else _as_text
    try:
        with Client(
            given["url"], timeout=given["timeout"], access=access, **options.secrets()
        ) as client:
            answer = client.verify(first, second, **switches)
    except (AbnormalAnswer, Unreachable) as error:
        click.echo(tell(error, at, (first, second)), err=not given["json"])
        ctx.exit(Exit.NO_VERDICT)
    click.echo(tell(answer, at, (first, second)))
    ctx.exit(Exit.PASSED if answer.matches(at_rate=at) else Exit.FAILED)


def _verify_list(
    ctx: click.Context, path: Path, access: Access, switches: dict[str, bool], given: dict[str, Any]
) -> None:
    out = given["out"]
    listed = read_pairs(path, given["photos"])
    with Client(
        given["url"], timeout=given["timeout"], access=access, **options.secrets()
    ) as client:
        asked = {"list": listed.digest, "url": client.url, **switches}
        with closing(Answers(out, asked)) as answers:
            found = ask(client, listed, answers, switches)
    if given["json"]:
        place = None if found.open else str(out)
        click.echo(json.dumps({"out": place, **asdict(found)}))
    else:
        for line in _summary(found, out, answers.part):
            click.echo(line)
    ctx.exit(Exit.PASSED if found.scored and not found.open else Exit.NO_VERDICT)


def _summary(found: Summary, out: Path, part: Path) -> Iterator[str]:
    codes = {code.code: code.message for code in options.CONTRACT.codes.values()}
    yield f"{counted(found.scored, 'pair')} with a score"
    for code, number in found.refused.items():
        yield f"{number:,} refused with {code} ({codes.get(code, 'no documented code')})"
    if found.open:
        yield f"{found.open:,} without a response; the others are kept in {part}: run it again"
    else:
        yield f"Scores: {out}"


def _as_text(result: Verification | ClientError, at: float, photos: tuple[Path, Path]) -> str:
    return _words(result, at) if isinstance(result, Verification) else _trouble(result, photos)


def _words(answer: Verification, at: float) -> str:
    verdict = "Match" if answer.matches(at_rate=at) else "No match"
    asked = f"at a false match rate of {one_in(at)}, which is a score of"
    lines = [
        f"{verdict} {asked} {threshold_for(at):.3g} or more.",
        f"score    {answer.score:.4g}",
        f"meaning  {_meaning(answer)}",
        f"request  {shown(answer.request_id)}",
    ]
    return "\n".join(lines)


def _meaning(answer: Verification) -> str:
    if answer.row is None:
        return f"below {options.CONTRACT.error_rates.thresholds[0]:g}, the table's lowest score"
    threshold, rate = answer.row
    return f"of pairs of different people {one_in(rate)} score {threshold:g} or more, as documented"


def _trouble(error: ClientError, photos: tuple[Path, Path]) -> str:
    text = str(error)
    if not isinstance(error, VerificationRefused):
        return f"No verdict: {text}"
    named = dict(zip(("first", "second"), photos, strict=True))
    photo = f"{named[error.photo]}: " if error.photo else ""
    refused = f"Refused: {photo}{error.system_code.description}\nThe server says: {text}"
    return f"{refused}\n{OTHER_KEY}" if isinstance(error, InvalidArgument) else refused


def _as_json(result: Verification | ClientError, at: float, _: tuple[Path, Path]) -> str:
    asked = {"at_rate": at, "threshold": threshold_for(at)}
    if isinstance(result, Verification):
        row = result.row._asdict() if result.row else None
        match = result.matches(at_rate=at)
        return json.dumps({"match": match, **asked, **asdict(result), "row": row})
    names = ("status", "code", "name", "message", "photo", "request_id")
    error = {name: getattr(result, name) for name in names if hasattr(result, name)}
    for name in ("message", "request_id"):
        if error.get(name):
            error[name] = shown(error[name])
    kind = type(result).__name__
    return json.dumps(
        {"match": None, **asked, "error": {"kind": kind, "text": str(result), **error}}
    )
