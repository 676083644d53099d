"""The command ``verikit mock``."""

from __future__ import annotations

import click

from conformance.mock.faults import FAULTS, Fault
from conformance.mock.server import make_server
from verikit import options
from verikit.contract.encryption import Secrets
from verikit.errors import WrongUse, why_not_listening


@click.command(epilog=options.SECRETS_HELP)
@options.host
@options.port
@click.option(
    "--fault",
    type=options.Name(FAULTS),
    metavar="NAME",
    help="A fault that breaks the contract.",
)
@click.option("--list", is_flag=True, help="Print all faults, and exit.")
def mock(host: str, port: int, fault: str | None, **given: bool) -> None:
    """Start a small server that keeps the contract, without models.

    It starts at once and knows only the suite's two portraits. Use it to test clients, or with
    --fault to test whatever should detect a faulty server.

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
    try:
        server = make_server(
            host, port, chosen.judge, chosen.reply, Secrets.of(**options.secrets())
        )
    except OSError as error:
        raise WrongUse(why_not_listening(host, port, error)) from error
    with server:
        how = f"with the fault {fault}" if fault else "without a fault"
        click.echo(f"Mock {how} at http://{host}:{server.server_port}", err=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
