"""One run of a board: train, measure the cost, score; what is done already is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maple_lib.data.table.writing import whole_file
from maple_lib.errors import MapleError
from maple_lib.evaluation.card import scorecard, scorecard_protocols
from maple_lib.leaderboard import held_out as kept
from maple_lib.leaderboard.changes import ChangedStudies
from maple_lib.leaderboard.cost import CostWatch, read_cost
from maple_lib.leaderboard.entry import Entry
from maple_lib.leaderboard.held_out import HeldOut
from maple_lib.methods.base import Method
from maple_lib.training import TrainConfig, train
from maple_lib.training.run import training_studies

SCORES, ENTRY = "scores.json", "entry.json"
Rows = list[dict[str, Any]]


def run_once(entry: Entry, config: TrainConfig, phantoms: HeldOut, progress: bool = True) -> Rows:
    """Train an entry with one seed and score it, or read what an earlier call did.

    Returns:
        A row per measure.

    Raises:
        MapleError: if the folder holds a run of something else, or training or scoring cannot be done.
    """
    folder = Path(config.out)
    asked = _asked(config, phantoms)
    rows = _read(folder / SCORES, asked)
    if rows is None:
        studies, lesions = phantoms.scored(config), phantoms.lesions(config)
        method = _train(entry, config, progress)
        card = scorecard(method, studies, lesions)
        facts: dict[str, Any] = {"entry": entry.name, "method": entry.method, "seed": config.seed}
        facts |= asdict(read_cost(folder)) | {"parameters": _parameters(method)}
        rows = [{**facts, **{str(k): v for k, v in row.items()}} for row in card.table.to_dict("records")]
        written = {"asked": asked, "rows": rows, "missing": dict(card.missing)}
        with whole_file(folder / SCORES) as scratch:
            scratch.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return rows


def _train(entry: Entry, config: TrainConfig, progress: bool) -> Method:
    folder = Path(config.out)
    _claim(folder / ENTRY, entry)
    studies = watched = None
    if entry.change:
        own, watched = training_studies(config)
        studies = ChangedStudies(own, entry.change)
    with CostWatch(folder) as watch:
        return train(config, studies, watched, progress=progress, watch=watch)


def _claim(path: Path, entry: Entry) -> None:
    """The configuration does not say how the studies were changed; a folder is of one change only."""
    text = json.dumps({"name": entry.name, "method": entry.method, "change": repr(entry.change)}) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise MapleError(
            path, f"holds another entry than {entry.name!r}", "give another folder for the board"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _asked(config: TrainConfig, phantoms: HeldOut) -> dict[str, Any]:
    """What the scores depend on besides the trained weights; the weights on the configuration."""
    scored = {"studies": phantoms.studies, "seed": kept.SEED, "difficulty": kept.DIFFICULTY}
    values = {
        name: value for name, value in config.to_dict().items() if name not in ("workers", "cache", "out")
    }
    asked = {"scored": scored, "protocols": scorecard_protocols(), "config": values}
    plain: dict[str, Any] = json.loads(json.dumps(asked))
    return plain


def _read(path: Path, asked: Mapping[str, Any]) -> Rows | None:
    """The rows of an earlier scoring by the same protocols; None where there is none."""
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    rows: Rows = found["rows"]
    return rows if found["asked"] == asked else None


def _parameters(method: Method) -> int:
    """How many numbers a method can learn."""
    return sum(parameter.numel() for parameter in method.parameters())
