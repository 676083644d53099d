"""``verikit encrypt``: encrypts photos for the API."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from verikit import options
from verikit.client.errors import PHOTOS
from verikit.client.form import form
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets, url_encoded
from verikit.errors import WrongUse
from verikit.transport import Address

CONTRACT = load_contract()


@click.command(epilog=options.SECRETS_HELP)
@click.argument("photos", type=options.PHOTO, nargs=-1, required=True)
@click.option("--urlencoded", is_flag=True, help="Percent-encode + / = for a URL-encoded body.")
@click.option("--curl", is_flag=True, help="Print a complete curl command for two photos.")
@click.option("--json", is_flag=True, help="Print JSON.")
@click.option("--out", type=click.File("w"), default="-", help="Write to this file.")
@options.url
@options.switches
def encrypt(photos: Sequence[Path], out: TextIO, **given: Any) -> None:
    """Encrypt PHOTOS and print them as Base64, one per line.

    \b
    Examples:
      verikit encrypt photo.jpg
      verikit encrypt --curl --auto-rotate first.jpg second.jpg > request.sh
      sh request.sh
    """
    secrets = Secrets.of(**options.secrets())
    text = _curl(photos, secrets, given) if given["curl"] else _values(photos, secrets, given)
    click.echo(text, file=out)


def _values(photos: Sequence[Path], secrets: Secrets, given: dict[str, Any]) -> str:
    sealed = [secrets.encrypt_to_base64(photo.read_bytes()) for photo in photos]
    values = [(url_encoded(one) if given["urlencoded"] else one).decode() for one in sealed]
    if not given["json"]:
        return "\n".join(values)
    pairs = zip(photos, values, strict=True)
    return json.dumps([{"photo": str(photo), "encrypted": value} for photo, value in pairs])


def _curl(photos: Sequence[Path], secrets: Secrets, given: dict[str, Any]) -> str:
    """A command whose photos stand in a here-document: on a command line they would not fit."""
    if len(photos) != len(PHOTOS) or given["json"] or given["urlencoded"]:
        raise WrongUse("--curl needs two photos, and excludes --json and --urlencoded.")
    switches = {switch.name: given[switch.name] for switch in options.SWITCHES}
    body = form(photos[0], photos[1], switches, secrets).decode()
    url = shlex.quote(Address.of(given["url"]).url + CONTRACT.path)
    return f"curl -sS -w '\\n' -X {CONTRACT.method} {url} -d @- <<'END'\n{body}\nEND"
