"""``maple``: the command line. Every command says what it needs with ``--help``."""

from __future__ import annotations

import os
import sys

import typer

from maple_lib import __version__
from maple_lib.cli import commands
from maple_lib.errors import MapleError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="MApLe Lab: anatomy-aware medical vision-language pre-training. For research and teaching only.",
)
for command in commands.ALL:
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"maple-lab {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print it."),
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line; an input that cannot be used ends with one line and exit code 2."""
    # Threads that spin for long while they wait steal time from busy ones wherever cores are shared.
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    try:
        app()
    except MapleError as error:
        typer.echo(f"maple: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("maple: stopped", err=True)
        sys.exit(130)
