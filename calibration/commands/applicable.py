"""Which options of ``verikit calibrate`` do something for a source; others are refused."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import click
from click.core import ParameterSource

from calibration.sources.formats.matrices import holds_matrix
from calibration.sources.labelled import idle
from verikit.contract import load_contract
from verikit.errors import WrongUse


class Source(StrEnum):
    """What scores come from."""

    SERVER = "a server"
    SCORES = "a file of scores"
    TEMPLATES = "templates"
    RUNS = "runs that are combined"


_OF_A_SERVER = (
    *("data", "one_photo_each", "by_person", "keep_label_errors"),
    *("seed", "mated_share"),
    *("budget", "minutes", "until", "api", "degrade"),
    *("concurrency", "rate", "url", "timeout", "retries", "profile"),
    *("header_file", "ca_file", "client_certificate", "client_key", "insecure", "proxy"),
)
_OF_SCORES = ("columns", "against")
_OF_BOTH = ("claims", "lower_is_closer", "people", "groups", "impostors", "templates", "quality")
_OF_RUNS = frozenset(
    {"sources", "combine", "claims", "columns", "people", "lower_is_closer", "up_to", "tolerance",
     "confidence", "out", "json", "quiet"}
)  # fmt: skip
_OF_TEMPLATES = ("score_map", "similarities")


def source_of(named: str) -> Source:
    """What the user names.

    Raises:
        WrongUse: neither a URL nor a file.
    """
    if named.startswith(("http://", "https://")):
        return Source.SERVER
    if not Path(named).is_file():
        raise WrongUse(f"{named} is neither a URL (http://...) nor a file.")
    path = Path(named)
    templates = path.suffix.lower() == ".npz" and not holds_matrix(path)
    return Source.TEMPLATES if templates else Source.SCORES


def refuse_idle(ctx: click.Context, source: Source) -> None:
    """Refuse options of the command line that would do nothing; settings may serve several uses.

    Raises:
        WrongUse: there is such an option.
    """
    applies = _sources()
    for name in ctx.params:
        given = ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE
        idles = (
            name not in _OF_RUNS if source == Source.RUNS
            else source not in applies.get(name, {source})
        )  # fmt: skip
        if given and idles:
            raise idle(name, source)


def _sources() -> dict[str, frozenset[Source]]:
    booleans = [p.name for p in load_contract().parameters.values() if p.type == "boolean"]
    of_a_server = dict.fromkeys((*_OF_A_SERVER, *booleans), frozenset({Source.SERVER}))
    of_templates = dict.fromkeys(_OF_TEMPLATES, frozenset({Source.TEMPLATES}))
    of_scores = dict.fromkeys(_OF_SCORES, frozenset({Source.SCORES}))
    of_scores |= dict.fromkeys(_OF_BOTH, frozenset({Source.SCORES, Source.SERVER}))
    return (
        of_a_server
        | of_scores
        | of_templates
        | {"dask": frozenset({Source.SERVER, Source.TEMPLATES})}
    )
