"""Train and score all entries of a board under one budget, going on where an earlier call stopped."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from maple_lib.errors import MapleError
from maple_lib.leaderboard import held_out
from maple_lib.leaderboard.board import Board, Failure
from maple_lib.leaderboard.entry import Entry, check_entries
from maple_lib.leaderboard.held_out import HeldOut
from maple_lib.leaderboard.one_run import Rows, run_once
from maple_lib.leaderboard.settings import Settings
from maple_lib.training import TrainConfig
from maple_lib.training.run import versions

TRACE = "error.txt"


def run_leaderboard(methods: Sequence[str], **settings: Any) -> Board:
    """Train and score methods under one budget: the same encoder, images and steps; seconds are measured.

    Args:
        methods: names in the registry.
        **settings: fields of ``Settings``: ``preset``, ``seeds``, ``out``, ``studies``, ``overrides``, ...

    Returns:
        The board, which is also written to ``out`` after every run.

    Raises:
        MapleError: if a method or a setting is unknown. A run that fails is on the board's ``failures``.
    """
    return run_entries([Entry(name, name) for name in methods], Settings(**settings))


def run_entries(entries: Sequence[Entry], settings: Settings) -> Board:
    """Train and score every entry with every seed; finished runs are read, stopped ones go on.

    Raises:
        MapleError: if two entries share a name, or a configuration is impossible.
    """
    check_entries(list(entries))
    plan = [(entry, settings.config(entry, seed)) for seed in settings.seeds for entry in entries]
    phantoms, facts = HeldOut(settings.studies, settings.workers), _facts(entries, settings)
    rows: Rows = []
    failures: list[Failure] = []
    for entry, config in plan:
        try:
            found = run_once(entry, config, phantoms, settings.progress)
        except Exception as error:  # whatever it is, the other runs can be made
            failures.append(Failure(entry.name, config.seed, _reason(error)))
            _keep_trace(Path(config.out))
            settings.say(f"failed: {failures[-1]}")
        else:
            rows += found
            settings.say(_told(entry, config, found))
        board = Board(pd.DataFrame(rows), facts, tuple(failures))
        board.save(settings.out)
    return board


def _facts(entries: Sequence[Entry], settings: Settings) -> dict[str, Any]:
    """What a board depends on."""
    lines = [
        {"name": e.name, "method": e.method, "overrides": dict(e.overrides), "change": repr(e.change)}
        for e in entries
    ]
    scored = {"n": settings.studies, "seed": held_out.SEED, "difficulty": held_out.DIFFICULTY}
    return {
        "command": settings.command,
        "preset": settings.preset,
        "seeds": list(settings.seeds),
        "overrides": dict(settings.overrides),
        "entries": lines,
        "held_out": scored,
        "versions": versions(),
    }


def _reason(error: Exception) -> str:
    """An error in a line: ours say what is wrong, others also need their kind."""
    text = (str(error).splitlines() or [""])[0]
    return text if isinstance(error, MapleError) else f"{type(error).__name__}: {text}"


def _keep_trace(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TRACE).write_text(traceback.format_exc(), encoding="utf-8")


def _told(entry: Entry, config: TrainConfig, rows: Rows) -> str:
    minutes = rows[0]["seconds"] / 60
    first = f"{rows[0]['measure']} {rows[0]['value']:.3f}"
    return f"{entry.name}, seed {config.seed}: {minutes:.1f} min of training, {first}"
