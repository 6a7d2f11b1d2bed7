"""The parts of a table in the making: what is done stays done, whatever stops the work.

``<out>.parts/`` holds one Parquet file a chunk of studies, each written whole or not at all, and
``ingest.json``, which says what is being made: parts of another dataset, or made with other options, are
never mixed in.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from maple_lib.errors import MapleError

CARD = "ingest.json"


def parts_folder(out: Path) -> Path:
    """``studies.parquet`` -> ``studies.parquet.parts``."""
    return out.with_name(f"{out.name}.parts")


def open_parts(out: Path, plan: Mapping[str, Any]) -> Path:
    """The folder of parts for a plan, new or from a run that was interrupted.

    Raises:
        MapleError: if the folder holds parts of another plan, or cannot be made.
    """
    from maple_lib.data.table.writing import whole_file

    folder = parts_folder(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MapleError(folder, error.strerror or "cannot be made", "check the folder") from None
    card = json.loads(json.dumps(plan, default=str))
    if (folder / CARD).is_file():
        _compare(folder, card)
        for left in folder.glob(".*.part"):  # of a process that was killed
            left.unlink(missing_ok=True)
    elif any(folder.iterdir()):
        raise MapleError(folder, f"a folder without {CARD}, not made by an ingest", "choose another --out")
    else:
        with whole_file(folder / CARD) as part:
            part.write_text(json.dumps(card, indent=1, sort_keys=True), encoding="utf-8")
    return folder


def _compare(folder: Path, card: dict[str, Any]) -> None:
    remedy = "give the same options again to continue it, or remove that folder to start anew"
    try:
        before = dict(json.loads((folder / CARD).read_text("utf-8")))
    except (ValueError, TypeError):
        raise MapleError(folder / CARD, "damaged", "remove that folder to start anew") from None
    other = [
        f"{name} was {before.get(name)!r}, now {card.get(name)!r}"
        for name in sorted(before.keys() | card.keys())
        if before.get(name) != card.get(name)
    ]
    if other:
        raise MapleError(folder, f"holds parts of another ingest ({'; '.join(other)})", remedy)


def part_path(folder: Path, number: int) -> Path:
    """The file of one chunk."""
    return folder / f"{number:06d}.parquet"


def read_said(path: Path) -> dict[str, Any] | None:
    """What a part says of itself, or None if there is none that can be used."""
    try:
        said: dict[str, Any] = json.loads((pq.read_schema(path).metadata or {})[b"part"])
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None
    return said


def remove_parts(folder: Path) -> None:
    """Remove the folder when its table is complete."""
    shutil.rmtree(folder, ignore_errors=True)
