"""``maple checkpoints``: train every method, and put the models into one folder that can be shared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maple_lib.cli.settings import read_setting

_LIMIT = 12e6  # bytes that a shipped checkpoint should not exceed


def checkpoints(
    out: Annotated[Path, typer.Option(help="Folder to write; other checkpoints in it stay.")] = Path(
        "data_samples/checkpoints"
    ),
    methods: Annotated[str, typer.Option(help="Names with commas between; every method if none.")] = "",
    preset: Annotated[str, typer.Option(help="tiny, laptop, gpu or cluster.")] = "laptop",
    half: Annotated[bool, typer.Option("--half", help="Store matrices in half precision.")] = False,
    runs: Annotated[Path, typer.Option(help="Folder of the runs; a run cut off goes on.")] = Path(
        "runs/checkpoints"
    ),
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Any field as name=value; may be repeated.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
) -> None:
    """Make the checkpoints of data_samples/checkpoints: train methods, copy their models, write the card."""
    from maple_lib.training.shipped import Order, make_checkpoints

    order = Order(preset, half, tuple(read_setting(text) for text in settings or []))
    chosen = [name.strip() for name in methods.split(",") if name.strip()]
    for folder in make_checkpoints(out, chosen, order, runs, progress=not quiet):
        size = sum(path.stat().st_size for path in folder.iterdir())
        typer.echo(f"{folder}: {size / 1e6:.1f} MB{_too_large(size, half)}")


def _too_large(size: int, half: bool) -> str:
    if size <= _LIMIT:
        return ""
    remedy = "choose a smaller preset" if half else "--half stores half of it"
    return f", more than {_LIMIT / 1e6:.0f} MB: {remedy}"
