"""Why studies were left out: one line of JSON each, in a file beside the table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from maple_lib.errors import MapleError


def failures_path(table: Path) -> Path:
    """``studies.parquet`` -> ``studies.failures.jsonl``."""
    return table.with_name(f"{table.stem}.failures.jsonl")


def write_failures(table: Path, failures: Sequence[MapleError]) -> None:
    """Write the file; where nothing was left out there is none."""
    from maple_lib.data.table.writing import whole_file

    path = failures_path(table)
    if not failures:
        path.unlink(missing_ok=True)
        return
    lines = (
        json.dumps({"subject": e.subject, "problem": e.problem, "remedy": e.remedy}, ensure_ascii=False)
        for e in failures
    )
    with whole_file(path) as part:
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_failures(table: Path) -> tuple[MapleError, ...]:
    """One error for each study that was left out.

    Raises:
        MapleError: if the file beside the table is damaged.
    """
    path = failures_path(table)
    if not path.is_file():
        return ()
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return tuple(MapleError(line["subject"], line["problem"], line["remedy"]) for line in lines)
    except (ValueError, KeyError, TypeError):
        raise MapleError(path, "damaged", "remove it, or make the table again") from None
