"""``maple ingest``: an official download to one studies table, with a bar, a summary, and a way to go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from maple_lib.cli.settings import read_setting
from maple_lib.errors import MapleError

_OWN = {"name", "root", "out", "workers", "parse", "limit", "progress"}


def ingest(
    dataset: Annotated[str, typer.Argument(help="A public dataset, e.g. mimic-cxr; or folder.")],
    root: Annotated[Path, typer.Option(help="Folder of the official download.")],
    out: Annotated[Path, typer.Option(help="Table to write.")] = Path("studies.parquet"),
    limit: Annotated[int | None, typer.Option(help="Only the first so many studies.")] = None,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="An option of the reader as name=value; may be repeated."),
    ] = None,
    parse: Annotated[bool, typer.Option(help="Read the reports' statements now.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
) -> None:
    """Make one table of studies; run the same command again to go on after an interruption."""
    from maple_lib.data.table import ingest as make_table

    options = _options(settings or [])
    show = not quiet
    try:
        summary = make_table(
            dataset, root, out, workers=workers, limit=limit, parse=parse, progress=show, **options
        )
    except KeyboardInterrupt:
        typer.echo("maple: stopped; what is done is kept: run the same command again to continue", err=True)
        raise typer.Exit(130) from None
    typer.echo(json.dumps(summary.to_dict(), ensure_ascii=False) if as_json else str(summary))


def _options(settings: list[str]) -> dict[str, Any]:
    options = dict(read_setting(text) for text in settings)
    for name in _OWN & options.keys():
        raise MapleError(f"--set {name}=...", "no option of a reader", f"write --{name} instead")
    return options
