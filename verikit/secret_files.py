"""Reads key and IV from files, so that no settings file or command line contains them."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

import click
from click.core import ParameterSource

from verikit.contract import load_contract
from verikit.contract.values import check_secret
from verikit.errors import SecretError, WrongUse, in_words
from verikit.options import SecretLines

SCHEME = load_contract().encryption
MOST_BYTES = 4096
MOST_LINES = 2
WAIT_SECONDS = 10
FILES = {
    "key": (SCHEME.key_variable, SCHEME.key_characters),
    "iv": (SCHEME.iv_variable, SCHEME.iv_characters),
}


def read(ctx: click.Context) -> SecretLines:
    """What the files hold that stand before the documented variables, if any do; ``ctx`` is the
    context of ``verikit`` itself.

    The first line is the secret; during a rotation a second one holds the secret before it, which
    a server takes too.

    A variable that is set wins over a file, unless the file was named by a flag. It is handed on
    by :func:`verikit.options.secrets`, not put into the environment, which every child process
    would get.

    Raises:
        WrongUse: a file cannot be read, or holds more than two lines.
        SecretError: a line has not the documented length.
    """
    found: SecretLines = {}
    for name, (variable, length) in FILES.items():
        option = f"{name}_file"
        path = ctx.params.get(option)
        flag = ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE
        if path and (flag or variable not in os.environ):
            found[name] = _secrets(path, length)
    return found


def _secrets(path: Path, length: int) -> tuple[str, ...]:
    try:
        content = _content(path).rstrip(b"\r\n")
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {in_words(error)}.") from error
    lines = [line.removesuffix(b"\r") for line in content.split(b"\n")]
    if len(lines) > MOST_LINES:
        raise SecretError(
            f"{path} has {len(lines)} lines: the secret, and at most the one before it."
        )
    for line in lines:
        check_secret(str(path), line, length)
    return tuple(line.decode("ascii") for line in lines)


def _content(path: Path) -> bytes:
    """What the file holds, or what is written to it soon where it is a named pipe.

    A server reads its key again while it serves: it must not wait for ever for a writer.
    """
    content = b""
    end = time.monotonic() + WAIT_SECONDS
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
        ready = select.poll()
        ready.register(file, select.POLLIN)
        while len(content) < MOST_BYTES:
            if not ready.poll(max(0.0, end - time.monotonic()) * 1000):
                raise TimeoutError(f"nobody wrote to it for {WAIT_SECONDS} seconds")
            more = file.read(MOST_BYTES - len(content))
            if not more:
                break
            content += more
    return content
