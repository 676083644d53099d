"""``verikit completion``: lets a shell complete verikit's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that lets SHELL complete commands and options.

    \b
    Example:
      eval "$(verikit completion bash)"    in ~/.bashrc
      eval "$(verikit completion zsh)"     in ~/.zshrc
      verikit completion fish > ~/.config/fish/completions/verikit.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - tells the type checker
    click.echo(kind(ctx.find_root().command, {}, "verikit", "_VERIKIT_COMPLETE").source())
