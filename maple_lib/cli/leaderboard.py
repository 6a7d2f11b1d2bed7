"""``maple leaderboard``: methods, or variants of one, under one budget; a table and its picture."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from maple_lib.cli.settings import read_setting

PICTURE = "board.png"


def leaderboard(
    preset: Annotated[str, typer.Option(help="Budget of every run: tiny, laptop, gpu.")] = "laptop",
    seeds: Annotated[int, typer.Option(help="Runs of each method, seeds 0, 1, ...")] = 3,
    methods: Annotated[str | None, typer.Option(help="Names, with commas between; all if none.")] = None,
    studies: Annotated[int, typer.Option(help="Held-out phantoms.")] = 500,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Any field of training as name=value; may be repeated.")
    ] = None,
    ablation: Annotated[str | None, typer.Option(help="Compare variants of a method instead.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the board and its runs.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that draw and prepare phantoms.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
) -> None:
    """Train and score methods under one budget; run the same command again to go on after a stop."""
    from maple_lib.leaderboard import Settings, run_entries

    folder = out or Path("runs") / (f"ablation-{ablation}" if ablation else "leaderboard")
    options = {"--preset": preset, "--seeds": seeds, "--methods": methods, "--studies": studies}
    entries = _entries(methods, ablation)
    board = run_entries(
        entries,
        Settings(
            preset=preset,
            seeds=tuple(range(seeds)),
            out=folder,
            studies=studies,
            overrides=dict(read_setting(text) for text in settings or []),
            workers=workers,
            command=_command(options | {"--ablation": ablation, "--out": out}, settings or []),
            progress=not quiet,
            say=lambda line: typer.echo(line, err=True),
        ),
    )
    pictures = [] if board.table.empty else _draw(board, entries, ablation, folder)
    typer.echo(json.dumps(_plain(board)) if as_json else str(board))
    for path in pictures:
        typer.echo(f"Saved {path}", err=True)
    if board.failures:
        typer.echo(
            f"maple: {len(board.failures)} runs failed; run the same command to try them again", err=True
        )
        raise typer.Exit(1)


def _entries(methods: str | None, ablation: str | None) -> Sequence[Any]:
    """What is compared: methods, or the variants of one."""
    from maple_lib.errors import MapleError
    from maple_lib.leaderboard import Entry, ablation_entries
    from maple_lib.methods import list_methods

    names = [name.strip() for name in methods.split(",")] if methods else []
    if ablation is None:
        return [Entry(name, name) for name in names or list_methods()]
    if len(names) > 1:
        raise MapleError(f"--methods {methods}", "an ablation is of one method", "name one")
    return ablation_entries(ablation, names[0] if names else None)


def _command(options: dict[str, Any], settings: Sequence[str]) -> str:
    """The command that makes this board again."""
    words = ["maple", "leaderboard"]
    for name, value in options.items():
        words += [] if value is None else [name, str(value)]
    for text in settings:
        words += ["--set", text]
    return shlex.join(words)


def _draw(board: Any, entries: Sequence[Any], ablation: str | None, folder: Path) -> list[Path]:
    from maple_lib.leaderboard import ABLATIONS
    from maple_lib.viz import ablation_figure, leaderboard_figure, save

    summary = board.summary()
    if ablation is None:
        fig = leaderboard_figure(summary)
    else:
        fig = ablation_figure({ABLATIONS[ablation].question: summary}, [entry.name for entry in entries])
    return [save(fig, folder / PICTURE), save(fig, (folder / PICTURE).with_suffix(".svg"))]


def _plain(board: Any) -> dict[str, Any]:
    """The board as JSON: NaN becomes null."""
    rows = json.loads(board.summary().to_json(orient="records"))
    failures = [{"entry": f.entry, "seed": f.seed, "reason": f.reason} for f in board.failures]
    return {**board.facts, "summary": rows, "failures": failures}
