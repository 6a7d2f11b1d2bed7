"""The run's log: one JSON object a line, readable by any tool."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from maple_lib.training.disk import write_whole, writing

LOG = "log.jsonl"


class RunLog:
    """Appends rows to a run's log; on a resume, rows after the checkpoint are dropped first.

    Args:
        run: the run's folder.
        stage: name of the stage that begins or goes on.
        begin: its first step from here.
        silent: write nothing, as every process but the first should.
    """

    def __init__(self, run: Path, stage: str, begin: int, silent: bool = False) -> None:
        self._path = path = run / LOG
        if silent:
            self._file = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
            return
        kept = [row for row in read_log(run) if row["stage"] != stage or row["step"] < begin]
        with self._writing():
            write_whole(path, "".join(json.dumps(row) + "\n" for row in kept))
            self._file = path.open("a", encoding="utf-8")

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing writes what is left: on a full disk it fails again, and must not hide the first error.
        with suppress(OSError) if error else self._writing():
            self._file.close()

    def write(self, row: dict[str, Any]) -> None:
        """Append one row."""
        with self._writing():
            self._file.write(json.dumps(row) + "\n")

    def flush(self) -> None:
        """Bring the rows to the disk, so that log and checkpoint agree after a crash."""
        with self._writing():
            self._file.flush()

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._path, "the last checkpoint is kept")


def read_log(run: Path) -> list[dict[str, Any]]:
    """All rows of a run's log; a last line cut by a crash is left out."""
    return list(_rows(run / LOG))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return
