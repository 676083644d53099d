"""Options that several commands share."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypedDict, cast

import click
from click.core import ParameterSource

from verikit.contract import load_contract
from verikit.transport import DEFAULT_URL, TIMEOUT_SECONDS, Access
from verikit.transport.headers import FILE_VARIABLE

CONTRACT = load_contract()
PHOTO = click.Path(exists=True, dir_okay=False, path_type=Path)
SECRETS_HELP = (
    f"Key and IV come from {CONTRACT.encryption.key_variable} and "
    f"{CONTRACT.encryption.iv_variable}, or from files (verikit --key-file FILE "
    "--iv-file FILE ...). Without them, the documented defaults apply."
)
SWITCHES = tuple(p for p in CONTRACT.parameters.values() if p.type == "boolean")
"""The contract's boolean parameters."""
SECRETS = "verikit.secrets"
"""The key in click's context for the contents of the key file and the IV file."""
READ_SECRETS = "verikit.read_secrets"
"""The key in click's context for the function that reads them again."""
SecretLines = dict[str, tuple[str, ...]]
"""By ``key`` and ``iv``: the secret of a file, and the previous one, if any."""

_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ACCESS = (
    click.option(
        "--header-file",
        type=_FILE,
        envvar=FILE_VARIABLE,
        help="A file of headers to send, one per line, such as Authorization: Bearer ...; "
        "variables such as VERIKIT_HEADER_AUTHORIZATION also work.",
    ),
    click.option(
        "--ca-file",
        type=_FILE,
        help="Trust the certificate authorities in this PEM file instead of the operating "
        "system's. SSL_CERT_FILE also works.",
    ),
    click.option("--client-certificate", type=_FILE, help="A PEM file with a client certificate."),
    click.option(
        "--client-key", type=_FILE, help="A PEM file with the client's key, if it is separate."
    ),
    click.option(
        "--insecure", is_flag=True, help="Do not verify the server's certificate; reports say so."
    ),
    click.option(
        "--proxy",
        metavar="URL",
        help="Connect through this proxy, http://HOST:PORT or socks5h://HOST:PORT. By default, "
        "HTTPS_PROXY and related variables apply, except for servers on this machine.",
    ),
)
_ACCESS_NAMES = (
    "header_file",
    "ca_file",
    "client_certificate",
    "client_key",
    "insecure",
    "proxy",
)


REACHING = {"Connection": ("key", "iv", *_ACCESS_NAMES)}
"""The group of ``Grouped`` with the options of ``access``."""


class Grouped(click.Command):
    """A command that lists its options by group: title -> names of parameters."""

    def __init__(self, *arguments: Any, groups: Mapping[str, Sequence[str]], **given: Any) -> None:
        super().__init__(*arguments, **given)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups in order, then the other options."""
        records = {
            str(parameter.name): record
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx))
        }
        for title, names in self.groups.items():
            with formatter.section(title):
                formatter.write_dl([records.pop(name) for name in names if name in records])
        with formatter.section("Other options"):
            formatter.write_dl(list(records.values()))


class Name(click.Choice[str]):
    """One of many names; a slip of the pen gets the one that was meant, not all of them."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """The nearest name, or where to find all."""
        near = get_close_matches(str(value), self.choices, 1)
        hint = f"did you mean {near[0]}?" if near else "--list shows them."
        return f"there is no {value!r}: {hint}"


class Count(click.IntRange):
    """A number of things; commas may divide its thousands, as they do in reports."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number without its commas."""
        if isinstance(value, str) and _THOUSANDS.fullmatch(value):
            value = value.replace(",", "")
        return super().convert(value, param, ctx)


class GivenSecrets(TypedDict, total=False):
    """Key and IV from files."""

    key: str
    iv: str


def access(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for connecting to a server; the command gets them as ``access``."""

    @wraps(command)
    def with_access(*arguments: Any, **given: Any) -> Any:
        own = {name: given.pop(name) for name in _ACCESS_NAMES}
        return command(*arguments, access=Access.of(**own), **given)

    for option in reversed(_ACCESS):
        with_access = option(with_access)
    return with_access


def secrets() -> GivenSecrets:
    """Key and IV from the command line: from flags of the command, or from files.

    :class:`~verikit.contract.encryption.Secrets` takes the rest from the documented variables.
    """
    context = click.get_current_context()
    lines: SecretLines = context.meta.get(SECRETS, {})
    found = {name: secret for name, (secret, *_) in lines.items()}
    for name in ("key", "iv"):
        flag = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if context.params.get(name) and (flag or name not in found):
            found[name] = context.params[name]
    return cast(GivenSecrets, found)


def secrets_source() -> str:
    """The sources of key and IV, in words."""
    given = secrets()
    sources = []
    for name in ("key", "iv"):
        variable = getattr(CONTRACT.encryption, f"{name}_variable")
        from_variable = f"from {variable}" if variable in os.environ else "the documented ones"
        sources.append("given" if name in given else from_variable)
    key, iv = sources
    return f"key and IV: {key}" if key == iv else f"key: {key}, IV: {iv}"


def read_secrets() -> SecretLines:
    """The current contents of the key file and the IV file.

    Raises:
        WrongUse: a file cannot be read, or contains no secret.
    """
    read: Callable[[], SecretLines] = click.get_current_context().meta.get(READ_SECRETS, dict)
    return read()


def switches(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add a flag for each boolean parameter of the contract."""
    for parameter in reversed(SWITCHES):
        flag = "--" + parameter.name.replace("_", "-")
        text = f"Send {parameter.name}=true."
        command = click.option(flag, parameter.name, is_flag=True, help=text)(command)
    return command


_MOST = 1_000_000_000


class Number(click.FloatRange):
    """A number within a range; neither an infinite one nor one that no clock can wait for."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number."""
        number = float(super().convert(value, param, ctx))
        if not abs(number) <= _MOST:  # of what is no number nothing is true
            self.fail(f"{value} is not a number up to {_MOST:,}", param, ctx)
        return number


class _JsonFile(click.Path):
    """A file, or - for stdout; not the URL that was meant to follow a bare --json."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if "://" in str(value):
            self.fail(f"{value} is not a file: put the URL first, or write --json -", param, ctx)
        return super().convert(value, param, ctx)


json_file = partial(
    click.option,
    "--json",
    is_flag=False,
    flag_value="-",
    type=_JsonFile(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
)
"""``--json`` alone prints; with a file it writes there."""
timeout = click.option(
    "--timeout",
    type=Number(0, min_open=True),
    default=TIMEOUT_SECONDS,
    show_default=True,
    help="Seconds to wait for a response.",
)
host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
port = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=CONTRACT.port,
    show_default=True,
    help="Port to listen on; 0 selects a free one.",
)
url = click.option("--url", default=DEFAULT_URL, show_default=True, help="The URL of the server.")
