"""The command ``verikit mock``."""

from __future__ import annotations

import click

from conformance.mock.faults import FAULTS, Fault
from conformance.mock.server import make_server
from verikit.contract.encryption import Secrets
from verikit.errors import WrongUse


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port", default=3000, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option(
    "--fault", type=click.Choice(list(FAULTS)), metavar="NAME", help="Break the contract there."
)
@click.option("--list", is_flag=True, help="Print the faults, then stop.")
def mock(host: str, port: int, fault: str | None, **given: bool) -> None:
    """Start a small server that keeps the contract, without models.

    It is ready at once and knows only the suite's own two portraits. Clients can be tried
    against it, and with --fault so can whatever should notice a server that is wrong.

    \b
    Examples:
      verikit mock
      verikit mock --fault second-photo-ignored
      verikit mock --list
    """
    if given["list"]:
        for name, entry in FAULTS.items():
            click.echo(f"{name:30} {entry.text}")
        return
    chosen = FAULTS[fault] if fault else Fault(text="keeps the contract")
    Secrets.of()  # A key of a wrong length would refuse every photo.
    try:
        server = make_server(host, port, chosen.judge, chosen.reply)
    except OSError as error:
        raise WrongUse(f"Nothing can listen on {host}:{port}: {error}") from error
    with server:
        how = f"with the fault {fault}" if fault else "without a fault"
        click.echo(f"Mock {how} at http://{host}:{server.server_port}", err=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
